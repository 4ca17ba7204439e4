// How times, ages, rates and names are written: one spelling everywhere on the page.

const two = (number) => String(number).padStart(2, "0");

export function clock(at) {
  if (at === null || at === undefined) return "–";
  const time = new Date(at * 1000);
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
}

export function stamp(at) {
  if (at === null || at === undefined) return "–";
  const time = new Date(at * 1000);
  return `${time.getUTCFullYear()}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())} ${clock(at)} UTC`;
}

export function age(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const sign = seconds < 0 ? "−" : "";
  const size = Math.abs(seconds);
  if (size < 120) return `${sign}${Math.round(size)} s`;
  if (size < 7200) return `${sign}${Math.floor(size / 60)} min`;
  if (size < 172_800) return `${sign}${Math.floor(size / 3600)} h`;
  return `${sign}${Math.floor(size / 86_400)} d`;
}

export function rate(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  if (value < 10) return value.toFixed(1);
  return value < 1000 ? value.toFixed(0) : `${(value / 1000).toFixed(1)}k`;
}

export function lasting(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(seconds < 0.00995 ? 1 : 0)} ms`;
  return seconds < 120 ? `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s` : age(seconds);
}

export function count(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en").replaceAll(",", " ");
}

export function many(value, one, more) {
  return `${count(value)} ${value === 1 ? one : more}`;
}

// Whether an operator empties this process of sessions, and how far that is; null where nobody does.
export function drained(seen) {
  if (seen.parts.operator !== "draining") return null;
  return seen.sessions ? `draining, ${many(seen.sessions, "session", "sessions")} left` : "drained";
}

// Who waits for what, in one sentence: the same in the picture, its table and the drill-down.
export function waitsFor(box, brokerIsWell) {
  const parts = [];
  if (box.accepted) parts.push(`${count(box.accepted)} ${brokerIsWell ? "to be conveyed" : "for the broker"}`);
  if (box.queued) parts.push(`${count(box.queued)} for ${box.connected ? "its receipt" : "it to connect"}`);
  return parts.length ? `waits: ${parts.join(", ")}` : "nothing waits";
}
