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
from gateway.exercise.times import DAY_S
from gateway.message.show import visible

if TYPE_CHECKING:
    from gateway.exercise.facts import Judged, Message, Report

__all__ = ["timeline"]

_LEFT: Final = 74  # pixels for the times
_LANE: Final = 104
_WORDS: Final = 470  # for what each row says
_TOP: Final = 58
_GAP: Final = 27  # between two rows, at least
_DAY: Final = 46  # a day without rows
_RADIUS: Final = 5
_BARB: Final = 6


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
        self._lanes = {lane.id: _LEFT + _LANE * index + _LANE // 2 for index, lane in enumerate(report.lanes)}
        self._rows = sorted(_rows(report), key=lambda row: row.at_s)
        self._heights = _heights(self._rows)
        self._width = _LEFT + _LANE * len(self._lanes) + _WORDS
        self._bottom = max((*self._heights, self._y(report.ended_s)), default=_TOP) + _GAP

    def svg(self) -> str:
        parts = [*self._frame(), *self._days(), *self._heads()]
        for row, y in zip(self._rows, self._heights, strict=True):
            parts += self._message(row.message, y) if row.message is not None else self._due(row.due, y)
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
            end = self._width - _WORDS
            yield f'<line class="day" x1="{_LEFT - 8}" y1="{y:.0f}" x2="{end}" y2="{y:.0f}"/>'
            yield _text(4, y + 4, f"day {day}", "head")

    def _message(self, message: Message, y: float) -> Iterator[str]:
        x = self._lanes[message.sender]
        look = "faulty" if message.faults else "played" if message.inject is not None else "answered"
        for name in message.recipients:
            yield from self._arrow(x, self._lanes[name], y, look, stranger=name in message.strangers)
        yield f'<circle class="said point {look}" cx="{x}" cy="{y:.0f}" r="{_RADIUS}"/>'
        state = f" \u2192 {', '.join(message.states)}" if message.states else ""
        yield from self._words(message.at, y, f"{message.number}  {message.kind}{state}", message.faults)

    def _arrow(self, start: int, end: int, y: float, look: str, *, stranger: bool) -> Iterator[str]:
        side = 1 if end > start else -1
        yield f'<line class="said {look}" x1="{start}" y1="{y:.0f}" x2="{end - side * 2}" y2="{y:.0f}"/>'
        back = end - side * _BARB
        if stranger:  # a cross in place of the head: it must not have come here
            yield _cross(end, y, "said faulty")
        else:
            path = f"M{back} {y - _BARB + 1:.0f} L{end - side} {y:.0f} L{back} {y + _BARB - 1:.0f}"
            yield f'<path class="said {look}" style="stroke-dasharray:none" d="{path}"/>'

    def _due(self, due: Sequence[Judged], y: float) -> Iterator[str]:
        for one in due:
            x = self._lanes[one.who]
            missed = one.outcome in {Outcome.MISSING, Outcome.LATE, Outcome.FORBIDDEN}
            path = f"M{x - 7} {y - 7:.0f} L{x + 7} {y - 7:.0f} L{x} {y + 5:.0f} Z"
            yield f'<path class="due{" missed" * missed}" d="{path}"/>'
            if missed:
                yield _cross(x, y - 2, "said faulty")
        faults = [
            f"{one.who} {one.outcome}" for one in due if one.outcome in {Outcome.MISSING, Outcome.LATE, Outcome.FORBIDDEN}
        ]
        yield from self._words(due[0].due, y, f"due: {due[0].task}", faults)

    def _words(self, at: str, y: float, said: str, faults: Sequence[str]) -> Iterator[str]:
        x = self._width - _WORDS + 8
        yield _text(_LEFT - 10, y + 4, at, "quiet", end=True)
        wrong = f'<tspan class="wrong">  {escape(visible("! " + "; ".join(faults)))}</tspan>' if faults else ""
        yield f'<text x="{x}" y="{y + 4:.0f}">{escape(visible(said))}{wrong}</text>'

    def _y(self, at_s: float) -> float:
        """Return where a time is: between the rows around it, or so many pixels a day where there are none."""
        before = [(row.at_s, y) for row, y in zip(self._rows, self._heights, strict=True) if row.at_s <= at_s]
        after = [(row.at_s, y) for row, y in zip(self._rows, self._heights, strict=True) if row.at_s > at_s]
        start_s, start_y = before[-1] if before else (0.0, float(_TOP))
        if not after:
            return start_y + (at_s - start_s) * _DAY / DAY_S
        end_s, end_y = after[0]
        return start_y + (end_y - start_y) * (at_s - start_s) / max(1.0, end_s - start_s)


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


def _heights(rows: Sequence[_Row]) -> list[float]:
    found: list[float] = []
    last_s, last_y = 0.0, float(_TOP) - _GAP + 8
    for row in rows:
        last_y += max(_GAP, (row.at_s - last_s) * _DAY / DAY_S)
        last_s = row.at_s
        found.append(last_y)
    return found


def _cross(x: float, y: float, look: str) -> str:
    path = f"M{x - 5} {y - 5:.0f} l10 10 m0 -10 l-10 10"
    return f'<path class="{look}" style="stroke-dasharray:none;stroke-width:2.4" d="{path}"/>'


def _text(x: float, y: float, text: str, look: str, *, middle: bool = False, end: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
    return f'<text class="{look}" x="{x}" y="{y:.0f}"{anchor}>{escape(visible(text))}</text>'
