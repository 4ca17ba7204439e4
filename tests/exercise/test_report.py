"""The report: the same facts as a page, a picture and JSON; nothing in it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import Rejected
from gateway.exercise.facts import Report, make_report
from gateway.exercise.report import read_json, to_html, to_json
from gateway.exercise.timeline import timeline
from tests.exercise.room import CLOCK, Room, scenario

SVG = "{http://www.w3.org/2000/svg}"


class Parsed(HTMLParser):
    """Collects names of elements, attributes and text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.words: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data.strip())


@pytest.fixture
def report() -> Report:
    """Return a report on an answer that was late, over-shared and incomplete."""
    room = Room()
    room.opens("NCB-QN", room.asks(), 1.1)
    room.says("NCB-QN", "request.response", 4.0, to=("NCB-QM", "GS"), state="accepted", decided_by={"name": "a court"})
    return make_report(scenario(('title = "A request"', 'title = "<A> & \\u202E"')), room.record(6), CLOCK, simulated=False)


def test_totals_findings_and_messages_say_the_same(report: Report) -> None:
    """One trainee, three expectations, one answer with three faults; the state that it led to is named."""
    (total,) = report.totals
    assert (total.expected, total.faultless, total.late, total.over_shared, total.incomplete) == (3, 2, 1, 1, 1)
    faults = ["late by 1d", "over-shared with GS", "incomplete: /body/expected_by"]
    assert report.findings[0].faults == faults
    assert [(one.number, one.states, one.faults) for one in report.messages] == [(1, ["sent"], []), (2, ["accepted"], faults)]


def test_json_is_read_as_it_was_written(report: Report) -> None:
    """Programs get all of it, and `gateway exercise report` shows it again."""
    assert to_html(read_json(to_json(report))) == to_html(report)
    with pytest.raises(Rejected, match="malformed"):
        read_json(b"{}")


def test_the_page_loads_nothing_and_runs_nothing(report: Report) -> None:
    """No script, no other host, no frame; and the policy in the page forbids them."""
    page = Parsed(to_html(report))
    assert not {"script", "link", "img", "iframe", "object"} & set(page.elements)
    assert not {"src", "href", "onclick", "onload"} & set(page.attributes)
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.attributes["content"]
    assert b"url(" not in to_html(report)


def test_hostile_text_does_not_act(report: Report) -> None:
    """Markup is shown as text, and what reorders or hides is made visible."""
    page = to_html(report).decode()
    assert "&lt;A&gt; &amp; &lt;U+202E&gt;" in page
    assert "\u202e" not in page


def test_every_fault_is_told_in_words_beside_the_picture(report: Report) -> None:
    """Nothing depends on colour or on the picture: the tables and the picture's own text say it."""
    page = Parsed(to_html(report))
    for fault in ("late by 1d", "over-shared with GS", "incomplete: /body/expected_by"):
        assert sum(fault in word for word in page.words) >= 3
    assert page.elements.count("h1") == 1
    assert {"title", "desc"} <= set(page.elements)


def test_the_picture_is_well_formed_and_named(report: Report) -> None:
    """It is an image with a title and a description, with a lane for each participant and a mark for each deadline."""
    tree = ET.fromstring(timeline(report).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    assert (tree.get("role"), tree.get("aria-labelledby")) == ("img", "timeline-title timeline-desc")
    looks = [one.get("class", "") for one in tree.iter()]
    assert sum(look.startswith("lane") for look in looks) == 3
    assert sum(look.startswith("due") for look in looks) == 3
    assert "due missed" in looks
    assert len(list(tree.iter(f"{SVG}circle"))) == 2


def test_rows_run_down_and_stay_inside(report: Report) -> None:
    """What comes later stands lower, no two rows are closer than can be read, and nothing is drawn outside."""
    picture = timeline(report)
    size = re.search(r'viewBox="0 0 ([0-9]+) ([0-9]+)"', picture)
    assert size is not None
    heights = [float(y) for y in re.findall(r'<text x="[0-9]+" y="([0-9]+)">', picture)]
    assert heights == sorted(heights)
    assert min(low - high for high, low in pairwise(heights)) >= 27
    assert max(heights) < int(size[2])


def test_an_exercise_in_which_nothing_happened_has_a_report() -> None:
    """The page is there from the first second."""
    empty = make_report(scenario(), Room().record(0), CLOCK, simulated=False)
    assert b"0 messages between 3 participants" in to_html(empty)
