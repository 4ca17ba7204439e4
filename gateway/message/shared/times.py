"""
Times as text, in one spelling: `2099-05-01T08:30:00Z`.

Only `Z`, no leap seconds, at most six decimals, and only days that exist: the patterns are exact, so a JSON Schema
says all that the codec does. Partial dates are a subset of EDTF: real dates of birth are often a year.
`instant` and `unix_time` translate to the whole Unix seconds of headers.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.shared.basics import Wire, whole

__all__ = [
    "Day",
    "Instant",
    "PartialDate",
    "PartialDateTime",
    "Qualifier",
    "day_ends",
    "days_between",
    "instant",
    "reversed_period",
    "unix_time",
    "within_years",
]

_DAY_S: Final = 86_400
_LEAP_YEAR: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_YEAR: Final = "(?!0000)[0-9]{4}"
_MONTH_DAY: Final = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATE: Final = f"(?:{_YEAR}-{_MONTH_DAY}|(?!0000){_LEAP_YEAR}-02-29)"
_TIME: Final = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z"
_PARTIAL: Final = f"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"

Instant = Annotated[str, Meta(pattern=whole(_DATE + _TIME), extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(pattern=whole(_DATE), extra_json_schema={"format": "date"})]
Qualifier = Literal["exact", "approximate", "claimed"]


class PartialDate(Wire, frozen=True, kw_only=True):
    """A year, a month or a day, as far as it is known."""

    value: Annotated[str, Meta(pattern=whole(f"{_DATE}|{_PARTIAL}"))]
    qualifier: Qualifier = "exact"


class PartialDateTime(Wire, frozen=True, kw_only=True):
    """A year, a month, a day or an instant, as far as it is known."""

    value: Annotated[str, Meta(pattern=whole(f"{_DATE}(?:{_TIME})?|{_PARTIAL}"))]
    qualifier: Qualifier = "exact"


def instant(unix_s: int) -> str:
    """Write whole Unix seconds as content does."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_time(text: str) -> float:
    """Read an `Instant` as Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def day_ends(day: Day) -> int:
    """Return when a day is over, Unix seconds; days are in UTC."""
    return int(unix_time(f"{day}T00:00:00Z")) + _DAY_S


def reversed_period(start: str | None, end: str | None) -> bool:
    """Say whether an end stands before its start, compared as far as both are known."""
    if start is None or end is None:
        return False
    known = min(len(start.rstrip("Z")), len(end.rstrip("Z")))
    return end[:known] < start[:known]


def days_between(start: str, end: str) -> int:
    """Return the days from one `Day` to another; negative when it lies before."""
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def within_years(start: str, end: str, years: int) -> bool:
    """Say whether a `Day` lies at most so many years after another, by the calendar."""
    return (int(end[:4]) - years, end[4:]) <= (int(start[:4]), start[4:])
