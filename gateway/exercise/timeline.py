"""
The picture of an exercise as inline SVG: time runs down, a lane for each participant, messages as arrows, deadlines as marks.

Every row has its words beside it, and what is wrong has another shape and says so: nothing is told by colour alone. Rows are as
far apart as their times, but never closer than can be read. PURE; the table below the picture says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.exercise.scoring import Outcome
from gateway.exercise.times import DAY_S, format_span
from gateway.message.show import visible

if TYPE_CHECKING:
    from gateway.exercise.facts import Judged, Message, Report

__all__ = ["timeline"]

_LEFT: Final = 112  # pixels for days and times
_LANE: Final = 96  # at least
_HEAD_LETTER: Final = 8.6  # of a participant's name over its lane, about
_LETTER: Final = 7.2  # of what each row says, about
_WORDS: Final = 340  # at least
_TOP: Final = 58
_GAP: Final = 27  # between two rows, at least
_DAY: Final = 46  # a day without rows
_RADIUS: Final = 5
_BARB: Final = 6
_SAME_S: Final = 60  # of the scenario: what is no earlier than that is of the day
_MISSED: Final = frozenset({Outcome.MISSING, Outcome.LATE, Outcome.FORBIDDEN})


class _Row(NamedTuple):
    """Something at a time: a message, or what was due; either is None."""

    at_s: float
    message: Message | None
    due: Sequence[Judged]


def timeline(report: Report) -> str:
    """Return the picture."""
    return _Picture(report).svg()


class _Picture:
    def __init__(self, report: Report) -> None:
        self._report = report
        wide = max(_LANE, *(round(len(lane.id) * _HEAD_LETTER) for lane in report.lanes))
        self._lanes = {lane.id: _LEFT + wide * index + wide // 2 for index, lane in enumerate(report.lanes)}
        self._rows = sorted(_rows(report), key=lambda row: row.at_s)
        self._heights = _heights(self._rows)
        self._words_x = _LEFT + wide * len(self._lanes) + 8
        longest = max((len(" ".join(_said(row))) for row in self._rows), default=0)
        self._width = self._words_x + max(_WORDS, round(longest * _LETTER))
        self._bottom = max((*self._heights, self._y(report.ended_s)), default=_TOP) + _GAP

    def svg(self) -> str:
        parts = [*self._frame(), *self._days(), *self._heads()]
        for row, y in zip(self._rows, self._heights, strict=True):
            parts += self._message(row.message, y) if row.message is not None else self._due(row.due, y)
            parts += self._words(row, y)
        title = f"Timeline of {visible(self._report.title)}"
        box = f'viewBox="0 0 {self._width} {self._bottom:.0f}"'
        return "\n".join(
            [
                f'<svg {box} role="img" aria-labelledby="timeline-title timeline-desc">',
                f'<title id="timeline-title">{escape(title)}</title>',
                f'<desc id="timeline-desc">{escape(self._described())}</desc>',
                *parts,
                "</svg>",
            ]
        )

    def _described(self) -> str:
        faults = [f"{one.who}: {one.task}: {', '.join(one.faults)}." for one in self._report.findings if one.faults]
        told = f"{len(self._report.messages)} messages between {len(self._lanes)} participants. "
        return visible(told + (" ".join(faults) or "Nothing was late, missing, over-shared or incomplete."))

    def _frame(self) -> Iterator[str]:
        for lane in self._report.lanes:
            x, kind = self._lanes[lane.id], "lane trainee" if lane.trainee else "lane"
            yield f'<line class="{kind}" x1="{x}" y1="{_TOP - 12}" x2="{x}" y2="{self._bottom - _GAP + 10:.0f}"/>'

    def _heads(self) -> Iterator[str]:
        for lane in self._report.lanes:
            x = self._lanes[lane.id]
            yield _text(x, 20, lane.id, "head", middle=True)
            yield _text(x, 36, "trainee" if lane.trainee else "played", "quiet", middle=True)

    def _days(self) -> Iterator[str]:
        for day in range(int(self._report.ended_s // DAY_S) + 1):
            y = self._y(day * DAY_S)
            yield f'<line class="day" x1="4" y1="{y:.0f}" x2="{self._words_x - 8}" y2="{y:.0f}"/>'
            yield _text(4, y + _GAP / 2 + 4, f"day {day}", "head")  # level with its first row

    def _message(self, message: Message, y: float) -> Iterator[str]:
        x = self._lanes[message.sender]
        look = "faulty" if message.faults else "played" if message.inject is not None else "answered"
        ends = [x, *(self._lanes[name] for name in message.recipients)]
        yield f'<line class="said {look}" x1="{min(ends)}" y1="{y:.0f}" x2="{max(ends)}" y2="{y:.0f}"/>'
        for name in message.recipients:
            yield _arrival(x, self._lanes[name], y, look, stranger=name in message.strangers)
        yield f'<circle class="said point {look}" cx="{x}" cy="{y:.0f}" r="{_RADIUS}"/>'

    def _due(self, due: Sequence[Judged], y: float) -> Iterator[str]:
        for one in due:
            x = self._lanes[one.who]
            missed = one.outcome in _MISSED
            path = f"M{x - 7} {y - 7:.0f} L{x + 7} {y - 7:.0f} L{x} {y + 5:.0f} Z"
            yield f'<path class="due{" missed" * missed}" d="{path}"/>'
            if missed:
                yield _cross(x, y - 2, "said faulty")

    def _words(self, row: _Row, y: float) -> Iterator[str]:
        said, faults = _said(row)
        yield _text(_LEFT - 12, y + 4, format_span(row.at_s), "quiet", end=True)
        wrong = f'<tspan class="wrong">{escape(faults)}</tspan>' if faults else ""
        yield f'<text x="{self._words_x}" y="{y + 4:.0f}">{escape(said)} {wrong}</text>'

    def _y(self, at_s: float) -> float:
        """Return where a day begins: just above its first row, or so many pixels a day from the row before."""
        count = sum(row.at_s < at_s - _SAME_S for row in self._rows)
        start_s, start_y = (self._rows[count - 1].at_s, self._heights[count - 1]) if count else (0.0, _TOP - _GAP / 2)
        if count == len(self._rows):
            return start_y + max(_GAP / 2, (at_s - start_s) * _DAY / DAY_S)
        next_s, next_y = self._rows[count].at_s, self._heights[count]
        return next_y - max(_GAP / 2, (next_s - at_s) * _DAY / DAY_S)


def _rows(report: Report) -> Iterator[_Row]:
    """Yield messages, and deadlines that were reached: one row for trainees who owe the same at one time."""
    for message in report.messages:
        yield _Row(message.at_s, message, ())
    together: dict[tuple[str, int], list[Judged]] = {}
    for one in report.findings:
        if one.outcome not in {Outcome.NOT_ASKED, Outcome.UNEXPECTED} and one.due_s <= report.ended_s:
            together.setdefault((one.expectation, one.due_s), []).append(one)
    for (_, due_s), due in together.items():
        yield _Row(due_s, None, due)


def _said(row: _Row) -> tuple[str, str]:
    """Return what a row says, and what is wrong with it, made safe."""
    if row.message is None:
        faults = [f"{one.who} {one.outcome}" for one in row.due if one.outcome in _MISSED]
        said = f"{'until here' if row.due[0].never else 'due'}: {row.due[0].task}"
    else:
        states = f" \u2192 {', '.join(row.message.states)}" if row.message.states else ""
        said, faults = f"{row.message.number}  {row.message.kind}{states}", list(row.message.faults)
    return visible(said), visible("! " + "; ".join(faults)) if faults else ""


def _heights(rows: Sequence[_Row]) -> list[float]:
    found: list[float] = []
    last_s, last_y = 0.0, float(_TOP) - _GAP + 8
    for row in rows:
        last_y += max(_GAP, (row.at_s - last_s) * _DAY / DAY_S)
        last_s = row.at_s
        found.append(last_y)
    return found


def _arrival(start: int, end: int, y: float, look: str, *, stranger: bool) -> str:
    """Return the head of an arrow, and a cross in place of it where the message must not have come."""
    if stranger:
        return _cross(end, y, "said faulty")
    side = 1 if end > start else -1
    back = end - side * _BARB
    path = f"M{back} {y - _BARB + 1:.0f} L{end - side} {y:.0f} L{back} {y + _BARB - 1:.0f}"
    return f'<path class="said {look}" style="stroke-dasharray:none" d="{path}"/>'


def _cross(x: float, y: float, look: str) -> str:
    path = f"M{x - 5} {y - 5:.0f} l10 10 m0 -10 l-10 10"
    return f'<path class="{look}" style="stroke-dasharray:none;stroke-width:2.4" d="{path}"/>'


def _text(x: float, y: float, text: str, look: str, *, middle: bool = False, end: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
    return f'<text class="{look}" x="{x}" y="{y:.0f}"{anchor}>{escape(visible(text))}</text>'
