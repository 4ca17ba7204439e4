"""
Time of a scenario: spans such as `2d 6h` from its beginning, and what they are on the clock of the wall.

A day of a scenario lasts some seconds of real time; real times in messages are made from scaled ones, so that ordinary software
works unchanged. Headers carry whole seconds: what lies closer together than a second cannot be told apart.
"""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

__all__ = ["DAY_S", "Clock", "format_span", "parse_span"]

DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_MINUTE_S: Final = 60
_SPAN: Final = re.compile(r"(?=[0-9])(?:([0-9]{1,3})d ?)?(?:([0-9]{1,2})h ?)?(?:([0-9]{1,2})m)?")


class Clock(NamedTuple):
    """
    The clock of one exercise.

    Attributes:
        start: When its first day began, whole Unix seconds.
        day_s: Seconds that a day of the scenario lasts.
    """

    start: int
    day_s: float

    def real(self, span_s: int) -> float:
        """Return a time of the scenario as Unix seconds."""
        return self.start + span_s * self.day_s / DAY_S

    def header(self, span_s: int) -> int:
        """Return a time of the scenario as a header says it; rounded up, so that nobody has less time."""
        return math.ceil(self.real(span_s))

    def span(self, real: float) -> float:
        """Return Unix seconds as a time of the scenario, in its seconds."""
        return (real - self.start) * DAY_S / self.day_s


def parse_span(text: str) -> int:
    """Read `2d`, `2d 6h`, `30m` as seconds of the scenario; ValueError for anything else."""
    found = _SPAN.fullmatch(text)
    if found is None or text.endswith(" "):
        raise ValueError(f"no time of a scenario, e.g. 2d 6h: {text!r}")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * DAY_S + hours * _HOUR_S + minutes * _MINUTE_S


def format_span(span_s: float) -> str:
    """Write seconds of the scenario as `2d 6h`, to the minute; hours alone from a day on."""
    minutes = max(0, round(span_s / _MINUTE_S))
    hours = round(span_s / _HOUR_S)
    if hours >= DAY_S // _HOUR_S:
        days, hours = divmod(hours, 24)
        return f"{days}d {hours}h" if hours else f"{days}d"
    hours, minutes = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours}h" * bool(hours), f"{minutes}m" * bool(minutes)) if part) or "0d"
