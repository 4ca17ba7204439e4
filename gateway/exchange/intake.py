"""
The reading end of a session: parcels in batches, and waits that can be broken off.

What is here already is taken without a task; only a wait needs one, which races against the session's bell (credit, a
recorded receipt, a newer session). A lost line is waited out: the consumer is opened again, and what it held comes again
under new tickets. A ticket of an earlier line is never acknowledged: its number may name another parcel now.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.ending import end
from gateway.errors import Unavailable
from gateway.ledger import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.broker import Arrived, Broker, Consumer
    from gateway.config import Limits
    from gateway.ids import Address

__all__ = ["Bell", "Intake", "Taken", "Ticket"]

REOPEN_S: Final = 0.5  # between two tries to open a consumer

Ticket = tuple[int, int]  # the line, and the consumer's tag on it


class Taken(NamedTuple):
    """A parcel in the session's hands."""

    ref: Ref
    body: bytes
    ticket: Ticket


class Bell:
    """Breaks off the waits of one task; what was rung before the wait breaks it off at once."""

    def __init__(self) -> None:
        self._rung = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Break off the current wait, or the next one."""
        self._rung = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, other: asyncio.Task[Arrived | None] | None, timeout_s: float | None = None) -> None:
        """Wait until the bell rings, `other` is done or the time is over."""
        if not self._rung:
            self._waiting = asyncio.get_running_loop().create_future()
            both: set[asyncio.Future[Any]] = {self._waiting} if other is None else {self._waiting, other}
            await asyncio.wait(both, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        self._waiting = None
        self._rung = False


class Intake:
    """
    Takes parcels out of one mailbox.

    Args:
        broker: Where the mailbox is.
        mailbox: Whose.
        limits: Sizes of a batch.
        bell: Breaks waits off.
    """

    def __init__(self, broker: Broker, mailbox: Address, limits: Limits, bell: Bell) -> None:
        self._broker = broker
        self._mailbox = mailbox
        self._limits = limits
        self._bell = bell
        self._consumer: Consumer | None = None
        self._getting: asyncio.Task[Arrived | None] | None = None
        self._line = 0  # consumers opened so far

    @property
    def connected(self) -> bool:
        """Whether parcels could arrive now."""
        return self._consumer is not None

    async def take(self, messages: int, size_bytes: int, timeout_s: float) -> list[Taken]:
        """
        Return the next parcels, waiting for the first one only.

        Args:
            messages: At most so many.
            size_bytes: No further one once so many bytes are reached.
            timeout_s: For the first one; 0 takes what is here already.

        Returns:
            None at all when nothing came in time, the wait was broken off, or the broker is away.
        """
        try:
            consumer = self._consumer or await self._open()
            batch = await self._batch(consumer, messages, size_bytes, timeout_s)
        except Unavailable:
            # What was taken so far comes again: the broker has its parcels back.
            await self.close()
            await self.pause(REOPEN_S)
            return []
        return [Taken(Ref(*arrived.ref), arrived.body, (self._line, arrived.tag)) for arrived in batch]

    async def pause(self, timeout_s: float) -> None:
        """Wait for the bell alone."""
        await self._bell.wait(None, timeout_s)

    async def ack(self, tickets: Sequence[Ticket]) -> None:
        """Let parcels go for good; when the line is lost they come again and are found unwanted."""
        tags = [tag for line, tag in tickets if line == self._line]
        if tags and self._consumer is not None:
            with suppress(Unavailable):
                await self._consumer.ack(tags)

    async def close(self) -> None:
        """Give back what is not acknowledged."""
        consumer, self._consumer = self._consumer, None
        getting, self._getting = self._getting, None
        if getting is not None:
            await end([getting])  # a lost line is no news here
        if consumer is not None:
            await consumer.__aexit__(None, None, None)

    async def _open(self) -> Consumer:
        consumer = self._broker.consume(self._mailbox, self._limits.prefetch)
        await consumer.__aenter__()
        self._consumer = consumer
        self._line += 1
        return consumer

    async def _batch(self, consumer: Consumer, messages: int, size_bytes: int, timeout_s: float) -> list[Arrived]:
        batch: list[Arrived] = []
        arrived = await self._first(consumer, timeout_s)
        left_bytes = min(size_bytes, self._limits.batch_bytes)
        while arrived is not None:
            batch.append(arrived)
            left_bytes -= len(arrived.body)
            if left_bytes <= 0 or len(batch) >= min(messages, self._limits.batch_messages):
                break
            arrived = await consumer.get(0)
        return batch

    async def _first(self, consumer: Consumer, timeout_s: float) -> Arrived | None:
        if self._getting is None:
            arrived = await consumer.get(0)
            if arrived is not None or timeout_s <= 0:
                return arrived
            self._getting = asyncio.create_task(consumer.get(timeout_s), name="mailbox")
        getting = self._getting
        await self._bell.wait(getting)
        if self._getting is not getting or not getting.done():
            return None  # closed meanwhile, or broken off: then the next call waits on
        self._getting = None
        return getting.result()
