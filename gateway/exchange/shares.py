"""
The share of each participant of this network: submissions and sessions in a time, and sealed bytes that wait.

Counted only for what is proved to be the participant's, so nobody uses up another's share. Submissions and sessions are buckets
of this process, and so are turns: who floods waits for himself, and for him nobody. Bytes are counted by the ledger, beside the
work and seldom; in between what comes is added, so the number here is never below the truth but for what other processes took
since. A look at a share costs about a microsecond and never waits. Spec: schemas/api.md, "Shares".
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
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
    sessions_at: float
    waiting_bytes: int = 0
    counted_at: float = -math.inf
    count_s: float = 0.0  # what the last count took
    counting: bool = False
    at_work: int = 0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque)


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

    async def turn(self, sender: Address) -> None:
        """Wait until this sender has fewer submissions at work than it may; `done` ends what this begins."""
        share = self._shares.get(sender) or self._share(sender)
        if share.at_work < self._limits.sender_at_once:
            share.at_work += 1
            return
        mine = asyncio.get_running_loop().create_future()
        share.queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.done(sender)  # the turn came at the same moment
            raise

    def done(self, sender: Address) -> None:
        """Hand the turn on to who waits longest, or give it back."""
        share = self._shares[sender]
        while share.queue:
            following = share.queue.popleft()
            if not following.done():
                following.set_result(None)
                return
        share.at_work -= 1

    def take_session(self, asker: Address) -> None:
        """Take a session; raise Unavailable `quota` when there were too many."""
        share, most = self._share(asker), self._limits.sessions_per_minute
        share.sessions = min(most, share.sessions + (share.at - share.sessions_at) * most / MINUTE_S)
        share.sessions_at = share.at
        if share.sessions < 1:
            raise _quota(f"{most} sessions of {asker} in a minute", (1 - share.sessions) * MINUTE_S / most)
        share.sessions -= 1

    def _share(self, who: Address) -> _Share:
        now, limits = self._ticks(), self._limits
        share = self._shares.get(who)
        if share is None:  # of those alone who stand in the directory: they are not many
            share = self._shares[who] = _Share(limits.sender_burst, limits.sessions_per_minute, now, now)
            return share
        tokens = share.tokens + (now - share.at) * limits.sender_per_s
        share.tokens = min(limits.sender_burst, tokens)
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
