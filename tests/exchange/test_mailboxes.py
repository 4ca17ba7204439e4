"""Mailboxes that take nothing for now: passed over, and tried again by evidence or after a growing pause."""

from __future__ import annotations

import pytest

from gateway.exchange.mailboxes import LONGEST_PAUSE_S, Resting
from tests.support.exchange import address

QM, GN = address("NCB-QM"), address("GN-QN")
LIMIT = 4000


class Seconds:
    """A clock that stands still."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Seconds:
    """A clock at 100."""
    return Seconds()


@pytest.fixture
def resting(clock: Seconds) -> Resting:
    """No mailbox rests."""
    return Resting(LIMIT, clock)


def test_a_full_mailbox_is_passed_over(resting: Resting) -> None:
    """Only the mailbox that took nothing is passed over."""
    resting.rest(QM)
    assert QM in resting
    assert GN not in resting
    assert resting.names() == {QM}


def test_it_is_tried_again_after_a_pause(resting: Resting, clock: Seconds) -> None:
    """Its session may be in another process, so time alone brings another try."""
    resting.rest(QM)
    assert not resting.wake()
    clock.now += resting.next_s()
    assert resting.wake()
    assert QM not in resting


def test_the_pause_doubles_while_nothing_gets_through(resting: Resting, clock: Seconds) -> None:
    """A recipient that is offline for weeks costs little."""
    pauses = []
    for _ in range(10):
        resting.rest(QM)
        pauses.append(resting.next_s())
        clock.now += pauses[-1]
        resting.wake()
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert max(pauses) == LONGEST_PAUSE_S


def test_what_gets_through_ends_the_long_pauses(resting: Resting, clock: Seconds) -> None:
    """After a parcel was stored the next pause is short again."""
    for _ in range(4):
        resting.rest(QM)
        clock.now += resting.next_s()
        resting.wake()
    resting.took(QM)
    resting.rest(QM)
    assert resting.next_s() == 1.0


def test_a_quarter_drained_is_worth_a_try(resting: Resting) -> None:
    """A session that acknowledges makes room; small amounts are collected."""
    resting.rest(QM)
    assert not resting.drained(QM, LIMIT // 8)
    assert resting.drained(QM, LIMIT // 8)
    assert QM not in resting


def test_an_empty_mailbox_is_worth_a_try(resting: Resting) -> None:
    """A session that found nothing left says that there is room."""
    resting.rest(QM)
    assert resting.emptied(QM)
    assert not resting.emptied(QM)


def test_who_does_not_rest_is_not_woken(resting: Resting) -> None:
    """Draining a mailbox that is not passed over changes nothing."""
    assert not resting.drained(GN, LIMIT)
    assert resting.next_s() == float("inf")
