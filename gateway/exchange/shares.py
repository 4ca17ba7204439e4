"""
The share of each participant of this network: submissions and sessions in a time, and sealed bytes that wait.

Counted only for what is proved to be the participant's, so nobody uses up another's share. Submissions and sessions are buckets
of this process. Bytes are counted by the ledger, beside the work and seldom; in between what comes is added, so the number here
is never below the truth but for what other processes took since. A look at a share costs about a microsecond and never waits.
Spec: schemas/api.md, "Shares".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.config import Limits
    from gateway.ids import Address
    from gateway.ledger import Ledger

    Once = Callable[[str, Callable[[], Awaitable[None]]], None]

__all__ = ["HELD_BACK_S", "Shares"]

MINUTE_S: Final = 60
RECOUNT_S: Final = 30.0  # between two counts of a sender at work: other processes add, and what is delivered goes
SOONEST_S: Final = 2.0  # between two counts of a sender who has no room
SPARING: Final = 20  # times as long as a count took
FULL_RETRY_S: Final = 10  # until something of theirs was delivered, perhaps
HELD_BACK_S: Final = 1.0  # an answer to what is beyond a share: who asks again at once gets no more of this processor


@dataclass(slots=True)
class _Share:
    """What one participant has left."""

    tokens: float
    sessions: float
    at: float
    waiting_bytes: int = 0
    counted_at: float = -math.inf
    count_s: float = 0.0  # what the last count took
    counting: bool = False


class Shares:
    """
    Counts what participants take.

    Args:
        ledger: Knows what waits.
        limits: How much each may have.
        ticks: Seconds that never go back.
        once: Runs a count beside the work.
    """

    def __init__(self, ledger: Ledger, limits: Limits, ticks: Callable[[], float], once: Once) -> None:
        self._ledger = ledger
        self._limits = limits
        self._ticks = ticks
        self._once = once
        self._shares: dict[Address, _Share] = {}

    def take(self, sender: Address, size_bytes: int) -> None:
        """
        Take a submission that is proved to be its sender's.

        Raises:
            Unavailable: `quota`, with the time until there is room; nothing was taken.
        """
        share = self._share(sender)
        limits = self._limits
        if share.waiting_bytes + size_bytes > limits.sender_waiting_bytes:
            self._count(sender, share, SOONEST_S)
            raise _quota(f"{share.waiting_bytes} bytes of {sender} wait, limit {limits.sender_waiting_bytes}", FULL_RETRY_S)
        if share.tokens < 1:
            wait_s = (1 - share.tokens) / limits.sender_per_s
            raise _quota(f"{limits.sender_per_s:g} submissions of {sender} in a second, for long", wait_s)
        share.tokens -= 1
        share.waiting_bytes += size_bytes
        if share.at - share.counted_at >= RECOUNT_S:
            self._count(sender, share, RECOUNT_S)

    def take_session(self, asker: Address) -> None:
        """Take a session; raise Unavailable `quota` when there were too many."""
        share = self._share(asker)
        if share.sessions < 1:
            most = self._limits.sessions_per_minute
            raise _quota(f"{most} sessions of {asker} in a minute", (1 - share.sessions) * MINUTE_S / most)
        share.sessions -= 1

    def _share(self, who: Address) -> _Share:
        now, limits = self._ticks(), self._limits
        share = self._shares.get(who)
        if share is None:  # of those alone who stand in the directory: they are not many
            share = self._shares[who] = _Share(limits.sender_burst, limits.sessions_per_minute, now)
            return share
        gone_s = now - share.at
        share.tokens = min(limits.sender_burst, share.tokens + gone_s * limits.sender_per_s)
        share.sessions = min(limits.sessions_per_minute, share.sessions + gone_s * limits.sessions_per_minute / MINUTE_S)
        share.at = now
        return share

    def _count(self, sender: Address, share: _Share, pause_s: float) -> None:
        """Let the ledger count, beside the work, unless it does or did a moment ago."""
        if not share.counting and share.at - share.counted_at >= max(pause_s, SPARING * share.count_s):
            share.counting = True
            self._once("count", partial(self._recount, sender, share))

    async def _recount(self, sender: Address, share: _Share) -> None:
        started, before = self._ticks(), share.waiting_bytes
        try:
            found = await self._ledger.standing.waiting_bytes(sender)
        finally:
            share.counting = False
            share.counted_at = self._ticks()
            share.count_s = share.counted_at - started
        # What came during the count may be in it or not: it is counted once too often rather than not at all.
        share.waiting_bytes += found - before


def _quota(detail: str, wait_s: float) -> Unavailable:
    error = Unavailable(detail, code="quota")
    error.retry_after_s = max(1, math.ceil(wait_s))
    return error
