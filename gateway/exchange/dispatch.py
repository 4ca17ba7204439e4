"""
Dispatch: rows in state `accepted` go to the mailbox queues, in order, and become `queued`.

Just accepted messages come straight from memory (`offer`), so that nobody waits for a poll and nothing is read back. What does
not fit, and what was there before, is read from the ledger in pages; the two never overlap: a page is read only when all
that was published is marked, and what a page showed is taken out of memory.
Order holds for each mailbox: one that took nothing is passed over until it drains (`mailboxes`), then read from the ledger.
The broker may fail at any time: rows that were not marked are published again, and unwanted repeats are dropped at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError
from gateway.exchange.mailboxes import Resting
from gateway.exchange.parcels import Dispatch, from_waiting
from gateway.exchange.publish import Publisher
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.exchange.parts import Parts
    from gateway.ids import Address
    from gateway.ledger import Ref

__all__ = ["Dispatcher"]

FIRST_PAUSE_S: Final = 0.1  # after a fault; doubled each time, with jitter
LONGEST_PAUSE_S: Final = 5.0
READY_LOOK_S: Final = 0.1  # the pause ends early when the broker's line comes back
LEAST_ROWS: Final = 32
FOREIGN_S: Final = 2  # a row of another process that is younger is surely on its way there
_PAGES_KEPT: Final = 4  # an accept that ends later than so many pages after its commit is published twice, at worst


class Dispatcher:
    """
    Brings accepted rows to mailboxes; one for each process.

    Args:
        parts: Of this process.
        mailbox_bytes: What a mailbox holds at most.
        clock: Seconds, monotonic.
    """

    def __init__(self, parts: Parts, mailbox_bytes: int, clock: Callable[[], float] = monotonic) -> None:
        self._ledger = parts.ledger
        self._broker = parts.broker
        self._limits = parts.limits
        self._metrics = parts.metrics
        self._clock = clock
        self._resting = Resting(mailbox_bytes, clock)
        self._publisher = Publisher(parts, self._resting)
        self._log = logger()
        self._wake = asyncio.Event()
        self._fresh: list[Dispatch] = []
        self._fresh_bytes = 0
        self._behind = True  # whether the ledger may have rows that are not in `_fresh`
        self._shared = parts.shared
        self._wall_clock = parts.clock
        self._own: dict[int, int] = {}  # what was accepted here lately, and when; of interest where others work on it too
        self._seen: deque[frozenset[int]] = deque(maxlen=_PAGES_KEPT)
        self._page_rows = self._limits.page_rows
        self._poll_at = 0.0
        self._pause_s = FIRST_PAUSE_S

    def offer(self, dispatch: Dispatch) -> None:
        """Take a message that was accepted just now; when there is no room it is read back from the ledger."""
        if self._shared:
            self._remember(dispatch)
        for page in self._seen:
            if dispatch.number in page:
                return
        if all(row.recipient in self._resting for row in dispatch.rows):
            return  # the page that is read when their rest is over has it
        self._fresh.append(dispatch)
        self._fresh_bytes += dispatch.size_bytes
        if self._fresh_bytes > self._limits.fresh_bytes:
            self._leave_fresh()
            self._behind = True
        self._wake.set()

    def look(self) -> None:
        """Read the ledger: rows came back to `accepted`."""
        self._behind = True
        self._wake.set()

    def answered(self, ref: Ref, mailbox: Address, size_bytes: int) -> None:
        """Note that a delivery's receipt is recorded, and what that takes out of its mailbox."""
        self._publisher.answered(ref)
        if len(self._resting) and self._resting.drained(mailbox, size_bytes):
            self.look()

    def emptied(self, mailbox: Address) -> None:
        """Note that a session found a mailbox empty."""
        if len(self._resting) and self._resting.emptied(mailbox):
            self.look()

    async def run(self) -> None:
        """Work until cancelled; faults of ledger and broker are waited out."""
        self._behind = True
        while True:
            try:
                await self._round()
            except GatewayError as exc:
                self._behind = True
                self._metrics.faults("dispatch", exc.code).inc()
                await self._wait_out(exc)
            else:
                self._pause_s = FIRST_PAUSE_S

    async def settle(self) -> None:
        """Wait until everything that was published is marked."""
        await self._publisher.settle()

    async def _round(self) -> None:
        if self._resting.wake() or self._clock() >= self._poll_at:
            self._poll_at = self._clock() + self._limits.poll_s
            self._behind = True
        if self._behind:
            await self._read_page()
        elif self._fresh:
            fresh, self._fresh, self._fresh_bytes = sorted(self._fresh, key=_rank), [], 0
            await self._publisher.publish(fresh)
        else:
            await self._sleep()

    async def _read_page(self) -> None:
        # What is published and not marked would be read again.
        await self._publisher.settle()
        self._behind = False
        page = await self._ledger.waiting(self._limits.page_bytes, self._page_rows, self._resting.names())
        ours = self._for_us(map(from_waiting, page.messages))
        self._seen.append(frozenset(dispatch.number for dispatch in ours))
        if ours and not page.whole:
            self._behind = True
        if self._behind:
            self._leave_fresh()
        else:
            self._fresh = [dispatch for dispatch in self._fresh if dispatch.number not in self._seen[-1]]
            self._fresh_bytes = sum(dispatch.size_bytes for dispatch in self._fresh)
        stored = await self._publisher.publish(ours)
        # Full mailboxes make a page mostly a waste: read about as much as gets through.
        self._page_rows = min(self._limits.page_rows, max(LEAST_ROWS, 2 * stored))

    async def _sleep(self) -> None:
        self._wake.clear()
        wait_s = min(self._poll_at - self._clock(), self._resting.next_s())
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _wait_out(self, exc: GatewayError) -> None:
        """Pause with jitter, so that many processes do not come back at the same moment."""
        wait_s = self._pause_s * random.uniform(0.5, 1.0)  # noqa: S311  jitter is no secret
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        self._log.warning("dispatch-waits", code=exc.code, detail=exc.detail, wait_s=round(wait_s, 2))
        was_ready = self._broker.ready
        until = self._clock() + wait_s
        while (left_s := until - self._clock()) > 0 and (was_ready or not self._broker.ready):  # noqa: ASYNC110  a port has no event
            await asyncio.sleep(min(READY_LOOK_S, left_s))

    def _for_us(self, page: Iterable[Dispatch]) -> list[Dispatch]:
        """Leave to other processes what they accepted just now; look again soon, for they may have died."""
        if not self._shared:
            return list(page)
        now = self._wall_clock()
        ours, theirs = [], False
        for dispatch in page:
            # Either way: a clock that was set back makes rows that come from the future.
            if abs(now - dispatch.accepted_at) > FOREIGN_S or dispatch.number in self._own:
                ours.append(dispatch)
            else:
                theirs = True
        if theirs:
            self._poll_at = min(self._poll_at, self._clock() + FOREIGN_S)
        return ours

    def _remember(self, dispatch: Dispatch) -> None:
        """Note that it is ours, whatever becomes of the first try; what is older than `FOREIGN_S` is everybody's."""
        self._own[dispatch.number] = dispatch.accepted_at
        now = self._wall_clock()
        for number in list(itertools.takewhile(lambda number: abs(now - self._own[number]) > FOREIGN_S, self._own)):
            del self._own[number]

    def _leave_fresh(self) -> None:
        """Leave to the ledger what is in memory."""
        self._fresh = []
        self._fresh_bytes = 0


def _rank(dispatch: Dispatch) -> tuple[bool, int]:
    return dispatch.rank
