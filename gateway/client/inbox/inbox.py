"""
The inbox, as the application walks through it.

First what the home has and nobody acknowledged (`again`), then what a gateway hands over. Each delivery is offered once in one
iteration. Without `follow` it ends when the mailbox is empty and every receipt is recorded; with `follow` it waits, comes back
after a lost line with growing, random pauses to the next gateway, and ends only when it is closed, refused or replaced by a
newer session of the same participant. One task walks; acknowledging may happen in any.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from typing import Final

from gateway.client.inbox.intake import PULSE_S, Intake
from gateway.client.line.session import Session
from gateway.client.parts import Parts
from gateway.client.receiving.delivery import Delivery
from gateway.client.receiving.opening import Held, ReadMessage, Refused
from gateway.client.records import arrivals
from gateway.client.records.arrivals import Claimed
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain

__all__ = ["Inbox"]

SILENCE_S: Final = 15.0  # after which a gateway that says neither `delivery` nor `empty` has lost its broker
SETTLE_S: Final = 10.0  # for the gateway's word on the last receipts
STOOD_S: Final = 60.0
# The first pause and the longest, about: all are back ten seconds after an outage; 3,000 homes ask 500 times a second.
BACK_OFF_S: Final = (0.2, 6.0)
HELD_S: Final = 1.0  # until what cannot be judged yet is tried again (a gateway may not have the directory yet); then doubled
_RETRY: Final = frozenset({"too-many", "clock-skew"})  # refusals that pass by themselves
_log: Final = logging.getLogger(__name__)


class Inbox:
    """
    An asynchronous iterator over deliveries.

    Args:
        parts: Of the home.
        follow: Wait for more when the mailbox is empty.
        older: An iteration that this one takes the place of; closed before the first step.

    Attributes:
        refused: How many deliveries were answered with `rejected` and not handed over.
    """

    def __init__(self, parts: Parts, *, follow: bool, older: Inbox | None = None) -> None:
        self._parts = parts
        self._follow = follow
        self._older = older
        self._owner = parts.desk.new_owner()
        self._ready: deque[Claimed] = deque()
        self._held: list[int] = []
        self._intake: Intake | None = None
        self._swept = False
        self._closed = False
        self._pause_s = 0.0
        self._held_s = HELD_S
        self._began_at = 0.0
        self.refused = 0

    def __aiter__(self) -> Inbox:
        return self

    async def __anext__(self) -> Delivery:
        if self._older is not None:
            await self._older.aclose()
            self._older = None
        while not self._closed:
            if self._ready:
                # Taken off the queue only when it is in the application's hands: a cancelled wait loses nothing.
                claimed = self._ready[0]
                delivery = await self._offer(claimed)
                if self._intake is not None:
                    await self._intake.handed_over(claimed.row)
                if not self._ready:  # closed meanwhile
                    break
                self._ready.popleft()
                if delivery is not None:
                    return delivery
            elif not await self._more():
                break
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the iteration and its session; what was not acknowledged comes again."""
        self._closed = True
        self._ready.clear()
        if self._older is not None:
            await self._older.aclose()
        intake, self._intake = self._intake, None
        if intake is not None:
            await intake.close()
        await self._release()

    async def _more(self) -> bool:
        """Wait until something is ready, or until something changed; False when there is nothing more to wait for."""
        intake = self._intake
        if intake is None:
            if not await self._claim():
                await self._connect()
        elif intake.ended is not None:
            await self._lost(intake, intake.ended)
        elif intake.sweep_due:
            await self._sweep(intake)
        elif intake.reading_ledger:
            await intake.read_ledger()
        elif intake.idle() and not self._swept:
            # Another process of this home may have kept something after we looked and before it was replaced.
            self._swept = True
            await self._claim()
        elif intake.idle() and not self._follow:
            await self._parts.post.settled(SETTLE_S)
            return not intake.idle() or bool(self._ready)
        else:
            await self._wait(intake)
        return True

    async def _sweep(self, intake: Intake) -> None:
        """Try again what is held, and take up what others gave back."""
        intake.sweep_due = False  # first: it may be asked for again meanwhile
        self._held_s = min(PULSE_S, self._held_s * 2) if self._held else HELD_S
        try:
            await self._release()
            await self._claim()
        except BaseException:
            intake.sweep_due = True
            raise

    async def _wait(self, intake: Intake) -> None:
        """Wait for the session; when it is silent and nobody follows, ask the ledger what there is."""
        intake.progress.clear()
        try:
            async with asyncio.timeout(None if self._follow else SILENCE_S):
                await intake.progress.wait()
        except TimeoutError:
            await intake.read_ledger()

    async def _claim(self) -> bool:
        """Take up what the home has and this iteration has not offered yet."""
        store, owner = self._parts.home.store, self._owner
        await self._parts.recalls.settle()
        if not await store.read(lambda connection: arrivals.unclaimed(connection, owner)):
            return False
        await self._parts.directory.current()
        await store.write(lambda connection: arrivals.claim(connection, owner), self._ready.extend)
        return True

    async def _offer(self, claimed: Claimed) -> Delivery | None:
        """Open a delivery; None if it is not for the application."""
        if claimed.row in self._parts.desk.settled:
            return None
        try:
            message = await self._parts.opener.open(claimed)
            self._parts.monitor.saw_accepted(message.opened.delivery)
            return await self._show(claimed, message)
        except Held as exc:
            _log.warning("delivery %d is held: %s", claimed.number, exc)
            self._held.append(claimed.row)
            if self._intake is not None:
                self._intake.sweep_in(self._held_s)
        except Refused as exc:
            _log.warning("delivery %d is refused: %s", claimed.number, exc)
            self.refused += 1
            await self._parts.desk.reject(claimed, exc.code, exc.opened, exc.recalled)
        return None

    async def _show(self, claimed: Claimed, message: ReadMessage) -> Delivery | None:
        """Make a delivery of what was opened; None if it ended meanwhile, Refused where it is not for the application."""
        parts, opened = self._parts, message.opened
        standing = await parts.recalls.standing(claimed, opened)
        # 9. (sender, message id) not seen with another envelope.
        if not parts.desk.show(opened) or standing.other:
            # Nothing is noted under this sender and id: that place belongs to the other envelope.
            raise Refused("conflict", "the message id came with another envelope")
        if not standing.waiting:
            return None
        if done := parts.recalls.forbidden(standing.recalls, opened.header):
            raise Refused("recalled", "a recall of it came first", opened, done)
        delivery = Delivery(parts.desk, claimed, message)
        delivery.recall = await parts.recalls.act(message)
        delivery.same_as = await parts.twins.note(opened)
        delivery.corrected_by = parts.corrections.newest(standing.corrections, opened.header.sender)
        return delivery

    async def _connect(self) -> None:
        """Open a session; when following, keep trying."""
        while not self._closed:
            await asyncio.sleep(self._pause_s)
            try:
                await self._parts.make_ready()
                session = await Session.open(self._parts.transport)
            except (Unavailable, Uncertain, Rejected) as exc:
                passing = not isinstance(exc, Rejected) or exc.code in _RETRY
                if not (self._follow and passing):
                    raise
                self._pause(exc)
            else:
                await self._begin(session)
                return

    async def _begin(self, session: Session) -> None:
        if self._closed:
            await session.close()
            return
        self._swept = False
        self._began_at = asyncio.get_running_loop().time()
        self._intake = Intake(self._parts, session, self._owner, self._ready, self._held)
        if self._held:
            self._intake.sweep_in(self._held_s)
        await self._intake.start()

    async def _lost(self, intake: Intake, reason: BaseException) -> None:
        """Handle the end of a session that nobody asked for."""
        self._intake = None
        await intake.close()
        await self._release()
        replaced = isinstance(reason, Rejected) and reason.code == "session-replaced"
        if replaced or not self._follow or not isinstance(reason, GatewayError):
            await self.aclose()
            raise reason
        self._parts.transport.prefer_next()
        # A session that stood for a while starts the pauses anew; one that ends at once is asked for less and less often.
        if asyncio.get_running_loop().time() - self._began_at > STOOD_S:
            self._pause_s = 0.0
        self._pause(reason)

    def _pause(self, reason: GatewayError) -> None:
        # Told once: a followed inbox that waits for a gateway looks like one that has nothing to say.
        level = logging.INFO if self._pause_s else logging.WARNING
        first, longest = BACK_OFF_S
        limit = min(longest, max(first, self._pause_s * 4))
        self._pause_s = limit * (0.5 + secrets.randbelow(501) / 1000)
        _log.log(level, "no session (%s), trying again", reason)

    async def _release(self) -> None:
        """Give back what is held, to be tried again in a while or by the next iteration."""
        if held := self._held[:]:
            self._held.clear()
            await self._parts.desk.release(held, seen=False)
