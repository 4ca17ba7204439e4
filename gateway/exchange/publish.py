"""
Publishing: rows become parcels, parcels become outcomes, outcomes become marks in the ledger.

At most `CHUNK_BYTES` of parcels exist at a time, however many recipients a message has. Every outcome but STORED leaves the
row `accepted` and rests the mailbox, so that order is kept. Marking is put off for `MARK_AFTER_S`: a recipient who is there
answers sooner, and its row goes from `accepted` to `delivered` in one step. Nothing is read from the ledger meanwhile
(`settle`), and after a crash the same rows are published again, as after a crash between any two steps.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.broker import Outcome
from gateway.exchange.parcels import make_parcel
from gateway.ids import Address
from gateway.ledger import Ref
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.broker import Parcel
    from gateway.exchange.mailboxes import Resting
    from gateway.exchange.parcels import Dispatch
    from gateway.exchange.parts import Parts

__all__ = ["Publisher"]

CHUNK_BYTES: Final = 1 << 20
CHUNK_PARCELS: Final = 256  # some 3 ms of building
MARK_AFTER_S: Final = 0.1
MARKED_TOGETHER: Final = 512
MARKING_AT_ONCE: Final = 4
_ID_BYTES: Final = 8


class Publisher:
    """
    Publishes for a dispatcher.

    Args:
        parts: Of this process.
        resting: Mailboxes to pass over; filled here.
    """

    def __init__(self, parts: Parts, resting: Resting) -> None:
        self._ledger = parts.ledger
        self._broker = parts.broker
        self._metrics = parts.metrics
        self._wall_clock = parts.clock
        self._resting = resting
        self._log = logger()
        self._unmarked: dict[Ref, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._marking: set[asyncio.Task[None]] = set()
        self._process = parts.rng(_ID_BYTES)
        self._attempts = 0

    async def publish(self, dispatches: Sequence[Dispatch]) -> int:
        """
        Bring rows to their mailboxes, in the order given.

        Returns:
            How many were stored.

        Raises:
            Unavailable: The broker or the ledger is away; what was not marked is still `accepted`.
        """
        stored = 0
        # To the end of the call, also where a rest ends meanwhile: what was refused, or waits in the ledger, goes first.
        passed_over = set(self._resting.names())
        for chunk in self._chunks(dispatches, passed_over):
            stored += await self._publish(chunk, passed_over)
        return stored

    def answered(self, ref: Ref) -> None:
        """Note that a row needs no mark any more: its receipt is recorded."""
        self._unmarked.pop(ref, None)

    async def settle(self) -> None:
        """
        Mark everything that was stored and wait for it.

        Raises:
            GatewayError: Some were not marked, and are still `accepted`.
        """
        self._flush()
        marking, self._marking = self._marking, set()
        outcomes = await asyncio.gather(*marking, return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    def _chunks(self, dispatches: Sequence[Dispatch], passed_over: set[Address]) -> Iterator[list[Parcel]]:
        chunk: list[Parcel] = []
        size_bytes = 0
        for dispatch in dispatches:
            for row in dispatch.rows:
                if row.recipient in passed_over:
                    continue
                parcel = make_parcel(dispatch, row, self._next_id(), self._wall_clock())
                chunk.append(parcel)
                size_bytes += len(parcel.body)
                if size_bytes >= CHUNK_BYTES or len(chunk) >= CHUNK_PARCELS:
                    yield chunk
                    chunk, size_bytes = [], 0
        if chunk:
            yield chunk

    async def _publish(self, parcels: list[Parcel], passed_over: set[Address]) -> int:
        outcomes = await self._broker.publish(parcels)
        self._count_returns(outcomes)
        if Outcome.ABSENT in outcomes:
            outcomes = await self._declare(parcels, outcomes)
        stored = [Ref(*parcel.ref) for parcel, outcome in zip(parcels, outcomes, strict=True) if outcome is Outcome.STORED]
        self._account(parcels, outcomes)
        passed_over.update(self._resting.names())
        if stored:
            self._metrics.dispatched.inc(len(stored))
            await self._note(stored)
        return len(stored)

    async def _declare(self, parcels: Sequence[Parcel], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Declare the mailboxes that are not there, and publish to them once more."""
        absent = [parcel for parcel, outcome in zip(parcels, outcomes, strict=True) if outcome is Outcome.ABSENT]
        await asyncio.gather(*(self._broker.declare(mailbox) for mailbox in _mailboxes(absent)))
        answers = await self._broker.publish(absent)
        self._count_returns(answers)
        again = iter(answers)
        return [next(again) if outcome is Outcome.ABSENT else outcome for outcome in outcomes]

    def _count_returns(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome is not Outcome.STORED:
                self._metrics.broker_returns(outcome.value).inc()

    def _account(self, parcels: Sequence[Parcel], outcomes: Sequence[Outcome]) -> None:
        if all(outcome is Outcome.STORED for outcome in outcomes):
            for mailbox in _mailboxes(parcels) if self._resting.has_pauses else ():
                self._resting.took(mailbox)
            return
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            mailbox = Address(parcel.mailbox)
            if outcome is Outcome.STORED:
                self._resting.took(mailbox)
            elif mailbox not in self._resting:
                self._resting.rest(mailbox)
                self._metrics.mailbox_full.inc(outcome is Outcome.FULL)
                self._log.info("mailbox-rests", mailbox=mailbox, outcome=str(outcome))

    async def _note(self, stored: Sequence[Ref]) -> None:
        """Put rows down to be marked; wait when marking is slower than publishing."""
        self._unmarked.update(dict.fromkeys(stored))
        if len(self._unmarked) >= MARKED_TOGETHER:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MARK_AFTER_S, self._flush)
        while len(self._marking) >= MARKING_AT_ONCE:
            done, self._marking = await asyncio.wait(self._marking, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        refs, self._unmarked = list(self._unmarked), {}
        if refs:
            self._marking.add(asyncio.create_task(self._ledger.mark_queued(refs), name="mark-queued"))

    def _next_id(self) -> bytes:
        self._attempts += 1
        return self._process + self._attempts.to_bytes(_ID_BYTES, "big")


def _mailboxes(parcels: Iterable[Parcel]) -> list[Address]:
    return list(dict.fromkeys(Address(parcel.mailbox) for parcel in parcels))
