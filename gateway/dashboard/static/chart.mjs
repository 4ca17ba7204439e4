// Small lines of the last minutes: how a figure went, beside the figure itself.

import { h } from "./dom.mjs";

const WIDTH = 120;
const HEIGHT = 28;

export function spark(values) {
  const known = values.map((value) => value ?? 0);
  const most = Math.max(...known, 1e-9);
  const step = WIDTH / Math.max(1, known.length - 1);
  const height = (value) => (HEIGHT - 2 - (value / most) * (HEIGHT - 5)).toFixed(1);
  const points = known.map((value, index) => `${(index * step).toFixed(1)},${height(value)}`);
  const line = points.length > 1 ? points.join(" ") : `0,${HEIGHT - 2} ${WIDTH},${HEIGHT - 2}`;
  return h(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
    h("polygon", { points: `0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`, class: "spark-area" }),
    h("polyline", { points: line, class: "spark-line" }),
  );
}
