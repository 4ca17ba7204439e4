// The panels below the picture, the key figures and the alarms: each a function of the snapshot.

import { spark } from "./chart.mjs";
import { h } from "./dom.mjs";
import { age, clock, count, lasting, many, rate, stamp } from "./words.mjs";

export function figures(seen, history) {
  const waiting = (seen.states.accepted ?? 0) + (seen.states.queued ?? 0) + (seen.states.outbound ?? 0);
  const late = seen.deadlines.reduce((sum, one) => sum + one.overdue, 0);
  const risk = seen.deadlines.reduce((sum, one) => sum + one.at_risk, 0);
  return [
    tile("accepted", "Accepted", `${rate(seen.rates.accepted)}`, "/s", `${count(seen.totals.accepted)} since the start`, history.map((one) => one.rates.accepted)),
    tile("delivered", "Delivered", `${rate(seen.rates.delivered)}`, "/s", `${rate(seen.rates.opened)} /s opened`, history.map((one) => one.rates.delivered)),
    tile("waiting", "Waiting", count(waiting), "", `oldest ${age(seen.oldest_waiting_s)}`, history.map(inFlight), waitTone(seen.oldest_waiting_s)),
    tile("accept", "Accepting takes (p99)", lasting(seen.times.accept_p99_s), "", `half within ${lasting(seen.times.accept_p50_s)}`, history.map((one) => one.times.accept_p99_s)),
    tile("answer", "Recipients answer (p99)", lasting(seen.times.answer_p99_s), "", `half within ${lasting(seen.times.answer_p50_s)}`, history.map((one) => one.times.answer_p99_s)),
    tile("deadlines", "Overdue answers", count(late), "", `${count(risk)} at risk`, null, late ? "bad" : risk ? "late" : ""),
    tile("held", "Held", count(seen.states.held ?? 0), "", "for an operator", null, seen.states.held ? "late" : ""),
  ];
}

const inFlight = (one) => (one.states.accepted ?? 0) + (one.states.queued ?? 0) + (one.states.outbound ?? 0);
const waitTone = (seconds) => ((seconds ?? 0) >= 3600 ? "bad" : (seconds ?? 0) >= 120 ? "late" : "");

function tile(key, name, value, unit, note, values, tone = "") {
  return h(
    "div",
    { key, class: `tile ${tone}` },
    h("dt", null, name),
    h("dd", { class: "value" }, value, unit && h("span", { class: "unit" }, ` ${unit}`)),
    h("dd", { class: "muted" }, note),
    values && h("dd", { class: "spark", "aria-hidden": "true" }, spark(values)),
  );
}

export function alarms(seen) {
  if (!seen.alarms.length) return [h("p", { key: "calm", class: "calm" }, h("span", { class: "dot-mark well" }), "No alarms. Everything that this gateway watches is as it should be.")];
  return [h("ul", { key: "alarms", class: "alarms" }, seen.alarms.map(alarm))];
}

function alarm(one) {
  return h(
    "li",
    { key: one.code, class: `alarm ${one.severity}` },
    h("p", { class: "what" }, h("span", { class: "severity" }, one.severity), h("strong", null, one.text)),
    h("p", { class: "todo" }, one.advice),
    one.commands.map((command, index) => h("code", { key: `command-${index}`, class: "command" }, command)),
  );
}

export function panels(seen) {
  return [deadlines(seen), held(seen), outstanding(seen), audit(seen), endings(seen), states(seen), recent(seen)];
}

function panel(key, title, extra, ...content) {
  return h(
    "section",
    { key, class: `panel ${extra}`, "aria-labelledby": `${key}-title` },
    h("h2", { id: `${key}-title` }, title),
    ...content,
  );
}

function table(label, heads, rows, empty) {
  if (!rows.length) return h("p", { key: `${label}-none`, class: "none" }, empty);
  return h(
    "div",
    { key: label, class: "scroll", tabindex: 0, role: "group", "aria-label": label },
    h("table", null, h("thead", null, h("tr", null, heads.map(([name, kind]) => h("th", { key: name, scope: "col", class: kind }, name)))), h("tbody", null, rows)),
  );
}

