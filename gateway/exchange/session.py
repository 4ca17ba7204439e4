"""
Deliver: one inbox session hands a mailbox over, as far as its credit goes.

1. take parcels from the mailbox   2. one look at the ledger: is it still wanted?   3. hand over   4. receipt committed
5. broker ack. What is unwanted is acknowledged and dropped; a repeat of what was handed over is not handed over again.
A newer session of the participant has a higher epoch: then this one takes and hands over nothing more. When nothing is left
anywhere, `next` says so once with an empty batch; when the ledger still shows rows that never came, they are repaired.
The broker may go and come back: the session waits. One task calls `next`; others may call `credit`, `record` and `close`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.exchange.flights import Flights
from gateway.exchange.intake import Bell, Intake
from gateway.exchange.parcels import open_parcel
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.exchange.acknowledge import Acknowledger
    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.flights import Flight
    from gateway.exchange.intake import Taken, Ticket
    from gateway.exchange.parts import Parts
    from gateway.ids import Address

__all__ = ["Session"]

FIRST_LOOK_S: Final = 0.02  # after which a mailbox that looked empty and is not is looked at again; doubled each time
LONGEST_LOOK_S: Final = 1.0
IDLE_S: Final = 15.0  # between two looks when nothing is left: standing, and rows that never came
TIDY_AFTER_S: Final = 30.0  # a flight so old may have been answered on another way

Handed = tuple[int, bytes]  # acceptance number, delivery


class Session:
    """
    One participant's open mailbox.

    Args:
        parts: Of this process.
        dispatcher: Is told what was drained.
        acknowledger: Records receipts.
        asker: Whose mailbox it is.
        epoch: Of this session, from the ledger.
    """

    def __init__(self, parts: Parts, dispatcher: Dispatcher, acknowledger: Acknowledger, asker: Address, epoch: int) -> None:
        self.epoch = epoch
        self.asker = asker
        self.on_close: Callable[[], None] | None = None
        self._parts = parts
        self._limits = parts.limits
        self._dispatcher = dispatcher
        self._acknowledger = acknowledger
        self._flights = Flights(parts.ticks)
        self._bell = Bell()
        self._intake = Intake(parts.broker, asker, self._limits, self._bell)
        self._messages = 0
        self._bytes = 0
        self._replaced = False
        self._closed = False
        self._said_empty = False
        self._checked_at = parts.ticks()
        self._look_at = 0.0
        self._look_s = FIRST_LOOK_S
        self._dry_at: float | None = None
        self._log = logger()

    def credit(self, messages: int, size_bytes: int) -> None:
        """Let so much more be handed over; the last delivery may exceed the bytes, else a large one would never come."""
        self._messages += messages
        self._bytes += size_bytes
        self._bell.ring()

    def look(self) -> None:
        """Look at once whether this session may go on."""
        self._checked_at = -math.inf
        self._bell.ring()

    async def replace(self) -> None:
        """
        End the session for a newer one.

        Whoever waits in `next` learns at once. What was not answered goes back to the mailbox now: the old client may not
        read any more, and the newer session must not wait until that is noticed.
        """
        self._replaced = True
        self._bell.ring()
        await self._intake.close()

    async def next(self) -> Sequence[Handed]:
        """
        Wait for deliveries.

        Returns:
            Acceptance numbers and deliveries; none at all says that nothing waits for this participant any more.

        Raises:
            Rejected: `session-replaced`, or `sender-unknown` when the participant is suspended; nothing more will come.
            Unavailable: `time-limit`, a delivery was not answered in time; `suspended`; `unavailable`, the ledger is away.
        """
        while True:
            await self._check()
            if self._messages <= 0 or self._bytes <= 0:
                await self._intake.pause(IDLE_S)
                continue
            taken = await self._intake.take(self._messages, self._bytes, self._wait_s())
            if taken:
                if handed := await self._hand_over(taken):
                    return handed
            elif await self._ran_empty():
                return ()

    async def record(self, receipts: Sequence[bytes]) -> list[str]:
        """
        Commit receipts, then acknowledge their parcels to the broker.

        Returns:
            One code for each: "" when it was recorded.

        Raises:
            Unavailable: Nothing was recorded.
        """
        outcomes = await self._acknowledger.record(self.asker, receipts)
        # "not-found" and "conflict" are final as well: the same delivery would get the same answer.
        ended = [self._flights.end(outcome.envelope_hash) for outcome in outcomes if outcome.envelope_hash is not None]
        await self._let_go([flight for flight in ended if flight is not None])
        return [outcome.code for outcome in outcomes]

    async def close(self, *, counted: bool = True) -> None:
        """
        Give back what was not answered.

        Args:
            counted: Whether it counts as one of the sessions after which a delivery is held; not when the gateway stops.
        """
        if self._closed:
            return
        self._closed = True
        self._bell.ring()
        if self.on_close is not None:
            self.on_close()
        await self._intake.close()
        refs = self._flights.refs()
        if not refs or not counted:
            return
        try:
            held = await self._parts.ledger.unanswered(refs, self._limits.unanswered_sessions, self._parts.stamps.held)
        except GatewayError as exc:
            self._log.warning("unanswered-not-counted", asker=self.asker, code=exc.code, count=len(refs))
            return
        for ref in held:
            self._parts.metrics.held.inc()
            self._log.error("held", asker=self.asker, number=ref.number, target=f"{ref.number}/{ref.index}")

    async def _check(self) -> None:
        """Raise when this session may not go on; epoch and standing are looked at every `session_check_s`."""
        self._require_open()
        now = self._parts.ticks()
        if now - self._checked_at < self._limits.session_check_s:
            return
        self._checked_at = now
        entry = self._parts.directory.current().entry(self.asker)
        if entry is None or not entry.active:
            raise Rejected(f"{self.asker} is not active", code="sender-unknown")
        self._parts.orders.require(self.asker)
        if self._flights.oldest_s() > self._limits.answer_within_s:
            raise Unavailable(f"a delivery was not answered within {self._limits.answer_within_s:g} s", code="time-limit")
        await self._tidy()
        if self._parts.shared and await self._parts.ledger.epoch(self.asker) != self.epoch:
            self._replaced = True
        self._require_open()

    def _require_open(self) -> None:
        if self._replaced:
            raise Rejected(f"a newer session of {self.asker} took over", code="session-replaced")
        if self._closed:
            raise Unavailable("the session is closed")

    async def _let_go(self, ended: Sequence[Flight]) -> None:
        """Acknowledge to the broker what the ledger has."""
        now = self._parts.ticks()
        tickets: list[Ticket] = []
        for flight in ended:
            self._parts.metrics.answer_seconds.observe(now - flight.handed_at)
            self._dispatcher.answered(flight.ref, self.asker, flight.size_bytes)
            tickets += flight.tickets
        await self._intake.ack(tickets)
        if ended and not self._flights:
            self._bell.ring()

    async def _tidy(self) -> None:
        """Let go what was answered on another way: by a thin client, or under the true hash of a damaged parcel."""
        if self._flights.oldest_s() > TIDY_AFTER_S:
            wanted = await self._parts.ledger.wanted(self._flights.refs())
            await self._let_go(self._flights.drop(wanted))

    def _wait_s(self) -> float:
        """Return how long to wait for the next parcel: until the mailbox is to be looked at again."""
        if self._flights:
            return IDLE_S
        return min(IDLE_S, max(0.0, self._look_at - self._parts.ticks()))

    async def _hand_over(self, taken: Sequence[Taken]) -> list[Handed]:
        """Drop what is unwanted or was handed over before; remember and return the rest."""
        self._look_at, self._look_s = 0.0, FIRST_LOOK_S
        wanted = await self._parts.ledger.wanted([one.ref for one in taken])
        # The last moment: what is not handed over goes back to the mailbox, for the newer session.
        await self._check()
        handed: list[Handed] = []
        dropped: list[Ticket] = []
        for ref, body, ticket in taken:
            if ref not in wanted:
                dropped.append(ticket)
            elif not self._flights.repeated(ref, ticket):
                envelope_hash, delivery = open_parcel(body)
                self._flights.begin(ref, envelope_hash, ticket, len(body))
                handed.append((ref.number, delivery))
        if dropped:
            self._parts.metrics.unwanted.inc(len(dropped))
            await self._intake.ack(dropped)
        self._messages -= len(handed)
        self._bytes -= sum(len(delivery) for _, delivery in handed)
        self._said_empty = self._said_empty and not handed
        self._parts.metrics.handed_over.inc(len(handed))
        return handed

    async def _ran_empty(self) -> bool:
        """Tell once that nothing is left; repair what the ledger shows and the mailbox never brought."""
        self._dispatcher.emptied(self.asker)
        now = self._parts.ticks()
        if self._flights or not self._intake.connected or now < self._look_at:
            return False
        self._dry_at = now if self._dry_at is None else self._dry_at
        waiting = await self._parts.ledger.waiting_count(self.asker)
        self._look_at = now + (self._look_s if waiting else IDLE_S)
        self._look_s = min(LONGEST_LOOK_S, self._look_s * 2)
        if waiting:
            await self._repair(now)
            return False
        told, self._said_empty = self._said_empty, True
        return not told

    async def _repair(self, now: float) -> None:
        """Send back what was queued when the mailbox was empty a while ago and has not come since, whatever else came."""
        if self._dry_at is None or now - self._dry_at < self._limits.repair_after_s:
            return
        ago_s, self._dry_at = now - self._dry_at, now
        count = await self._parts.ledger.requeue(self.asker, int(self._parts.clock() - ago_s))
        if count:
            self._parts.metrics.repaired.inc(count)
            self._log.warning("repaired", mailbox=self.asker, count=count)
            self._dispatcher.look()
