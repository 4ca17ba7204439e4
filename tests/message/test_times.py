"""Times: one spelling, days that exist, and the same verdict as the calendar."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.shared.times import (
    Day,
    Instant,
    PartialDate,
    PartialDateTime,
    instant,
    reversed_period,
    unix_time,
)


def matches(annotated: object, text: str) -> bool:
    """Say whether the pattern of a type takes a text."""
    return re.search(get_args(annotated)[1].pattern, text) is not None


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - made aware below
def test_every_instant_of_the_calendar_is_taken_and_comes_back(when: datetime) -> None:
    """Python's own spelling of an instant in UTC is ours."""
    text = when.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert matches(Instant, text)
    assert abs(unix_time(text) - when.replace(tzinfo=UTC).timestamp()) < 1e-3


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_a_day_is_taken_exactly_when_it_exists(year: int, month: int, day: int) -> None:
    """Leap years and the lengths of months are right in every year."""
    try:
        exists = bool(date(year, month, day))
    except ValueError:
        exists = False
    assert matches(Day, f"{year:04}-{month:02}-{day:02}") == exists


@pytest.mark.parametrize(
    "text",
    [
        "2099-05-01 08:30:00Z",
        "2099-05-01t08:30:00Z",
        "2099-05-01T08:30:00z",
        "2099-05-01T08:30:00+00:00",
        "2099-05-01T08:30Z",
        "2099-05-01T08:30:60Z",
        "2099-05-01T24:00:00Z",
        "2099-05-01T08:30:00.1234567Z",
        "2099-05-01T08:30:00.Z",
        "2099-05-01T08:30:00",
        "2099-05-01T08:30:00Z\n",
        "٢٠٩٩-05-01T08:30:00Z",
    ],
)
def test_other_spellings_of_an_instant_are_refused(text: str) -> None:
    """There is one way to write an instant."""
    assert not matches(Instant, text)


def test_partial_dates() -> None:
    """A year, a month or a day is a date; an instant is one only where it makes sense."""
    birth = PartialDate.__annotations__["value"]
    incident = PartialDateTime.__annotations__["value"]
    for text in ("2061", "2061-02", "2061-02-03"):
        assert matches(birth, text)
        assert matches(incident, text)
    assert matches(incident, "2061-02-03T04:05:06Z")
    for text in ("2061-02-03T04:05:06Z", "2061-13", "61", "2061-2", "2061-02-30", "0000"):
        assert not matches(birth, text)


def test_periods_compare_as_far_as_they_are_known() -> None:
    """A month does not end before one of its days."""
    assert not reversed_period("2098-03-05", "2098-03")
    assert reversed_period("2098-03-05", "2098-02")
    assert reversed_period("2098-03-05T10:00:00Z", "2098-03-05T09:59:59Z")
    assert not reversed_period("2098-03-05T10:00:00Z", "2098-03-05T10:00:00.5Z")
    assert not reversed_period(None, "2098")


def test_unix_seconds_come_back() -> None:
    """Header times and content times translate into each other."""
    assert unix_time(instant(4_081_306_200)) == 4_081_306_200
    assert instant(0) == "1970-01-01T00:00:00Z"