const mailboxLink = (address) => h("a", { href: `#mailbox/${address}` }, address);
const messageLink = (id, text) => h("a", { href: `#message/${id}` }, text);

function deadlines(seen) {
  const kinds = seen.deadlines.map((one) =>
    h("tr", { key: one.kind }, h("th", { scope: "row" }, one.kind), number(one.due), number(one.at_risk, one.at_risk && "late"), number(one.overdue, one.overdue && "bad")),
  );
  const late = seen.late.map((one) =>
    h(
      "tr",
      { key: `${one.number}-${one.recipient}` },
      h("th", { scope: "row" }, messageLink(one.message_id, `no. ${one.number}`)),
      h("td", null, mailboxLink(one.recipient)),
      h("td", null, h("span", { class: `tag ${one.pace === "overdue" ? "bad" : "late"}` }, one.pace)),
      h("td", { class: "number" }, one.pace === "overdue" ? `${age(seen.at - one.respond_by)} ago` : `in ${age(one.respond_by - seen.at)}`),
    ),
  );
  return panel(
    "deadlines",
    "Deadlines",
    "",
    table("Answers owed by kind", [["Kind"], ["Due", "number"], ["At risk", "number"], ["Overdue", "number"]], kinds, "Nobody owes an answer."),
    late.length > 0 && table("Answers at risk or overdue", [["Message"], ["Who owes it"], ["Pace"], ["Due", "number"]], late, ""),
  );
}

function held(seen) {
  const rows = seen.held.map((one) =>
    h(
      "tr",
      { key: one.ref },
      h("th", { scope: "row" }, messageLink(one.message_id, one.ref)),
      h("td", null, mailboxLink(one.recipient)),
      h("td", null, one.reason ?? "unanswered"),
      h("td", { class: "number" }, age(seen.at - one.since)),
    ),
  );
  return panel(
    "held",
    "Held deliveries",
    "",
    table("Held deliveries", [["Delivery"], ["Recipient"], ["Why"], ["Held for", "number"]], rows, "Nothing is held."),
    rows.length > 0 && h("code", { key: "release", class: "command" }, 'gateway operate release NUMBER/INDEX --reason "..." --config CONFIG'),
  );
}

function outstanding(seen) {
  const rows = seen.outstanding.map((one) =>
    h("tr", { key: one.kind }, h("th", { scope: "row" }, one.kind), number(one.count), h("td", { class: "number" }, age(one.oldest_s))),
  );
  return panel("outstanding", "Recalls and corrections", "", table("What holders have not answered", [["Kind"], ["Not answered", "number"], ["Oldest", "number"]], rows, "Nothing is outstanding."));
}

function audit(seen) {
  const { audit: head } = seen;
  const witnesses = head.witnesses.map((one) =>
    h("tr", { key: one.name }, h("th", { scope: "row" }, one.name), h("td", { class: "number" }, `${age(one.age_s)} ago`), h("td", null, one.forked ? h("span", { class: "tag bad" }, "forked") : h("span", { class: "tag well" }, "agrees"))),
  );
  return panel(
    "audit",
    "Audit log and witnesses",
    "",
    pairs([
      ["Head", head.at === null ? "no checkpoint yet" : `${count(head.size)} leaves`],
      ["Root", head.root ? h("code", { title: head.root }, `${head.root.slice(0, 16)}…${head.root.slice(-8)}`) : "–"],
      ["Signed", `${clock(head.at)}, ${many(head.cosignatures, "cosignature", "cosignatures")}`],
      ["Lag", head.halted ? h("span", { class: "tag bad" }, "halted") : head.lag_leaves ? `${many(head.lag_leaves, "leaf", "leaves")}, ${age(head.lag_s)}` : "none"],
      ["Time-stamp", head.stamped_age_s === null ? "none" : `${age(head.stamped_age_s)} ago`],
    ]),
    table("Witnesses", [["Witness"], ["Cosigned", "number"], ["Says"]], witnesses, "No witness is configured."),
  );
}

