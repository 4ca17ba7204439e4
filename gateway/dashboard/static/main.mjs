// The page: one stream of snapshots in, the document out. It shows, and orders nothing.

import { patch } from "./dom.mjs";
import { alarms, figures } from "./figures.mjs";
import { asTable, picture } from "./flow.mjs";
import { follow, fragmentOf } from "./look.mjs";
import { panels } from "./panels.mjs";
import { age, clock, drained, many } from "./words.mjs";

const KEPT = 180; // looks, of which lines are drawn: three minutes
const LATE_MS = 4000; // without a look
const USED_MS = 60_000; // between two words to the gateway that a person is here

const place = (id) => document.getElementById(id);
const history_ = [];
let seen = null;
let arrivedAt = 0;
let saidOf = null;
let usedAt = Date.now();

function show(snapshot) {
  seen = snapshot;
  arrivedAt = Date.now();
  history_.push(snapshot);
  if (history_.length > KEPT) history_.shift();
  document.title = `${snapshot.alarms.length ? `(${snapshot.alarms.length}) ` : ""}${snapshot.gateway} · Gateway operations`;
  const exercise = snapshot.exercise ? " · exercise" : "";
  patch(place("where"), `${snapshot.gateway} · version ${snapshot.version} · up ${age(snapshot.up_s)}${exercise}`);
  const drain = drained(snapshot);
  pill("ready", drain ?? (snapshot.ready ? "ready" : "not ready"), drain ? "late" : snapshot.ready ? "well" : "bad");
  patch(place("alarm-list"), alarms(snapshot));
  patch(place("figure-list"), figures(snapshot, history_));
  patch(place("picture"), picture(snapshot));
  patch(place("flow-table"), asTable(snapshot));
  patch(place("panels"), panels(snapshot));
  tick();
  say(snapshot);
}

function pill(id, text, tone) {
  const node = place(id);
  patch(node, text);
  if (id === "line" && seen && (tone === "bad") !== node.classList.contains("bad")) {
    patch(place("said"), tone === "bad" ? "The gateway does not answer; what is shown is old." : "The page is live again.");
  }
  node.className = `pill ${tone}`;
}

// A screen reader hears of alarms when they change, and of nothing that moves every second.
function say(snapshot) {
  const now = snapshot.alarms.map((one) => one.code).join(" ");
  if (now === saidOf) return;
  saidOf = now;
  const texts = snapshot.alarms.map((one) => `${one.severity}: ${one.text}`);
  patch(place("said"), texts.length ? `${many(texts.length, "alarm", "alarms")}. ${texts.join(" ")}` : "No alarms.");
}

function tick() {
  const lateBy = Date.now() - arrivedAt;
  if (seen) patch(place("clock"), `${clock(seen.at + lateBy / 1000)} UTC`);
  if (source?.readyState === EventSource.CLOSED) return;
  if (!seen) pill("line", "connecting", "late");
  else if (lateBy > LATE_MS) pill("line", `no news for ${age(lateBy / 1000)}`, "bad");
  else if (seen.at - seen.looked_at > LATE_MS / 1000) pill("line", `ledger ${age(seen.at - seen.looked_at)} old`, "late");
  else pill("line", "live", "well");
}

function signedOut() {
  source?.close();
  pill("line", "signed out", "bad");
  patch(place("said"), "You are signed out.");
  location.replace("/dashboard/login");
}

let source = null;

function watch() {
  source = new EventSource("/dashboard/events");
  source.addEventListener("snapshot", (event) => show(JSON.parse(event.data)));
  source.addEventListener("signed-out", signedOut);
  source.addEventListener("error", lost);
}

// A line that is lost comes back by itself; one that was refused does not, and then its head says why, which uses no session.
async function lost() {
  tick();
  if (source.readyState !== EventSource.CLOSED) return;
  try {
    const answer = await fetch("/dashboard/events", { method: "HEAD" });
    if (answer.status === 401) return signedOut();
  } catch {
    // The gateway is away: ask again below.
  }
  pill("line", "connecting", "bad");
  setTimeout(watch, 3000);
}

function used() {
  if (Date.now() - usedAt < USED_MS) return;
  usedAt = Date.now();
  fetch("/dashboard/session").then((answer) => answer.status === 401 && signedOut(), () => null);
}

place("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = place("find-what");
  const fragment = fragmentOf(input.value, seen?.network ?? "");
  input.setAttribute("aria-invalid", fragment === null ? "true" : "false");
  if (fragment === null) patch(place("said"), "That is no message id, hash, number or mailbox.");
  else if (location.hash === fragment) follow(signedOut);
  else location.hash = fragment;
});
place("sign-out").addEventListener("click", async () => {
  await fetch("/dashboard/sign-out", { method: "POST" }).catch(() => null);
  signedOut();
});
document.addEventListener("keydown", (event) => {
  used();
  if (event.key !== "k" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  place("find-what").focus();
});
document.addEventListener("pointerdown", used);
addEventListener("hashchange", () => follow(signedOut));
addEventListener("pagehide", () => source?.close());

watch();
setInterval(tick, 1000);
follow(signedOut);
