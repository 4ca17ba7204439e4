"""
Draw what was measured: `python -m tests.bench.capacity`.

It reads `build/bench.json` and writes `deploy/capacity.svg` and the generated part of `deploy/capacity.md`. The plot shows
cost against size, both logarithmic, one line for each thing that grows; the table says what a site of a size needs, computed
from the measured figures with the reserves that stand in it. Nothing in either is typed by hand. Of the benches it needs
`SECTIONS` alone; where they were not all run it says so, and writes nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.figures import Figure, read

__all__ = ["missing", "page", "plot", "table"]

MEASURED: Final = Path("build/bench.json")
FOLDER: Final = Path("deploy")
SECTIONS: Final = ("cluster", "hostile", "waiting", "scale")
BEGIN: Final = "<!-- measured: written by python -m tests.bench.capacity -->\n"
END: Final = "<!-- end of what was measured -->\n"
PEAK: Final = 20.0  # times the daily mean: working hours, and what a large case brings at once
RESERVE: Final = 2.0  # of processors and memory
KEPT_DAYS: Final = 90  # sealed bodies of messages that nobody opened; rows of opened ones are smaller and stay for years
LINES: Final = {
    "scale_waiting_slope": ("waiting messages", "#1f6feb"),
    "scale_participants_slope": ("participants", "#1a7f37"),
    "scale_recipients_slope": ("recipients", "#bc4c00"),
}
ALONE: Final = ("scale_waiting_slope", "scale_participants_slope")  # cost of a message to one recipient, SQLite
TOGETHER: Final = "cpu_per_accept_3_over_1"  # the same, PostgreSQL and RabbitMQ, one process and three
PARTS: Final = ("rss_3000_participants_mb", "rss_100k_mb", "ledger_kb_per_message", "hostile_p99_over_quiet")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 70, 30, 190, 50


class Site(NamedTuple):
    """Who is there, and how much they write."""

    name: str
    participants: int
    a_day: int


SITES: Final = (
    Site("exercise, one team", 10, 100),
    Site("national bureau and its partners", 200, 5_000),
    Site("exchange of a region", 1_000, 50_000),
    Site("every contact point there is", 3_000, 1_000_000),
)


def plot(figures: Sequence[Figure]) -> str:
    """Return the SVG: milliseconds of one processor for a message, against the size of what grows."""
    series = [(name, colour, figure) for figure in figures for name, colour in [LINES.get(figure.name, ("", ""))] if name]
    sizes = [size for _, _, figure in series for size, _ in figure.points]
    costs = [cost * 1e3 for _, _, figure in series for _, cost in figure.points]
    across = _Axis(0, math.ceil(math.log10(max(sizes))), LEFT, WIDTH - RIGHT)
    up = _Axis(math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs))), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif">',
        "<style>text { font-size: 12px }</style><title>Processor time for one message, against size</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_grid(across, up),
        *(part for at, one in enumerate(series) for part in _line(one, at, across, up)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axis(NamedTuple):
    """Decades from `low` to `high`, drawn from `start` to `end`."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    for decade in range(across.low, across.high + 1):
        x = across.at(10.0**decade)
        yield f'<path d="M{x:.1f} {up.start}V{up.end}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{up.start + 18}" text-anchor="middle">{10**decade:,}</text>'
    for decade in range(up.low, up.high + 1):
        y = up.at(10.0**decade)
        yield f'<path d="M{across.start} {y:.1f}H{across.end}" stroke="#ddd"/>'
        yield f'<text x="{across.start - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**decade:g} ms</text>'
    yield f'<text x="{(across.start + across.end) / 2}" y="{HEIGHT - 10}" text-anchor="middle">size of what grows</text>'
    yield '<text x="12" y="18">processor time for one message</text>'


