// The flow of messages as a picture: participants and networks, the gateway, mailboxes, relays; and the same as a table.
// A line moves while something passes, and takes the colour of how long the oldest has waited.

import { cell, mailboxLink, right, row } from "./cells.mjs";
import { h } from "./dom.mjs";
import { age, count, drained, lasting, many, rate, waitsFor } from "./words.mjs";

const SHOWN = 8; // mailboxes in the picture; the table has all that the snapshot has
const ROW = 50;
const TOP = 46;
const WAITS_S = 3600;
const NOTED_S = 120;
const PASSES_S = 10; // a relay that runs takes what waits sooner

const tone = (seconds) => (seconds >= WAITS_S ? "bad" : seconds >= NOTED_S ? "late" : "well");

export function picture(seen) {
  const boxes = seen.mailboxes.slice(0, SHOWN);
  const more = Math.max(0, seen.mailboxes_waiting - boxes.length);
  const rows = Math.max(1, boxes.length + (more ? 1 : 0));
  const lanesTop = TOP + rows * ROW + 44;
  const height = Math.max(340, lanesTop + Math.max(1, seen.lanes.length) * ROW + 6);
  const middle = height / 2;
  return h(
    "svg",
    { viewBox: `0 0 1200 ${height}`, role: "group", "aria-labelledby": "flow-title", class: "flow" },
    heading(20, "PARTICIPANTS"),
    heading(436, "GATEWAY"),
    heading(790, "MAILBOXES"),
    h("text", { key: "relays", x: 790, y: lanesTop - 14, class: "heading" }, "RELAYS TO OTHER NETWORKS"),
    link("in", 250, middle, 430, middle, seen.rates.accepted, "well"),
    onLink(340, middle, `${rate(seen.rates.accepted)} /s`, "accepted"),
    boxes.map((box, index) => {
      const perSecond = box.connected ? seen.rates.handed_over : 0;
      return link(`to-${box.address}`, 680, middle, 784, TOP + index * ROW + 21, perSecond, tone(box.oldest_s));
    }),
    !boxes.length && link("to-nobody", 680, middle, 784, TOP + 21, seen.rates.handed_over, "well"),
    seen.lanes.map((lane, index) => {
      const perSecond = lane.waiting && lane.oldest_s < PASSES_S ? 1 : 0;
      return link(`lane-${lane.network}`, 680, middle, 784, lanesTop + index * ROW + 21, perSecond, tone(lane.oldest_s ?? 0));
    }),
    people(seen, middle),
    gateway(seen, middle),
    boxes.map((box, index) => mailbox(box, TOP + index * ROW, seen)),
    !boxes.length && quiet("none-waits", TOP, "Nothing waits, and nobody is connected here."),
    more > 0 && quiet("more", TOP + boxes.length * ROW, `and ${many(more, "more mailbox waits", "more mailboxes wait")}`),
    seen.lanes.map((lane, index) => relay(lane, lanesTop + index * ROW)),
    !seen.lanes.length && quiet("no-lane", lanesTop, "This network has no peers."),
  );
}

function heading(x, text) {
  return h("text", { key: `heading-${x}`, x, y: 26, class: "heading" }, text);
}

function link(key, x1, y1, x2, y2, perSecond, colour) {
  const bend = (x1 + x2) / 2;
  const moving = perSecond > 0 ? "moving" : "still";
  const width = 1.5 + Math.min(3.5, Math.log10(1 + 10 * (perSecond ?? 0)) * 1.4);
  return h("path", {
    key,
    class: `link ${moving} ${colour}`,
    d: `M${x1} ${y1.toFixed(0)} C${bend} ${y1.toFixed(0)} ${bend} ${y2.toFixed(0)} ${x2} ${y2.toFixed(0)}`,
    "stroke-width": width.toFixed(1),
    "aria-hidden": "true",
  });
}

function onLink(x, y, figure, word) {
  return h(
    "g",
    { key: `on-${word}` },
    h("text", { x, y: y - 12, class: "figure middle" }, figure),
    h("text", { x, y: y + 22, class: "small middle" }, word),
  );
}

function people(seen, middle) {
  return h(
    "g",
    { key: "people" },
    h("rect", { x: 20, y: middle - 72, width: 230, height: 144, rx: 10, class: "card" }),
    h("text", { x: 40, y: middle - 38, class: "name" }, seen.network || "no directory"),
    seen.exercise && h("text", { x: 230, y: middle - 38, class: "small end late" }, "exercise"),
    h("text", { x: 40, y: middle - 2, class: "figure" }, count(seen.participants)),
    h("text", { x: 40, y: middle + 18, class: "small" }, "participants"),
    h("text", { x: 140, y: middle - 2, class: "figure" }, count(seen.sessions)),
    h("text", { x: 140, y: middle + 18, class: "small" }, "sessions here"),
    h("text", { x: 40, y: middle + 52, class: "small" }, `${rate(seen.rates.refused)} /s refused`),
  );
}

