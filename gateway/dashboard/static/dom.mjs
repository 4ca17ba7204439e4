// The page as a function of what is known: `h` describes elements, `patch` makes the document like the description.
// Nodes are kept where they can be, so focus, selection and a screen reader's place survive an update each second.
// Text becomes text nodes and nothing else; characters that act or hide are made visible first.

const SVG = "http://www.w3.org/2000/svg";
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

export function visible(text) {
  return String(text).replace(HIDDEN, (char) => `<U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

export function h(tag, attributes, ...children) {
  const kept = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  return { tag, attributes: attributes ?? {}, children: kept };
}

export function patch(parent, ...specs) {
  const wanted = specs.flat(Infinity).filter((spec) => spec !== null && spec !== undefined && spec !== false);
  const byKey = new Map([...parent.childNodes].filter((node) => node.key !== undefined).map((node) => [node.key, node]));
  let at = parent.firstChild;
  for (const spec of wanted) {
    const node = reuse(spec, at, byKey) ?? make(spec, parent);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    fill(node, spec);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function reuse(spec, at, byKey) {
  if (typeof spec !== "object") return at && at.nodeType === Node.TEXT_NODE ? at : null;
  const { key } = spec.attributes;
  const found = key === undefined ? at : byKey.get(key);
  const same = found && found.nodeType === Node.ELEMENT_NODE && found.localName === spec.tag && found.key === key;
  return same ? found : null;
}

function make(spec, parent) {
  if (typeof spec !== "object") return document.createTextNode("");
  const inSvg = spec.tag === "svg" || (parent.namespaceURI === SVG && parent.localName !== "foreignObject");
  const node = inSvg ? document.createElementNS(SVG, spec.tag) : document.createElement(spec.tag);
  node.key = spec.attributes.key;
  return node;
}

function fill(node, spec) {
  if (typeof spec !== "object") {
    const text = visible(spec);
    if (node.data !== text) node.data = text;
    return;
  }
  const named = new Set();
  for (const [name, value] of Object.entries(spec.attributes)) {
    if (name === "key") continue;
    if (name.startsWith("on")) node[name] = value;
    else if (value !== null && value !== undefined && value !== false) {
      named.add(name);
      const text = value === true ? "" : String(value);
      if (node.getAttribute(name) !== text) node.setAttribute(name, text);
    }
  }
  const keeps = node.localName === "details" || node.localName === "dialog"; // who opened them is a person
  for (const { name } of [...node.attributes]) {
    if (!named.has(name) && !(keeps && name === "open")) node.removeAttribute(name);
  }
  patch(node, spec.children);
}
