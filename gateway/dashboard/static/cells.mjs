// What panels and drill-down are made of: tables, rows, tags, links, commands to copy.

import { h } from "./dom.mjs";
import { clock, count, stamp } from "./words.mjs";

// A table that scrolls by itself. `heads` are [name, class]; without rows it says what that means.
export function table(label, heads, rows, empty) {
  if (!rows.length) return h("p", { key: `${label}-none`, class: "none" }, empty);
  const head = heads.map(([name, kind]) => h("th", { key: name, scope: "col", class: kind }, name));
  const grid = h("table", null, h("thead", null, h("tr", null, head)), h("tbody", null, rows));
  return h("div", { key: label, class: "scroll", tabindex: 0, role: "group", "aria-label": label }, grid);
}

export function row(key, head, ...cells) {
  return h("tr", { key }, h("th", { scope: "row" }, head), cells);
}

export const cell = (...content) => h("td", null, content);
export const right = (text, tone) => h("td", { class: `number ${tone || ""}` }, text);
export const number = (value, tone) => right(count(value), value ? tone : "");
export const tag = (text, tone) => h("span", { class: `tag ${tone}` }, text);
export const command = (key, text) => h("code", { key, class: "command" }, text);
export const mailboxLink = (address) => h("a", { href: `#mailbox/${address}` }, address);
export const messageLink = (id, text) => h("a", { href: `#message/${id}` }, text);
const order = (words) => command(words, `gateway operate ${words} --reason "..." --config CONFIG`);
export const release = (ref) => order(`release ${ref}`);
export const resume = (address) => order(`resume ${address}`);
export const drainOff = () => order("drain --off");

export function pairs(rows) {
  const lines = rows.map(([name, value]) => h("div", { key: name }, h("dt", null, name), h("dd", null, value)));
  return h("dl", { class: "pairs" }, lines);
}

const TONES = {
  delivered: "well",
  opened: "well",
  held: "late",
  requeued: "late",
  released: "late",
  rejected: "bad",
  refused: "bad",
  expired: "bad",
  action: "act",
};

// The colour of a state or an event; the word stands beside it.
export const toneOf = (word) => TONES[word] ?? (word.startsWith("answer-") ? "late" : "plain");

const TRACE = [["Time (UTC)", "time"], ["Event"], ["Whom it is about"], ["Message"], ["Why"], ["Log", "number"]];

export function trace(label, events, empty) {
  const rows = events.map((one) =>
    h(
      "tr",
      { key: one.seq },
      h("td", { class: "time" }, h("time", { title: stamp(one.at) }, clock(one.at))),
      h("th", { scope: "row" }, tag(one.event, toneOf(one.event))),
      cell(one.subject),
      cell(one.number === null ? "–" : messageLink(one.number, `no. ${one.number}`)),
      cell(one.reason ?? ""),
      right(one.logged ? "leaf" : ""),
    ),
  );
  return table(label, TRACE, rows, empty);
}