function gateway(seen, middle) {
  const others = seen.gateways.filter((name) => name !== seen.gateway).length;
  const waiting = (seen.states.accepted ?? 0) + (seen.states.held ?? 0) + (seen.states.outbound ?? 0);
  const state = drained(seen) ? "late" : seen.ready ? "" : "bad";
  const beside = others ? `and ${many(others, "other gateway", "other gateways")}` : seen.process;
  const broker = `${count(seen.states.queued ?? 0)} queued, ${rate(seen.rates.dispatched)} /s`;
  return h(
    "g",
    { key: "gateway" },
    h("rect", { x: 436, y: middle - 118, width: 244, height: 236, rx: 12, class: `card strong ${state}` }),
    h("text", { x: 456, y: middle - 84, class: "name" }, seen.gateway),
    h("text", { x: 456, y: middle - 62, class: "small" }, beside),
    part("ledger", "Ledger", `${count(waiting)} kept, ${lasting(seen.times.accept_p99_s)} p99`, seen.parts.ledger, middle - 48),
    part("broker", "Broker", broker, seen.parts.broker, middle + 6),
    part("log", "Audit log", `${count(seen.audit.size)} leaves`, seen.parts.log, middle + 60),
  );
}

function part(key, name, text, state, y) {
  const well = state === undefined || state === "ok";
  return h(
    "g",
    { key },
    h("rect", { x: 450, y, width: 216, height: 46, rx: 7, class: "inner" }),
    h("circle", { cx: 466, cy: y + 16, r: 5, class: `dot ${well ? "well" : "bad"}` }),
    h("text", { x: 480, y: y + 20, class: "label" }, well ? name : `${name}: ${state}`),
    h("text", { x: 480, y: y + 37, class: "small" }, text),
  );
}

function mailbox(box, y, seen) {
  const total = box.accepted + box.queued;
  const most = Math.max(1, ...seen.mailboxes.map((one) => one.accepted + one.queued));
  const width = total ? Math.max(4, (total / most) * 354) : 0;
  return h(
    "a",
    { key: `box-${box.address}`, href: `#mailbox/${box.address}`, class: "row" },
    h("rect", { x: 784, y, width: 396, height: 42, rx: 8, class: "card" }),
    h("circle", { cx: 800, cy: y + 19, r: 5, class: `dot ${box.connected ? "well" : "off"}` }),
    h("text", { x: 814, y: y + 17, class: "label" }, box.address),
    h("text", { x: 814, y: y + 32, class: "small" }, waitsFor(box, seen.parts.broker === "ok")),
    h("text", { x: 1168, y: y + 17, class: `label end ${tone(box.oldest_s)}` }, total ? age(box.oldest_s) : ""),
    h("rect", { x: 814, y: y + 37, width: width.toFixed(0), height: 3, rx: 1.5, class: `bar ${tone(box.oldest_s)}` }),
  );
}

function relay(lane, y) {
  const waits = lane.waiting ? `waits: ${count(lane.waiting)} for the relay` : "nothing waits for the relay";
  const { directory_version: version, directory_age_s: old } = lane;
  const directory = version ? `directory ${version}, ${age(old)} old` : "no directory at hand";
  return h(
    "g",
    { key: `relay-${lane.network}` },
    h("rect", { x: 784, y, width: 396, height: 42, rx: 8, class: "card" }),
    h("circle", { cx: 800, cy: y + 19, r: 5, class: `dot ${lane.directory_version ? "well" : "bad"}` }),
    h("text", { x: 814, y: y + 17, class: "label" }, lane.network),
    h("text", { x: 814, y: y + 32, class: "small" }, waits),
    h("text", { x: 1168, y: y + 17, class: `label end ${tone(lane.oldest_s ?? 0)}` }, lane.waiting ? age(lane.oldest_s) : ""),
    h("text", { x: 1168, y: y + 32, class: "small end" }, directory),
  );
}

function quiet(key, y, text) {
  return h(
    "g",
    { key },
    h("rect", { x: 784, y, width: 396, height: 42, rx: 8, class: "card empty" }),
    h("text", { x: 800, y: y + 24, class: "small" }, text),
  );
}

export function asTable(seen) {
  const well = seen.parts.broker === "ok";
  const people = `${count(seen.participants)} active, ${count(seen.sessions)} sessions here`;
  return [
    line("participants", seen.network, people, "–", `${rate(seen.rates.accepted)} /s accepted`),
    ...["ledger", "broker", "log"].map((name) => line(`part-${name}`, name, seen.parts[name] ?? "–", "–", seen.gateway)),
    ...seen.mailboxes.map((box) => {
      const oldest = box.accepted + box.queued ? age(box.oldest_s) : "–";
      const session = box.connected ? "session here" : "no session here";
      return line(`box-${box.address}`, mailboxLink(box.address), waitsFor(box, well), oldest, session);
    }),
    ...seen.lanes.map((lane) => {
      const directory = `directory ${lane.directory_version}, ${age(lane.directory_age_s)} old`;
      const waits = `waits: ${count(lane.waiting)} for the relay`;
      return line(`lane-${lane.network}`, lane.network, waits, age(lane.oldest_s), directory);
    }),
  ];
}

const line = (key, name, state, oldest, note) => row(key, name, cell(state), right(oldest), cell(note));