function endings(seen) {
  const rows = seen.endings.map((one) =>
    h(
      "tr",
      { key: `${one.what}-${one.name}` },
      h("th", { scope: "row" }, one.what === "key" ? `${one.name} key` : `${one.name} metadata`),
      h("td", { class: "number" }, one.ends_s < 0 ? "ended" : `in ${age(one.ends_s)}`),
      h("td", null, one.soon ? h("span", { class: "tag late" }, "soon") : h("span", { class: "tag well" }, "good")),
    ),
  );
  const cards = Object.entries(seen.cards_ending).filter(([, ending]) => ending > 0).map(([card, ending]) => `${count(ending)} ${card}`);
  return panel(
    "endings",
    "Keys, cards and metadata",
    "",
    table("What ends", [["What"], ["Ends", "number"], ["State"]], rows, "Nothing is known yet."),
    h("p", { key: "cards", class: "note" }, cards.length ? `Cards of participants that end soon: ${cards.join(", ")}.` : "No participant's card ends soon."),
  );
}

const ALWAYS = ["accepted", "queued", "delivered", "opened", "held"];

function states(seen) {
  const most = Math.max(1, ...Object.values(seen.states));
  const shown = Object.entries(seen.states).filter(([state, rows_]) => rows_ > 0 || ALWAYS.includes(state));
  const rows = shown.map(([state, rows_]) =>
    h(
      "tr",
      { key: state },
      h("th", { scope: "row" }, state),
      number(rows_),
      h("td", { class: "meter" }, h("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect", { width: ((rows_ / most) * 100).toFixed(1), height: 6, rx: 3, class: state === "held" ? "bar late" : "bar" }))),
    ),
  );
  const refusals = Object.entries(seen.refusals).sort((one, two) => two[1] - one[1]).slice(0, 6);
  return panel(
    "states",
    "Deliveries by state",
    "",
    table("Deliveries by state", [["State"], ["Rows", "number"], ["Share"]], rows, "The ledger has no delivery yet."),
    refusals.length > 0 && h("p", { key: "refusals", class: "note" }, `Refused since the start: ${refusals.map(([code, times]) => `${code} ${count(times)}`).join(", ")}.`),
  );
}

function recent(seen) {
  return panel("recent", "What happened last", "double", trace("Newest events", seen.recent, "Nothing has happened yet."));
}

export function trace(label, events, empty) {
  const rows = events.map((one) =>
    h(
      "tr",
      { key: one.seq },
      h("td", { class: "time" }, h("time", { title: stamp(one.at) }, clock(one.at))),
      h("th", { scope: "row" }, h("span", { class: `tag ${toneOf(one.event)}` }, one.event)),
      h("td", null, one.subject),
      h("td", null, one.number === null ? "–" : messageLink(one.number, `no. ${one.number}`)),
      h("td", null, one.reason ?? ""),
      h("td", { class: "number" }, one.logged ? "leaf" : ""),
    ),
  );
  return table(label, [["Time (UTC)", "time"], ["Event"], ["Whom it is about"], ["Message"], ["Why"], ["Log", "number"]], rows, empty);
}

const TONES = { accepted: "plain", queued: "plain", delivered: "well", opened: "well", held: "late", requeued: "late", released: "late", rejected: "bad", refused: "bad", expired: "bad", action: "act" };
const toneOf = (event) => TONES[event] ?? (event.startsWith("answer-") ? "late" : "plain");

export function pairs(rows) {
  return h("dl", { class: "pairs" }, rows.map(([name, value]) => h("div", { key: name }, h("dt", null, name), h("dd", null, value))));
}

function number(value, tone) {
  return h("td", { class: `number ${tone || ""}` }, count(value));
}

export { mailboxLink, messageLink, table };