def _line(one: tuple[str, str, Figure], at: int, across: _Axis, up: _Axis) -> Iterator[str]:
    name, colour, figure = one
    places = [(across.at(size), up.at(cost * 1e3)) for size, cost in figure.points]
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places)
    y = TOP + 20 + 34 * at
    yield f'<path d="M{WIDTH - RIGHT + 14} {y - 4}h20" stroke="{colour}" stroke-width="2"/>'
    yield f'<text x="{WIDTH - RIGHT + 40}" y="{y}">{name}</text>'
    yield f'<text x="{WIDTH - RIGHT + 40}" y="{y + 14}" fill="#555">slope {figure.value:.2f}</text>'


def table(figures: Sequence[Figure]) -> str:
    """Return the generated part of the page."""
    by_name = {figure.name: figure for figure in figures}
    value = {name: figure.value for name, figure in by_name.items()}
    memory = by_name["rss_3000_participants_mb"].points
    alone_s = max(cost for name in ALONE for _, cost in by_name[name].points)
    together = by_name[TOGETHER].points
    addressee_s = max(cost / size for size, cost in by_name["scale_recipients_slope"].points[1:])
    lines = [
        "| site | participants | messages a day | at the peak | processors | memory of a process | ledger in 90 days |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(_row(site, by_name, max([alone_s, *(cost for _, cost in together)])) for site in SITES),
        "",
        f"- a message to one recipient: at most {alone_s * 1e3:.2f} ms of one processor on SQLite",
        *(f"- the same on PostgreSQL and RabbitMQ, processes {size:.0f}: {cost * 1e3:.2f} ms" for size, cost in together),
        f"- three processes beside one, same load: {value[TOGETHER]:.2f} times the processor time",
        f"- each recipient of a message to many: at most {addressee_s * 1e3:.2f} ms",
        f"- a message of 4 KiB that waits: {value['ledger_kb_per_message']:.1f} KiB of ledger",
        f"- a process with 100,000 waiting messages: {value['rss_100k_mb']:.0f} MB",
        f"- a process in a network of 3,000 participants: {memory[-1][1]:.0f} MB",
        f"- healthy participants beside hostile ones: {value['hostile_p99_over_quiet']:.1f} times the quiet p99",
    ]
    return "\n".join(lines) + "\n"


def _row(site: Site, by_name: Mapping[str, Figure], message_s: float) -> str:
    """Return what a site needs, where a message costs so much."""
    memory = by_name["rss_3000_participants_mb"].points
    peak = site.a_day * PEAK / 86_400
    cores = max(1, math.ceil(peak * message_s * RESERVE))
    megabytes = next((mb for size, mb in memory if size >= site.participants), memory[-1][1])
    need_mb = max(megabytes, by_name["rss_100k_mb"].value) * RESERVE
    disk_gb = site.a_day * KEPT_DAYS * by_name["ledger_kb_per_message"].value / (1 << 20)
    needs = f"{peak:,.2f}/s | {cores} | {need_mb:.0f} MB | {disk_gb:,.2f} GB"
    return f"| {site.name} | {site.participants:,} | {site.a_day:,} | {needs} |"


def missing(figures: Sequence[Figure]) -> list[str]:
    """Return the figures that are needed and were not measured."""
    return sorted({*LINES, TOGETHER, *PARTS} - {figure.name for figure in figures})


def page(before: str, figures: Sequence[Figure]) -> str:
    """Return the page with its generated part written anew."""
    head, rest = before.split(BEGIN)
    return head + BEGIN + "\n" + table(figures) + "\n" + END + rest.split(END)[1]


def main() -> None:
    """Write both files."""
    figures = read(MEASURED)
    if lacking := missing(figures):
        sys.exit(f"{MEASURED} lacks {', '.join(lacking)}: run python -m tests.bench {' '.join(SECTIONS)}")
    (FOLDER / "capacity.svg").write_text(plot(figures))
    file = FOLDER / "capacity.md"
    file.write_text(page(file.read_text(), figures))


if __name__ == "__main__":
    main()
