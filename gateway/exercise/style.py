"""The style sheet of a report, in the page itself: light and dark, wide and narrow, paper; nothing from anywhere else."""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """\
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f3f5f8; --line: #cfd6df; --text: #1b2430; --quiet: #4d5a6a;
  --trainer: #0b57a4; --trainee: #1b2430; --good: #1f6b3a; --bad: #a3201a; --band: #f7f3e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181e; --raised: #1d232b; --line: #3a4451; --text: #e4e8ee; --quiet: #a9b4c2;
    --trainer: #8ec1ff; --trainee: #e4e8ee; --good: #86d6a0; --bad: #ff9a90; --band: #241f14;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header { padding: 1rem 2rem; background: var(--band); border-bottom: 3px double var(--line); }
header p { margin: 0.2rem 0 0; color: var(--quiet); }
header strong { letter-spacing: 0.08em; }
main { padding: 0 2rem 3rem; max-width: 90rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.4rem 0 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.6rem; }
main > p { max-width: 46rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 3px solid var(--trainer); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.93rem; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
thead th { background: var(--raised); }
tbody th { font-weight: 600; white-space: nowrap; }
td.name { white-space: nowrap; }
td.task { min-width: 12rem; }
td.count { text-align: right; font-variant-numeric: tabular-nums; }
td.good { color: var(--good); }
td.bad { color: var(--bad); font-weight: 600; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.9em; overflow-wrap: anywhere; }
svg { display: block; min-width: 60rem; width: 100%; height: auto; font: 13px system-ui, sans-serif; fill: var(--text); }
svg .lane { stroke: var(--line); stroke-width: 1; }
svg .lane.trainee { stroke: var(--quiet); stroke-width: 2; }
svg .day { stroke: var(--line); stroke-width: 1; stroke-dasharray: 1 5; }
svg .quiet { fill: var(--quiet); }
svg .head { font-weight: 600; }
svg .said { fill: none; stroke-width: 1.6; }
svg .played { stroke: var(--trainer); }
svg .answered { stroke: var(--trainee); }
svg .faulty { stroke: var(--bad); stroke-dasharray: 6 3; }
svg .point.played { fill: var(--trainer); }
svg .point.answered { fill: var(--trainee); }
svg .point.faulty { fill: var(--ground); stroke-width: 2; stroke-dasharray: none; }
svg .due { fill: var(--ground); stroke: var(--good); stroke-width: 1.6; }
svg .due.missed { stroke: var(--bad); }
svg .wrong { fill: var(--bad); font-weight: 600; }
footer { padding: 1rem 2rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.9rem; }
@media (max-width: 52rem) { header, main, footer { padding-left: 1rem; padding-right: 1rem; } }
@media print { .scroll { overflow: visible; } svg { min-width: 0; } }
"""
