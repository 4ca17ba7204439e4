// The key figures with their lines, and the alarms.

import { command } from "./cells.mjs";
import { spark } from "./chart.mjs";
import { h } from "./dom.mjs";
import { age, count, lasting, rate } from "./words.mjs";

const inFlight = (seen) => (seen.states.accepted ?? 0) + (seen.states.queued ?? 0) + (seen.states.outbound ?? 0);

function waitTone(seconds) {
  if ((seconds ?? 0) >= 3600) return "bad";
  return (seconds ?? 0) >= 120 ? "late" : "";
}

export function figures(seen, history) {
  const { rates, times, oldest_waiting_s: oldest } = seen;
  const accepted = `${count(seen.totals.accepted)} since the start`;
  const overdue = seen.deadlines.reduce((sum, one) => sum + one.overdue, 0);
  const atRisk = seen.deadlines.reduce((sum, one) => sum + one.at_risk, 0);
  const line = (take) => history.map(take);
  return [
    tile("Accepted", [rate(rates.accepted), "/s"], accepted, line((one) => one.rates.accepted)),
    tile("Delivered", [rate(rates.delivered), "/s"], `${rate(rates.opened)} /s opened`, line((one) => one.rates.delivered)),
    tile("Waiting", [count(inFlight(seen))], `oldest ${age(oldest)}`, line(inFlight), waitTone(oldest)),
    took("Accepting takes (p99)", times.accept_p99_s, times.accept_p50_s, line((one) => one.times.accept_p99_s)),
    took("Recipients answer (p99)", times.answer_p99_s, times.answer_p50_s, line((one) => one.times.answer_p99_s)),
    tile("Overdue answers", [count(overdue)], `${count(atRisk)} at risk`, null, overdue ? "bad" : atRisk && "late"),
    tile("Held", [count(seen.states.held ?? 0)], "for an operator", null, seen.states.held ? "late" : ""),
  ];
}

const took = (name, most, half, values) => tile(name, [lasting(most)], `half within ${lasting(half)}`, values);

function tile(name, [value, unit], note, values, tone) {
  return h(
    "div",
    { key: name, class: `tile ${tone || ""}` },
    h("dt", null, name),
    h("dd", { class: "value" }, value, unit && h("span", { class: "unit" }, ` ${unit}`)),
    h("dd", { class: "muted" }, note),
    values && h("dd", { class: "spark", "aria-hidden": "true" }, spark(values)),
  );
}

export function alarms(seen) {
  const codes = seen.alarms.map((one) => one.code);
  const rows = seen.alarms.map((one, index) => alarm(one, `${one.code}-${index - codes.indexOf(one.code)}`));
  if (rows.length) return [h("ul", { key: "alarms", class: "alarms" }, rows)];
  const calm = "No alarms. Everything that this gateway watches is as it should be.";
  return [h("p", { key: "calm", class: "calm" }, h("span", { class: "dot-mark" }), calm)];
}

// Two lanes may have an alarm of one code each; nodes of one key would be one.
function alarm(one, key) {
  return h(
    "li",
    { key, class: `alarm ${one.severity}` },
    h("p", { class: "what" }, h("span", { class: "severity" }, one.severity), h("strong", null, one.text)),
    h("p", { class: "todo" }, one.advice),
    one.commands.map((text, index) => command(`command-${index}`, text)),
  );
}
