"""The one style sheet of the catalogue: light and dark, wide and narrow, paper; no font or picture from anywhere."""

from __future__ import annotations

from typing import Final

__all__ = ["STYLE"]

STYLE: Final = """\
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f3f5f8; --line: #cfd6df; --text: #1b2430; --quiet: #4d5a6a; --link: #0b57a4;
  --name: #0b57a4; --string: #7a3e00; --number: #6a1b9a; --constant: #006064;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181e; --raised: #1d232b; --line: #3a4451; --text: #e4e8ee; --quiet: #a9b4c2; --link: #8ec1ff;
    --name: #8ec1ff; --string: #f0b27a; --number: #d7a8f0; --constant: #7fd8d2;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--ground); z-index: 1; }
header { padding: 0.8rem 1.5rem; border-bottom: 1px solid var(--line); background: var(--raised); }
header p { margin: 0; }
header a { font-weight: 600; color: var(--text); text-decoration: none; }
header span { color: var(--quiet); }
footer { padding: 1rem 1.5rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.9rem; }
.columns { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
.pages { border-right: 1px solid var(--line); padding: 1rem 1.5rem 2rem; font-size: 0.93rem; }
.pages ul { list-style: none; margin: 0; padding: 0; }
.pages li { padding: 0.12rem 0; overflow-wrap: anywhere; }
.pages h2 { font-size: 0.8rem; margin: 1.2rem 0 0.3rem; color: var(--quiet); text-transform: uppercase;
  letter-spacing: 0.04em; border: 0; padding: 0; }
.pages a { text-decoration: none; }
.pages a:hover { text-decoration: underline; }
.pages a[aria-current] { font-weight: 700; color: var(--text); }
main { padding: 1rem 2rem 3rem; max-width: 78rem; }
main:focus { outline: none; }
h1 { font-size: 1.8rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin-top: 2.4rem; padding-top: 0.8rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.08rem; margin-top: 1.8rem; }
h1 + p, main > p { max-width: 46rem; }
main > ul, main > ol { max-width: 46rem; }
.contents, pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.7rem 1rem; }
.contents { margin: 1rem 0; }
.contents ul { columns: 15rem; margin: 0; padding-left: 1.2rem; }
.contents .level-3 { list-style: circle; margin-left: 1.2rem; }
.scroll { overflow-x: auto; margin: 0.8rem 0 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
th, td { border: 1px solid var(--line); padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; }
thead th { background: var(--raised); white-space: nowrap; }
tbody th { font-weight: 500; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.88em; }
code { overflow-wrap: anywhere; }
tbody th code { overflow-wrap: normal; white-space: nowrap; }
pre { overflow-x: auto; line-height: 1.45; }
pre code { overflow-wrap: normal; }
summary { cursor: pointer; padding: 0.3rem 0; font-weight: 600; }
.name { color: var(--name); }
.text { color: var(--string); }
.number { color: var(--number); }
.constant { color: var(--constant); }
@media (max-width: 52rem) {
  .columns { display: block; }
  .pages { border-right: 0; border-bottom: 1px solid var(--line); max-height: 30vh; overflow-y: auto; }
  .pages ul { columns: 11rem; }
  main { padding: 0.5rem 1.2rem 2rem; }
}
@media print {
  .pages, .contents, .skip { display: none; }
  .columns { display: block; }
  .scroll, pre { overflow: visible; }
}
"""
