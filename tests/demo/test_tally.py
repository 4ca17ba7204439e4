"""The count at the end of a demonstration: what was refused is neither opened nor lost, and nothing is hidden by it."""

from __future__ import annotations

import pytest

from gateway.demo.tally import Tally

MESSAGE = b"one"


@pytest.fixture
def tally() -> Tally:
    """Return a count with one message for two."""
    tally = Tally()
    tally.accept(MESSAGE, ("NCB-QM", "GN-QN"))
    tally.open(MESSAGE, "NCB-QM")
    return tally


def test_what_nobody_opened_is_lost(tally: Tally) -> None:
    """As long as it is not refused."""
    assert (str(tally), tally.holds) == ("demo: 1 accepted, 1 opened, 1 lost", False)


def test_what_was_refused_is_counted_apart(tally: Tally) -> None:
    """It is in neither number, and the count holds."""
    tally.refuse(MESSAGE, "GN-QN")
    assert (str(tally), tally.holds) == ("demo: 1 accepted, 1 opened, 0 lost", True)


@pytest.mark.parametrize("who", ["NCB-QM", "GS"])
def test_a_refusal_of_what_was_opened_or_never_sent_does_not_hold(tally: Tally, who: str) -> None:
    """Whoever refuses what it opened, or what was not for it, is found."""
    tally.open(MESSAGE, "GN-QN")
    tally.refuse(MESSAGE, who)
    assert not tally.holds


def test_what_was_opened_twice_does_not_hold(tally: Tally) -> None:
    """Nor what was opened by somebody whom it was not for."""
    tally.open(MESSAGE, "GN-QN")
    assert tally.holds
    tally.open(MESSAGE, "GN-QN")
    assert not tally.holds
