"""Sharing work between threads: the results are those of one thread."""

from __future__ import annotations

import threading

import pytest

from gateway.client.writing.spread import spread


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_stand_in_the_order_of_the_parts(count: int, threads: int) -> None:
    """However many threads share the work, each result stands where its part stood."""
    assert spread(lambda part: part * part, range(count), threads) == [part * part for part in range(count)]


def test_every_thread_has_a_share_and_this_one_too() -> None:
    """The thread that asks works along with the others."""
    meeting = threading.Barrier(3, timeout=10)

    def work(_: int) -> int:
        meeting.wait()  # passes only when three work at once
        return threading.get_ident()

    found = spread(work, range(3), 3)
    assert len(set(found)) == 3
    assert threading.get_ident() in found


def test_what_goes_wrong_in_another_thread_is_raised() -> None:
    """A recipient that cannot be sealed to refuses the message, whichever thread had it."""

    def work(part: int) -> int:
        if part == 9:
            raise ValueError(part)
        return part

    with pytest.raises(ValueError, match="9"):
        spread(work, range(10), 2)
