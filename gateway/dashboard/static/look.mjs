// Drill-down: a mailbox or a message, in a dialog that the address names (#mailbox/…, #message/…): "back" closes it.

import {
  cell,
  mailboxLink,
  messageLink,
  number,
  pairs,
  release,
  resume,
  right,
  row,
  table,
  tag,
  toneOf,
  trace,
} from "./cells.mjs";
import { h, patch } from "./dom.mjs";
import { age, clock, stamp, waitsFor } from "./words.mjs";

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
  const found = (await load(kind, what, signedOut)) ?? said(what, "The gateway has nothing under that name.");
  if (mine === asked) show(kind === "mailbox" ? "Mailbox " : "Message ", found.heading, found.parts);
}

async function load(kind, what, signedOut) {
  try {
    const answer = await fetch(`/dashboard/${kind}/${what}`);
    if (answer.status === 401) signedOut();
    if (answer.status === 404) return null;
    if (!answer.ok) return said(what, `The gateway answers with ${answer.status}; try again.`);
    const found = await answer.json();
    return kind === "mailbox" ? mailbox(found) : message(found);
  } catch {
    return said(what, "The gateway does not answer.");
  }
}

const said = (heading, text) => ({ heading, parts: [h("p", { key: "none", class: "none" }, text)] });

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

const WAITS = [
  ["Delivery"],
  ["State"],
  ["Kind"],
  ["From"],
  ["Age", "number"],
  ["Expires", "number"],
  ["Attempts", "number"],
];
const PLACES = [["Delivery"], ["Recipient"], ["State"], ["Why"], ["Since", "time"], ["Attempts", "number"]];

function mailbox(found) {
  const now = Date.now() / 1000;
  const inState = (state) => found.waiting.filter((one) => one.state === state).length;
  const box = { accepted: inState("accepted"), queued: inState("queued"), connected: found.connected };
  const rows = found.waiting.map((one) =>
    row(
      one.ref,
      messageLink(one.message_id, one.ref),
      cell(tag(one.state, toneOf(one.state)), one.urgent && " urgent"),
      cell(one.kind),
      cell(one.sender),
      right(age(now - one.accepted_at)),
      right(`in ${age(one.expires - now)}`),
      number(one.attempts),
    ),
  );
  return {
    heading: found.address,
    parts: [
      pairs([
        ["Name", found.name || "not in the directory"],
        ["Country", found.country || "–"],
        ["Standing", found.suspended ? `${found.status} in the directory; suspended at this gateway` : found.status],
        ["Roles", found.roles.join(", ") || "–"],
        ["Session", found.connected ? "open in this process" : "none in this process"],
        ["Delivery card", found.card_ends === null ? "none: it cannot be sealed to" : `ends in ${age(found.card_ends - now)}`],
        ["Now", waitsFor(box, true)],
      ]),
      found.suspended && resume(found.address),
      h("h3", { key: "waits" }, "Not answered, in order of acceptance"),
      table("Not answered", WAITS, rows, "Nothing waits here."),
      found.more && h("p", { key: "more", class: "muted" }, "There is more; these are the oldest."),
    ],
  };
}

function message(found) {
  const places = found.places.map((one) =>
    row(
      one.ref,
      one.ref,
      cell(mailboxLink(one.recipient)),
      cell(tag(one.state, toneOf(one.state))),
      cell(one.reason ?? ""),
      h("td", { class: "time" }, h("time", null, stamp(one.changed_at))),
      number(one.attempts),
    ),
  );
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
      found.places.filter((one) => one.state === "held").map((one) => release(one.ref)),
      h("h3", { key: "places" }, "Deliveries"),
      table("Deliveries", PLACES, places, "It has no delivery."),
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
