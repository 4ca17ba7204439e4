"""
The exchange: every use case of one gateway process behind one object, and the tasks that work in the background.

It implements what the HTTP interface asks for (`gateway.api.ports.ExchangePort`); who asks is proved there.
Order of the start: audit log, directory, lost rows back to `accepted`, broker, tasks. Order of the stop: sessions, tasks, the
last leaves, broker; what was not handed on stays in the ledger and is found at the next start.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.exchange.acknowledge import Acknowledger
from gateway.exchange.deadlines import LOOK_S as DEADLINES_LOOK_S
from gateway.exchange.deadlines import DeadlineWatch
from gateway.exchange.dispatch import Dispatcher
from gateway.exchange.erase import Eraser
from gateway.exchange.expire import Expirer
from gateway.exchange.expiry import LOOK_S as EXPIRY_LOOK_S
from gateway.exchange.expiry import Expiry
from gateway.exchange.forwarding import Forwarding
from gateway.exchange.gauges import Gauges
from gateway.exchange.inbox import ThinInbox
from gateway.exchange.operate import Operator
from gateway.exchange.outcomes import Outcomes
from gateway.exchange.publish_directory import CardDesk
from gateway.exchange.relay_desk import RelayDesk
from gateway.exchange.relayed import Relayed
from gateway.exchange.repair import requeue_lost
from gateway.exchange.revocations import LOOK_S, StolenKeys
from gateway.exchange.sequencing import Sequencing
from gateway.exchange.session import Session
from gateway.exchange.shares import Shares
from gateway.exchange.submit import Answer, Submitter
from gateway.exchange.tasks import Tasks, every
from gateway.ids import format_id
from gateway.ops.sign_ins import SignIns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from gateway.config import DirectoryConfig
    from gateway.directory.possession import Challenge
    from gateway.directory.view import Directory
    from gateway.exchange.parts import Parts
    from gateway.ids import Address, MessageId
    from gateway.ledger import MessageStatus

__all__ = ["Exchange"]

UPGRADES: Final = "inbox"  # the scope in which nonces of session upgrades are remembered
DRAINS: Final = 2  # mailboxes at a time: each may pass 64 MiB through this process
ORDERS_LOOK_S: Final = 1.0  # so long another process of this gateway serves whom one of them suspended
_THREADS: Final = min(4, os.cpu_count() or 1)  # large submissions side by side; more would only take turns


class Exchange:
    """
    One gateway process at work, between `start` and `close`.

    Args:
        parts: Ledger, broker, keys, directory and bounds.
        mailbox_bytes: What a mailbox of the broker holds at most.
        schedule: How often the directory is looked at.
        sequence_every_s: How often the audit log is.
        volatile: Whether the broker lost everything with the last process.

    Attributes:
        relay: What relays of this and other networks ask for.
        sign_ins: Who may look at the dashboard of this process.
    """

    def __init__(
        self, parts: Parts, *, mailbox_bytes: int, schedule: DirectoryConfig, volatile: bool, sequence_every_s: float = 1.0
    ) -> None:
        self._parts = parts
        self._schedule = schedule
        self._volatile = volatile
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="examine")
        self._dispatcher = Dispatcher(parts, mailbox_bytes)
        self._sequencing = Sequencing(parts, sequence_every_s)
        self._forwarding = Forwarding(parts, self._sequencing)
        self._tasks = Tasks(parts.metrics)
        self._shares = Shares(parts.ledger, parts.limits, parts.ticks, self._tasks.once)
        self._submitter = Submitter(parts, self._dispatcher, self._executor, self._forwarding.accepted, self._shares)
        self._acknowledger = Acknowledger(parts)
        self._thin = ThinInbox(parts, self._dispatcher)
        self._cards = CardDesk(parts)
        self._outcomes = Outcomes(parts)
        self.sign_ins = SignIns(parts.ticks, parts.rng)
        self._operator = Operator(parts, self._dispatcher, self.sign_ins)
        self.relay = RelayDesk(self._forwarding, Relayed(parts, self._dispatcher, self._executor))
        self._sessions: dict[Address, Session] = {}
        self._draining: set[Address] = set()
        self._drains = asyncio.Semaphore(DRAINS)
        self._closing = False

    async def start(self) -> None:
        """
        Begin to work.

        Raises:
            GatewayError: There is no directory to work with, or the ledger is away; nothing was started.
        """
        await self._parts.audit.start()
        await self._parts.directory.start()
        await self._look_at_orders()
        if self._volatile:
            await requeue_lost(self._parts)
        await self._parts.broker.start()
        directory, start = self._parts.directory, self._tasks.start
        start("dispatch", self._dispatcher.run)
        start("expire", every(self._parts.limits.expire_every_s, Expirer(self._parts).round))
        start("erase", every(self._parts.retention.erase_every_s, Eraser(self._parts).round))
        start("deadlines", every(DEADLINES_LOOK_S, DeadlineWatch(self._parts).round))
        start("directory", every(self._schedule.import_every_s, directory.renew))
        start("expiry", every(EXPIRY_LOOK_S, Expiry(self._parts).round))
        start("revocations", every(LOOK_S, StolenKeys(self._parts).round))
        start("sequence", self._sequencing.run)
        start("gauges", Gauges(self._parts).run)
        start("orders", every(ORDERS_LOOK_S, self._look_at_orders))
        if self._parts.shared:
            start("reload", every(self._schedule.reload_every_s, self._reload))

    async def close(self) -> None:
        """Stop: nothing new is taken, sessions give back what was not answered; may be called twice."""
        self._closing = True
        for session in list(self._sessions.values()):
            await session.close(counted=False)
        self._sessions.clear()
        await self._tasks.stop()
        with suppress(GatewayError):
            await self._dispatcher.settle()
        with suppress(GatewayError):
            await self._sequencing.round()
        await self._parts.broker.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    @property
    def connected(self) -> frozenset[Address]:
        """Whose inbox sessions are open in this process."""
        return frozenset(self._sessions)

    @property
    def directory(self) -> Directory:
        """Who is who now."""
        return self._parts.directory.current()

    async def submit_sealed(self, body: bytes) -> Answer:
        """Take a sealed submission; see `Submitter.sealed`."""
        return await self._counted(self._submitter.sealed(body))

    async def submit_signed(self, body: bytes) -> Answer:
        """Take signed clear text and seal it; see `Submitter.signed`."""
        return await self._counted(self._submitter.signed(body))

    async def status(self, asker: Address, message_id: MessageId) -> MessageStatus:
        """Return what became of the asker's own message; `not-found` for any other (promise 9)."""
        found = await self._parts.ledger.status(asker, message_id)
        if found is None:
            raise Rejected(f"{format_id(message_id)} is not a message of yours", code="not-found")
        return found

    async def receipts(self, asker: Address, receipts: Sequence[bytes]) -> list[str]:
        """Commit receipts of a thin client; see `Acknowledger.record`."""
        return [outcome.code for outcome in await self._acknowledger.record(asker, receipts)]

    async def inbox(self, asker: Address, after: int) -> tuple[list[bytes], bool]:
        """Return what waits beyond an acceptance number, and whether there may be more; see `ThinInbox.read`."""
        found = await self._thin.read(asker, after)
        if asker not in self._sessions and asker not in self._draining:
            self._draining.add(asker)
            self._tasks.once("drain", partial(self._drain, asker))
        return found

    async def outcomes(self, asker: Address, after: int) -> Sequence[tuple[int, bytes]]:
        """Return what happened to the asker's own messages after a number; see `Outcomes.after`."""
        return await self._outcomes.after(asker, after)

    async def operate(self, action: bytes) -> None:
        """Do what an operator signed; see `Operator.perform`."""
        await self._operator.perform(action)
        with suppress(GatewayError):  # done it is: others read of it, and this process in a second
            await self._look_at_orders()

    def require_session(self, asker: Address) -> None:
        """
        Say whether the asker may open a session now; one of those that it may open in a minute is taken.

        Raises:
            Unavailable: `quota` or `draining`.
        """
        if self._parts.orders.draining:
            raise Unavailable(code="draining")
        self._shares.take_session(asker)

    async def open_session(self, asker: Address) -> Session:
        """
        Open the asker's inbox session; an older one, here or in another process, ends.

        Raises:
            Unavailable: The ledger is away, or the gateway stops.
        """
        if self._closing:
            raise Unavailable("the gateway stops")
        epoch = await self._parts.ledger.begin_session(asker, self._parts.process)
        older = self._sessions.get(asker)
        session = Session(self._parts, self._dispatcher, self._acknowledger, asker, epoch)
        session.on_close = partial(self._forget, session)
        if older is not None and older.epoch > epoch:
            await session.replace()
            return session
        self._sessions[asker] = session
        self._parts.metrics.sessions.set(len(self._sessions))
        if older is not None:
            await older.replace()
        return session

    async def remember_nonce(self, asker: Address, nonce: bytes, expires: int) -> bool:
        """Remember the nonce of a session's upgrade until `expires`; False when it was there."""
        return await self._parts.ledger.remember_nonce(f"{UPGRADES}:{asker}", nonce, expires)

    async def challenge(self, asker: Address, card: bytes) -> Sequence[Challenge]:
        """Return challenges for a delivery card; see `CardDesk.challenge`."""
        return await self._cards.challenge(asker, card)

    async def publish_card(self, asker: Address, card: bytes, answers: Sequence[bytes]) -> None:
        """Publish a card; see `CardDesk.publish`."""
        await self._cards.publish(asker, card, answers)

    async def directory_files(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return those files of the directory that are there."""
        return self._parts.directory.files(names)

    async def _counted(self, submission: Awaitable[Answer]) -> Answer:
        try:
            return await submission
        except GatewayError as exc:
            self._parts.metrics.refused(exc.code).inc()
            raise

    async def _drain(self, mailbox: Address) -> None:
        try:
            async with self._drains:
                await self._thin.drain(mailbox)
        finally:
            self._draining.discard(mailbox)

    async def _look_at_orders(self) -> None:
        """Read who is suspended, and let sessions know that this concerns."""
        for participant in self._parts.orders.replace(await self._parts.ledger.standing.suspended()):
            session = self._sessions.get(participant)
            if session is not None:
                session.look()

    async def _reload(self) -> None:
        await self._parts.directory.reload()

    def _forget(self, session: Session) -> None:
        if self._sessions.get(session.asker) is session:
            del self._sessions[session.asker]
            self._parts.metrics.sessions.set(len(self._sessions))
