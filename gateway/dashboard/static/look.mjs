// Drill-down: a mailbox or a message, in a dialog that the address names (#mailbox/…, #message/…), so that "back" closes it.

import { h, patch } from "./dom.mjs";
import { mailboxLink, messageLink, pairs, table, trace } from "./panels.mjs";
import { age, clock, count, stamp, waitsFor } from "./words.mjs";

const dialog = document.getElementById("look");
const title = document.getElementById("look-title");
const body = document.getElementById("look-body");

const ADDRESS = /^[A-Z]{2,8}(-[A-Z0-9]{2,8}){0,3}@[a-z][a-z0-9-]{1,23}$/;
const MESSAGE = /^([0-9]{1,15}|[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

let asked = 0;
let back = null;

// Returns the fragment of what somebody typed; null for what is neither an id nor a name.
export function fragmentOf(text, network) {
  const what = text.trim();
  const name = what.includes("@") ? what : `${what.toUpperCase()}@${network}`;
  if (MESSAGE.test(what.toLowerCase())) return `#message/${what.toLowerCase()}`;
  return ADDRESS.test(name) ? `#mailbox/${name}` : null;
}

export async function follow(signedOut) {
  const [, kind, what] = /^#(mailbox|message)\/(.+)$/.exec(location.hash) ?? [];
  if (!kind) {
    if (dialog.open) dialog.close();
    return;
  }
  if (!(kind === "mailbox" ? ADDRESS : MESSAGE).test(what)) return;
  const mine = ++asked;
  const content = await load(kind, what, signedOut);
  if (mine !== asked) return;
  show(kind === "mailbox" ? "Mailbox " : "Message ", content?.heading ?? what, content?.parts ?? [h("p", { class: "none" }, "The gateway has nothing under that name.")]);
}

async function load(kind, what, signedOut) {
  try {
    const answer = await fetch(`/dashboard/${kind}/${what}`);
    if (answer.status === 401) signedOut();
    if (answer.status === 404) return null;
    if (!answer.ok) return { heading: what, parts: [h("p", { class: "none" }, `The gateway answers with ${answer.status}; try again.`)] };
    const found = await answer.json();
    return kind === "mailbox" ? mailbox(found) : message(found);
  } catch {
    return { heading: what, parts: [h("p", { class: "none" }, "The gateway does not answer.")] };
  }
}

function show(kind, name, parts) {
  patch(title, kind, h("span", { class: "mono" }, name));
  patch(body, h("p", { key: "as-of", class: "muted" }, `As of ${clock(Date.now() / 1000)} UTC.`), parts);
  if (!dialog.open) {
    back = document.activeElement;
    dialog.showModal();
  }
  title.focus();
  body.scrollTop = 0;
}

function mailbox(found) {
  const now = Date.now() / 1000;
  const queued = found.waiting.filter((one) => one.state === "queued").length;
  const accepted = found.waiting.filter((one) => one.state === "accepted").length;
  const rows = found.waiting.map((one) =>
    h(
      "tr",
      { key: one.ref },
      h("th", { scope: "row" }, messageLink(one.message_id, one.ref)),
      h("td", null, h("span", { class: `tag ${one.state === "delivered" ? "well" : "plain"}` }, one.state), one.urgent && " urgent"),
      h("td", null, one.kind),
      h("td", null, one.sender),
      h("td", { class: "number" }, age(now - one.accepted_at)),
      h("td", { class: "number" }, `in ${age(one.expires - now)}`),
      h("td", { class: "number" }, count(one.attempts)),
    ),
  );
  return {
    heading: found.address,
    parts: [
      pairs([
        ["Name", found.name || "not in the directory"],
        ["Country", found.country || "–"],
        ["Standing", found.status],
        ["Roles", found.roles.join(", ") || "–"],
        ["Session", found.connected ? "open in this process" : "none in this process"],
        ["Delivery card", found.card_ends === null ? "none: it cannot be sealed to" : `ends in ${age(found.card_ends - now)}`],
        ["Now", waitsFor({ accepted, queued, connected: found.connected }, true)],
      ]),
      h("h3", { key: "waits" }, "Not answered, in order of acceptance"),
      table("Not answered", [["Delivery"], ["State"], ["Kind"], ["From"], ["Age", "number"], ["Expires", "number"], ["Attempts", "number"]], rows, "Nothing waits here."),
      found.more && h("p", { key: "more", class: "muted" }, "There is more; these are the oldest."),
    ],
  };
}

function message(found) {
  const places = found.places.map((one) =>
    h(
      "tr",
      { key: one.ref },
      h("th", { scope: "row" }, one.ref),
      h("td", null, mailboxLink(one.recipient)),
      h("td", null, h("span", { class: `tag ${one.state === "opened" || one.state === "delivered" ? "well" : one.state === "held" ? "late" : "plain"}` }, one.state)),
      h("td", null, one.reason ?? ""),
      h("td", { class: "time" }, h("time", null, stamp(one.changed_at))),
      h("td", { class: "number" }, count(one.attempts)),
    ),
  );
  const held = found.places.filter((one) => one.state === "held");
  return {
    heading: `no. ${found.number}`,
    parts: [
      pairs([
        ["Id", h("code", null, found.message_id)],
        ["Envelope", h("code", null, found.envelope_hash)],
        ["Conversation", h("code", null, found.conversation_id)],
        ["Kind", `${found.kind}, ${found.urgency}`],
        ["From", found.origin ? `${found.sender}, through the relay` : mailboxLink(found.sender)],
        ["Accepted", stamp(found.accepted_at)],
        ["Expires", stamp(found.expires)],
        ["Answer due", found.respond_by === null ? "none asked" : stamp(found.respond_by)],
      ]),
      held.map((one) => h("code", { key: `release-${one.ref}`, class: "command" }, `gateway operate release ${one.ref} --reason "..." --config CONFIG`)),
      h("h3", { key: "places" }, "Deliveries"),
      table("Deliveries", [["Delivery"], ["Recipient"], ["State"], ["Why"], ["Since", "time"], ["Attempts", "number"]], places, "It has no delivery."),
      h("h3", { key: "trace" }, "Trace"),
      trace("Trace", found.trace, "No event is kept of it."),
    ],
  };
}

dialog.addEventListener("close", () => {
  if (location.hash.startsWith("#m")) history.pushState(null, "", location.pathname);
  asked += 1;
  if (back?.isConnected) back.focus();
});
document.getElementById("look-close").addEventListener("click", () => dialog.close());
