"""
What runs beside the application while an inbox session is open: reading, keeping, and staying signed on.

Each delivery is committed to the home before its signed `delivered` receipt goes out; what arrives while a commit runs is
committed together. The reader never waits for the application: credit does, one message for each that was handed over, so a
slow application bounds what lies in memory. Any end of the session ends all of it, and shows as `ended`; what is on disk then,
and not yet in line for the application, is held.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.client.line.refusals import clock_hint
from gateway.client.line.session import Session
from gateway.client.parts import Parts
from gateway.client.receiving.opening import Identity, identify, identify_claim
from gateway.client.receiving.recalls import AT_ONCE
from gateway.client.records import arrivals
from gateway.client.records.arrivals import Arrival, Claimed, Kept
from gateway.client.records.sealed import sealed_delivery
from gateway.ending import end
from gateway.envelope.receipt import Event
from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable, Uncertain
from gateway.protocol import frames
from gateway.protocol.request import MAX_SKEW_S

__all__ = ["CREDIT_BYTES", "CREDIT_MESSAGES", "PULSE_S", "Intake"]

CREDIT_MESSAGES: Final = 64
CREDIT_BYTES: Final = 16 << 20
PULSE_S: Final = 60.0
RENEW_S: Final = 3000.0  # the gateway ends a session an hour after it was last signed
_log: Final = logging.getLogger(__name__)


class Intake:
    """
    One session at work.

    Args:
        parts: Of the home.
        session: Open; closed with this object.
        owner: The inbox iteration that claims what arrives.
        ready: Where kept deliveries go, in order.
        held: Where the rows go that are to be claimed again.
    """

    def __init__(self, parts: Parts, session: Session, owner: bytes, ready: deque[Claimed], held: list[int]) -> None:
        self._parts = parts
        self._session = session
        self._owner = owner
        self._ready = ready
        self._held = held
        self._arriving: list[bytes] = []
        self._arrived = asyncio.Event()
        self._keeping = False
        self._empty = False
        self._owed: dict[int, int] = {}  # row to bytes, of what used credit and is not handed over yet
        self._returned = [0, 0]
        self._ledger_after = 0
        self._signed_at = parts.clock()
        self._tasks: list[asyncio.Task[None]] = []
        self._sweep: asyncio.TimerHandle | None = None
        self.progress = asyncio.Event()
        self.sweep_due = False
        self.reading_ledger = False  # it has more than was read
        self.ended: BaseException | None = None

    def idle(self) -> bool:
        """Whether the gateway said that nothing waits, and everything that came is kept."""
        return self._empty and not self._arriving and not self._keeping

    async def start(self) -> None:
        """Begin: send what is due, give credit, and let it come."""
        now = self._parts.clock()
        self._parts.opener.clock_off_s = self._session.server_time - now
        if hint := clock_hint(self._session.server_time, now):
            _log.warning("%s", hint)
        if abs(self._parts.opener.clock_off_s) <= MAX_SKEW_S:  # a wrong clock deletes nothing
            await self._parts.retention.expire()
        loops = (self._read, self._keep, self._pulse)
        self._tasks = [asyncio.create_task(loop(), name=f"inbox{loop.__name__}") for loop in loops]
        for task in self._tasks:
            task.add_done_callback(self._task_ended)
        await self._parts.post.attach(self._session)
        await self._session.send(frames.Credit(CREDIT_MESSAGES, CREDIT_BYTES))

    async def handed_over(self, row: int) -> None:
        """Give back the credit that a delivery used; one that lay in the home used none."""
        size_bytes = self._owed.pop(row, None)
        if size_bytes is not None:
            await self._give_back(size_bytes)

    async def _give_back(self, size_bytes: int) -> None:
        """Return credit; sent when half of it is used, to spare the line."""
        self._returned[0] += 1
        self._returned[1] += size_bytes
        if self._returned[0] * 2 >= CREDIT_MESSAGES or self._returned[1] * 2 >= CREDIT_BYTES:
            credit = frames.Credit(*self._returned)
            self._returned = [0, 0]
            await self._session.send(credit)

    def sweep_in(self, wait_s: float) -> None:
        """Let what is held be tried again after a time; one that is asked for already stays as it is."""
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(wait_s, self._sweep_now)

    def _sweep_now(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self.sweep_due = True
        self.progress.set()

    def _hold(self, rows: list[int]) -> None:
        self._held += rows
        self._sweep_now()

    async def close(self) -> None:
        """Leave the session and end every task."""
        if self._sweep is not None:
            self._sweep.cancel()
        self._parts.post.detach(self._session)
        await end(self._tasks)
        await self._session.close()
        self.progress.set()

    async def read_ledger(self) -> None:
        """
        Take what waits from the ledger: a gateway whose broker is away cannot hand it over, and has it all the same.

        Goes on where it stopped, page by page, while `reading_ledger`.

        Raises:
            Rejected: The gateway refuses the request.
            Unavailable: No gateway answers.
        """
        self.reading_ledger = True
        while self.reading_ledger and not self._ready:  # what is ready is handed over before the next page comes into memory
            found, more = await self._parts.opener.ledger(self._ledger_after)
            await self._keep_all(found, credited=False)
            numbers = [claim.number for data in found if (claim := identify_claim(data))]
            self._ledger_after = max(numbers, default=self._ledger_after)
            self.reading_ledger = more and bool(numbers)
        if not self.reading_ledger:
            self._ledger_after, self._empty = 0, True

    async def _read(self) -> None:
        while True:
            match await self._session.receive():
                case frames.Delivery(delivery=delivery):
                    self._arriving.append(delivery)
                    self._arrived.set()
                case frames.Recorded() as frame:
                    self._parts.post.recorded(frame)
                case frames.Empty():
                    self._empty = True
                    self.progress.set()

    async def _keep(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._arriving = self._arriving, []
            self._keeping = True
            for damaged in await self._keep_all(batch):
                await self._keep_second_copy(damaged)
            self._keeping = False
            self.progress.set()

    async def _keep_all(self, batch: Sequence[bytes], *, credited: bool = True) -> list[bytes]:
        """Keep deliveries in one commit, then send their receipts; return those that cannot be told apart from noise."""
        coming: dict[bytes, Arrival] = {}
        damaged: list[bytes] = []
        for data in batch:
            try:
                envelope_hash, number, kind = identify(data)
            except Rejected:
                damaged.append(data)
                continue
            receipt = self._parts.desk.receipt(Event.DELIVERED, envelope_hash)
            sealed = sealed_delivery(self._parts.home, envelope_hash, data)
            coming[envelope_hash] = Arrival(envelope_hash, number, sealed, receipt, kind in AT_ONCE)
        if coming:
            await self._commit(list(coming.values()), credited=credited)
        return damaged

    async def _commit(self, coming: list[Arrival], *, credited: bool) -> None:
        now, batch = int(self._parts.clock()), _Batch(self._hold)
        try:
            await self._parts.home.store.write(
                lambda connection: arrivals.keep(connection, coming, self._owner, now), batch.on_disk
            )
            if any(arrival.recall for arrival in coming):
                # Before what lies in front of it is handed over: whose `delivered` goes out, has been obeyed.
                await self._parts.recalls.settle()
            await self._parts.post.send([due for one in batch.kept for due in one.receipts])
        except BaseException:  # the session ended, or the application waits no longer
            batch.leave()
            raise
        repeats = self._line_up(coming, batch.kept, credited=credited)
        for arrival in repeats if credited else ():
            await self._give_back(len(arrival.delivery))

    def _line_up(self, coming: list[Arrival], kept: list[Kept], *, credited: bool) -> list[Arrival]:
        """Let the application have what is new; return the rest."""
        repeats: list[Arrival] = []
        for arrival, one in zip(coming, kept, strict=True):
            if one.row is None:
                repeats.append(arrival)
                continue
            if credited:
                self._owed[one.row] = len(arrival.delivery)
            self._ready.append(Claimed(one.row, arrival.envelope_hash, arrival.number, again=False, delivery=arrival.delivery))
        return repeats

    async def _keep_second_copy(self, damaged: bytes) -> None:
        """The broker may have damaged a copy: take the ledger's; what is no better is refused under the hash that it claims."""
        claim = identify_claim(damaged)
        if claim is None:
            _log.warning("a delivery of %d bytes cannot be read at all; the gateway sends it again", len(damaged))
            return
        try:
            better = await self._parts.opener.better_copy(claim)
        except (Rejected, Unavailable, Uncertain) as exc:
            _log.warning("no second copy of a damaged delivery: %s", exc.code)
            return
        if better is None or await self._keep_all([better]):
            await self._refuse(claim, better or damaged)

    async def _refuse(self, claim: Identity, delivery: bytes) -> None:
        envelope_hash, number = claim
        receipt = self._parts.desk.receipt(Event.REJECTED, envelope_hash, "cannot-open")
        sealed = sealed_delivery(self._parts.home, envelope_hash, delivery)
        refused = Arrival(envelope_hash, number, sealed, receipt)
        now = int(self._parts.clock())
        due = await self._parts.home.store.write(
            lambda connection: arrivals.keep_refused(connection, refused, "cannot-open", now)
        )
        await self._parts.post.send(due)
        await self._give_back(len(delivery))

    async def _pulse(self) -> None:
        """Once a minute: stay signed on, send what is kept, know who is who."""
        while True:
            await asyncio.sleep(PULSE_S)
            if self._parts.clock() - self._signed_at > RENEW_S:
                self._signed_at = self._parts.clock()
                await self._session.renew(self._parts.home.keyring, self._signed_at)
            try:
                await self._parts.home.reload_keys()
                await self._parts.directory.current()
                await self._parts.keys.settle()
                await self._parts.cards.ensure()
                if await self._parts.outbox.flush(look=True):
                    await self._parts.outcomes.follow()
                await self._parts.monitor.follow()
                await self._parts.watch.tell()
                if abs(self._parts.opener.clock_off_s) <= MAX_SKEW_S:  # a wrong clock deletes nothing
                    await self._parts.retention.tick()
            except Corrupt:
                raise
            except GatewayError as exc:
                _log.warning("while the inbox is followed: %s", exc)
            self._sweep_now()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and self.ended is None:
            self.ended = task.exception() or Unavailable("the session ended")
            self.progress.set()


class _Batch:
    """
    Deliveries that are being kept in one commit.

    If whoever keeps them is broken off, what is on disk, then or later, is held: its rows belong to this iteration already,
    which would never look at them again.
    """

    def __init__(self, hold: Callable[[list[int]], None]) -> None:
        self._hold = hold
        self._left = False
        self.kept: list[Kept] = []

    def on_disk(self, kept: list[Kept]) -> None:
        self.kept = kept
        if self._left:
            self.leave()

    def leave(self) -> None:
        self._left = True
        if rows := [one.row for one in self.kept if one.row is not None]:
            self._hold(rows)
