"""Times of a scenario: spans, and the clock that scales them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exercise.times import DAY_S, Clock, format_span, parse_span


@pytest.mark.parametrize(
    ("text", "seconds"), [("0d", 0), ("2d", 172_800), ("2d 6h", 194_400), ("1h 30m", 5_400), ("45m", 2_700)]
)
def test_a_span_says_days_hours_and_minutes(text: str, seconds: int) -> None:
    """What a scenario file writes is what the report shows."""
    assert parse_span(text) == seconds
    assert format_span(seconds) == text


@pytest.mark.parametrize("text", ["", "d", "2", "2d ", " 2d", "6h 2d", "2 d", "-1d", "2d\n", "1000d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    """A slip of the pen is found before anybody takes part."""
    with pytest.raises(ValueError, match="no time of a scenario"):
        parse_span(text)


@given(st.integers(0, 900), st.integers(0, 23))
def test_whole_hours_survive_being_written(days: int, hours: int) -> None:
    """A span of days and hours is read as it was written."""
    span_s = days * DAY_S + hours * 3_600
    assert parse_span(format_span(span_s)) == span_s


@given(st.integers(0, 99 * DAY_S), st.floats(0.01, DAY_S))
def test_a_header_never_gives_less_time(span_s: int, day_s: float) -> None:
    """Scaled times become whole seconds that are not before the time meant, and less than a second after."""
    clock = Clock(1_800_000_000, day_s)
    assert 0 <= clock.header(span_s) - clock.real(span_s) < 1
    assert clock.span(clock.real(span_s)) == pytest.approx(span_s, abs=DAY_S / day_s * 1e-5 + 1)
