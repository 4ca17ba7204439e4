"""What `deploy/capacity.md` shows is computed from what was measured, and from nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from tests.bench.capacity import BEGIN, END, LINES, SECTIONS, missing, page, plot, table
from tests.bench.figures import Figure, slope

PAGE = Path(__file__).resolve().parents[1] / "deploy/capacity.md"
POINTS = {
    "scale_waiting_slope": ((1_000.0, 0.001), (100_000.0, 0.0012)),
    "scale_participants_slope": ((10.0, 0.001), (200.0, 0.001), (3_000.0, 0.0015)),
    "scale_recipients_slope": ((1.0, 0.001), (27.0, 0.0054), (196.0, 0.0196)),
    "cpu_per_accept_3_over_1": ((1.0, 0.002), (3.0, 0.0022)),
    "rss_3000_participants_mb": ((10.0, 80.0), (200.0, 100.0), (3_000.0, 170.0)),
}
VALUES = {"cpu_per_accept_3_over_1": 1.1, "rss_100k_mb": 140.0, "ledger_kb_per_message": 5.5, "hostile_p99_over_quiet": 1.6}
FIGURES = [
    Figure(
        name=name, value=VALUES.get(name) or slope(POINTS[name]), unit="", against="", note="", points=POINTS.get(name, ())
    )
    for name in [*POINTS, *(VALUES.keys() - POINTS.keys())]
]


def test_the_plot_has_a_line_with_its_slope_for_each_thing_that_grows() -> None:
    """It is well-formed, each measured point is drawn within the axes, and the slope stands beside the name."""
    root = ET.fromstring(plot(FIGURES))
    names = {"svg": "http://www.w3.org/2000/svg"}
    assert len(root.findall("svg:polyline", names)) == len(LINES)
    circles = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in root.findall("svg:circle", names)]
    assert len(circles) == sum(len(POINTS[name]) for name in LINES)
    assert all(70 <= x <= 530 and 30 <= y <= 370 for x, y in circles)
    shown = [text.text for text in root.findall("svg:text", names)]
    for name, (label, _) in LINES.items():
        assert label in shown
        assert f"slope {slope(POINTS[name]):.2f}" in shown


def test_the_table_has_the_dearest_cost_and_its_reserve() -> None:
    """Processors at the peak are computed from the dearest message that was measured, memory from the larger need."""
    lines = table(FIGURES).splitlines()
    assert "| every contact point there is | 3,000 | 1,000,000 | 231.48/s | 2 | 340 MB | 472.07 GB |" in lines
    assert "| exercise, one team | 10 | 100 | 0.02/s | 1 | 280 MB | 0.05 GB |" in lines
    assert "- a message to one recipient: at most 1.50 ms of one processor on SQLite" in lines
    assert "- the same on PostgreSQL and RabbitMQ, processes 3: 2.20 ms" in lines
    assert "- each recipient of a message to many: at most 0.20 ms" in lines


def test_the_page_keeps_what_people_wrote() -> None:
    """Only what stands between the marks is written anew, and writing it twice changes nothing."""
    text = PAGE.read_text()
    written = page(text, FIGURES)
    assert (written.split(BEGIN)[0], written.split(END)[1]) == (text.split(BEGIN)[0], text.split(END)[1])
    assert table(FIGURES) in written
    assert page(written, FIGURES) == written
    assert f'ARGS="{" ".join(SECTIONS)}"' in text


def test_what_was_not_measured_is_named() -> None:
    """A page is not written from half of the benches."""
    assert missing(FIGURES) == []
    assert missing([figure for figure in FIGURES if "rss" not in figure.name]) == ["rss_100k_mb", "rss_3000_participants_mb"]
