// The panels below the picture: deadlines, what is held or ordered, what is outstanding, the audit log, what ends, states, events.

import {
  cell,
  drainOff,
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
  trace,
} from "./cells.mjs";
import { h } from "./dom.mjs";
import { age, clock, count, drained, many } from "./words.mjs";

const ALWAYS = ["accepted", "queued", "delivered", "opened", "held"]; // states that are shown at 0 too
const CODES = 6; // of refusals, the most frequent ones

export function panels(seen) {
  const found = [deadlines, held, orders, outstanding, audit, endings, states, recent];
  return found.map((make) => make(seen));
}

function panel(key, title, ...content) {
  const name = `${key}-title`;
  return h("section", { key, class: `panel ${key}`, "aria-labelledby": name }, h("h2", { id: name }, title), content);
}

function deadlines(seen) {
  const kinds = seen.deadlines.map((one) =>
    row(one.kind, one.kind, number(one.due), number(one.at_risk, "late"), number(one.overdue, "bad")),
  );
  const late = seen.late.map((one) => {
    const over = one.pace === "overdue";
    const due = over ? `${age(seen.at - one.respond_by)} ago` : `in ${age(one.respond_by - seen.at)}`;
    const pace = cell(tag(one.pace, over ? "bad" : "late"));
    const message = messageLink(one.message_id, `no. ${one.number}`);
    return row(`${one.number}-${one.recipient}`, message, cell(mailboxLink(one.recipient)), pace, right(due));
  });
  const heads = [["Kind"], ["Due", "number"], ["At risk", "number"], ["Overdue", "number"]];
  const lateHeads = [["Message"], ["Who owes it"], ["Pace"], ["Due", "number"]];
  return panel(
    "deadlines",
    "Deadlines",
    table("Answers owed by kind", heads, kinds, "Nobody owes an answer."),
    late.length > 0 && table("Answers at risk or overdue", lateHeads, late, ""),
  );
}

function held(seen) {
  const rows = seen.held.map((one) => {
    const delivery = messageLink(one.message_id, one.ref);
    const why = cell(one.reason ?? "unanswered");
    return row(one.ref, delivery, cell(mailboxLink(one.recipient)), why, right(age(seen.at - one.since)));
  });
  const heads = [["Delivery"], ["Recipient"], ["Why"], ["Held for", "number"]];
  return panel(
    "held",
    "Held deliveries",
    table("Held", heads, rows, "Nothing is held."),
    rows.length > 0 && release("NUMBER/INDEX"),
  );
}

function orders(seen) {
  const rows = seen.suspended.map((one) => row(one.address, mailboxLink(one.address), right(age(seen.at - one.since))));
  const heads = [["Suspended participant"], ["For", "number"]];
  const drain = drained(seen);
  return panel(
    "orders",
    "Orders that stand",
    table("Suspended participants", heads, rows, "No participant is suspended here."),
    rows.length > 0 && resume("PARTICIPANT"),
    h("p", { key: "drain", class: "note" }, drain ? `This process is ${drain}.` : "This process is not being drained."),
    drain && drainOff(),
  );
}

function outstanding(seen) {
  const rows = seen.outstanding.map((one) => row(one.kind, one.kind, number(one.count), right(age(one.oldest_s))));
  const heads = [["Kind"], ["Not answered", "number"], ["Oldest", "number"]];
  return panel(
    "outstanding",
    "Recalls and corrections",
    table("What holders have not answered", heads, rows, "Nothing is outstanding."),
  );
}

function audit(seen) {
  const { audit: head } = seen;
  const witnesses = head.witnesses.map((one) =>
    row(one.name, one.name, right(`${age(one.age_s)} ago`), cell(one.forked ? tag("forked", "bad") : tag("agrees", "well"))),
  );
  return panel(
    "audit",
    "Audit log and witnesses",
    pairs([
      ["Head", head.at === null ? "no checkpoint yet" : many(head.size, "leaf", "leaves")],
      ["Root", head.root ? h("code", { title: head.root }, `${head.root.slice(0, 16)}…${head.root.slice(-8)}`) : "–"],
      ["Signed", `${clock(head.at)}, ${many(head.cosignatures, "cosignature", "cosignatures")}`],
      ["Lag", lag(head)],
      ["Time-stamp", head.stamped_age_s === null ? "none" : `${age(head.stamped_age_s)} ago`],
    ]),
    table("Witnesses", [["Witness"], ["Cosigned", "number"], ["Says"]], witnesses, "No witness is configured."),
  );
}

function lag(head) {
  if (head.halted) return tag("halted", "bad");
  return head.lag_leaves ? `${many(head.lag_leaves, "leaf", "leaves")}, ${age(head.lag_s)}` : "none";
}

function endings(seen) {
  const rows = seen.endings.map((one) => {
    const left = one.ends_s < 0 ? "ended" : `in ${age(one.ends_s)}`;
    const state = one.soon ? tag("soon", "late") : tag("good", "well");
    return row(`${one.what}-${one.name}`, `${one.name} ${one.what}`, right(left), cell(state));
  });
  const cards = Object.entries(seen.cards_ending)
    .filter(([, ending]) => ending > 0)
    .map(([card, ending]) => `${count(ending)} ${card}`);
  const note = cards.length ? `Cards of participants that end soon: ${cards.join(", ")}.` : "No participant's card ends soon.";
  return panel(
    "endings",
    "Keys, cards and metadata",
    table("What ends", [["What"], ["Ends", "number"], ["State"]], rows, "Nothing is known yet."),
    h("p", { key: "cards", class: "note" }, note),
  );
}

function states(seen) {
  const most = Math.max(1, ...Object.values(seen.states));
  const rows = Object.entries(seen.states)
    .filter(([state, deliveries]) => deliveries > 0 || ALWAYS.includes(state))
    .map(([state, deliveries]) => {
      const bar = share(deliveries / most, state === "held" ? "late" : "");
      return row(state, state, number(deliveries), bar);
    });
  const refusals = Object.entries(seen.refusals)
    .sort((one, two) => two[1] - one[1])
    .slice(0, CODES)
    .map(([code, times]) => `${code} ${count(times)}`);
  return panel(
    "states",
    "Deliveries by state",
    table("States", [["State"], ["Rows", "number"], ["Share"]], rows, "The ledger has no delivery yet."),
    refusals.length > 0 && h("p", { key: "refusals", class: "note" }, `Refused since the start: ${refusals.join(", ")}.`),
  );
}

function share(part, tone) {
  const bar = h("rect", { width: (part * 100).toFixed(1), height: 6, rx: 3, class: `bar ${tone}` });
  const frame = { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" };
  return h("td", { class: "meter" }, h("svg", frame, bar));
}

function recent(seen) {
  return panel("recent", "What happened last", trace("Newest events", seen.recent, "Nothing has happened yet."));
}
