"""
Recalls and corrections, as a holder obeys them: by itself, before anything else is handed over, and with a signed answer.

A recall counts from the sender of its target, and from the coordination centre of this network or of the sender's where the
registry says so; whoever else sends one changes nothing. What arrived is deleted or not used any more, what waits is not handed
over; `destroyed` for the target says which, in the commit that does it. A target that never came is remembered, and is refused
when it comes, so that either order of arrival ends the same. A correction destroys nothing, and is noted as early: nothing
wrong is handed over without it. Both go to the application as any message.
Spec: schemas/messages.md, "Recall, correction and last day".
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

import msgspec

from gateway.client.home.home import Home
from gateway.client.keeping.tombstones import Eraser
from gateway.client.keeping.trace import Said, Trace
from gateway.client.receiving.corrections import Corrections
from gateway.client.receiving.delivery import Desk
from gateway.client.receiving.opening import NOT_YET, Opener, ReadMessage, Refused
from gateway.client.receiving.receipts import ReceiptPost
from gateway.client.records import outgoing, recall_rows, receipt_rows, retention_rows
from gateway.client.records.arrivals import Claimed, State
from gateway.client.records.recall_rows import Noted, Standing, Target
from gateway.client.records.receipt_rows import Due
from gateway.client.records.sealed import delivery_of
from gateway.client.trust.directory import HomeDirectory
from gateway.client.writing.draft import draft_of
from gateway.envelope.common import read_core
from gateway.envelope.header import Header
from gateway.envelope.open import Opened
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import Event
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, Kind, format_id, network_of
from gateway.message.registry import KINDS
from gateway.message.system.correction import Correction
from gateway.message.system.recall import Recall

__all__ = ["AT_ONCE", "Done", "RecallKeeper"]

AT_ONCE: Final = frozenset({Recall.kind, Correction.kind})  # acted on as soon as they come, whatever lies in front of them

_CONTEXT: Final = b"recall/said"
_log: Final = logging.getLogger(__name__)


class Done(StrEnum):
    """What a recall did to its target in this home; all but `refused` are reasons in a `destroyed` receipt."""

    DELETED = "deleted"
    USE_STOPPED = "use-stopped"
    NEVER_HAD = "never-had"
    REFUSED = "refused"  # its sender may not recall this


class _Order(msgspec.Struct, frozen=True, array_like=True):
    """What a recall says; remembered without its reason, which goes with the recall."""

    sender: Address
    mode: str
    reason: str = ""


class _Holding(NamedTuple):
    """What this home has of a target: what arrived, what it sent itself, or both."""

    arrived: Target | None
    own: outgoing.Outgoing | None
    header: Header


class RecallKeeper:
    """
    Obeys the recalls and corrections that come to one open home.

    Args:
        home: What is recalled is there.
        directory: Says who is the coordination centre.
        opener: Opens recalls before their turn.
        desk: Signs receipts.
        post: Sends them.
        eraser: Erases.
        clock: Unix seconds.
    """

    def __init__(
        self,
        home: Home,
        directory: HomeDirectory,
        opener: Opener,
        desk: Desk,
        post: ReceiptPost,
        eraser: Eraser,
        clock: Callable[[], float],
    ) -> None:
        self._home = home
        self._directory = directory
        self._opener = opener
        self._desk = desk
        self._post = post
        self._eraser = eraser
        self._corrections = Corrections(home)
        self._clock = clock
        self._trace = Trace(home)

    async def settle(self) -> None:
        """
        Act on all recalls and corrections that wait, before anything is handed over; what cannot be opened has its turn later.

        Of what cannot be read for good each is opened once, however many come: they hold up no other.
        """
        after = 0
        while waiting := await self._home.store.read(partial(recall_rows.unheeded, after=after)):
            for claimed in waiting:
                await self._heed(claimed)
            after = waiting[-1].row

    async def _heed(self, claimed: Claimed) -> None:
        try:
            message = await self._opener.read_current(delivery_of(self._home, claimed))
        except (Rejected, Refused, Unavailable, Uncertain) as exc:
            _log.info("a recall or correction is not read before its turn: %s", exc)
            passing = isinstance(exc, (Unavailable, Uncertain)) or exc.code in NOT_YET
        else:
            if not (await self.standing(claimed, message.opened)).other:
                await self.act(message)
                return
            passing = False
        if not passing:
            await self._home.store.write(partial(recall_rows.pass_over, envelope_hash=claimed.envelope_hash))

    async def standing(self, claimed: Claimed, opened: Opened) -> Standing:
        """Look at what is to be known of an opened delivery before it is handed over."""
        source = self._home.source(opened.header.sender, opened.header.message_id)
        target = self._home.target(opened.envelope_hash)
        find = partial(recall_rows.standing, row=claimed.row, envelope_hash=opened.envelope_hash, source=source, target=target)
        return await self._home.store.look(find)

    def forbidden(self, noted: Iterable[Noted], header: Header) -> Done | None:
        """Return what recalls that came before their target want done with it; None where none of them counts."""
        orders = [order for one in noted if self.may_recall((order := self._order(one)).sender, header)]
        if not orders:
            return None
        return Done.DELETED if any(order.mode == "delete" for order in orders) else Done.USE_STOPPED

    async def forbids(self, opened: Opened) -> bool:
        """Tell whether a message that is kept outside of the home was recalled."""
        find = partial(recall_rows.recalls_of, target=self._home.target(opened.envelope_hash))
        return self.forbidden(await self._home.store.read(find), opened.header) is not None

    def may_recall(self, sender: Address, target: Header) -> bool:
        """Tell whether a participant may recall a message with this header; another network's centre its own alone."""
        if sender == target.sender:
            return True
        if network_of(sender) not in {self._home.network, network_of(target.sender)}:
            return False
        entry, kind = self._directory.last().entry(sender), KINDS.get(Kind(target.kind))
        return entry is not None and "coordination" in entry.roles and kind is not None and kind.recalled_by_desk

    async def act(self, message: ReadMessage) -> Done | None:
        """
        Do what a recall asks for, and answer, or note a correction; doing it again changes nothing.

        Returns:
            What the recall did; None for any other message.
        """
        if isinstance(message.content, Correction):
            await self._correct(message, message.content)
        if not isinstance(message.content, Recall):
            return None
        body, header = message.content.body, message.opened.header
        order = _Order(header.sender, body.mode, body.reason)
        name, target = message.opened.envelope_hash, EnvelopeHash(bytes.fromhex(body.target))
        done, dues = await self._home.store.write(lambda connection: self._act(connection, name, order, target))
        if done is Done.DELETED:
            await self._eraser.scrub()
        if done in {Done.DELETED, Done.USE_STOPPED}:
            await self._tell_made_from(target, "recalled", "recall")
        if done is Done.REFUSED:
            _log.warning("%s may not recall %s: nothing was changed", header.sender, target.hex())
        await self._post.send(dues)
        return done

    async def _correct(self, message: ReadMessage, correction: Correction) -> None:
        header, target = message.opened.header, EnvelopeHash(bytes.fromhex(correction.body.target))

        def note(connection: sqlite3.Connection) -> bool:
            fresh = self._corrections.note(connection, header, correction)
            recall_rows.pass_over(connection, message.opened.envelope_hash)
            held = self._find(connection, target) if fresh else None
            return held is not None and held.header.sender == header.sender

        if await self._home.store.write(note):
            await self._tell_made_from(target, "corrected", "correct")

    async def _tell_made_from(self, target: EnvelopeHash, done: str, wanted: str) -> None:
        """Say which messages of this home have something of another one: what becomes of those, people decide."""
        for message_id in await self._home.store.read(partial(recall_rows.made_from, target=self._home.target(target))):
            made = format_id(message_id)
            _log.warning("%s was %s, and %s was made from it: %s that one too?", target.hex(), done, made, wanted)

    def _act(
        self, connection: sqlite3.Connection, name: EnvelopeHash, order: _Order, target: EnvelopeHash
    ) -> tuple[Done, list[Due]]:
        before = recall_rows.done(connection, name)
        if before is not None:
            return Done(before), []
        held = self._find(connection, target)
        if held is None:
            done = Done.NEVER_HAD
        else:
            done = self._obey(connection, order, held) if self.may_recall(order.sender, held.header) else Done.REFUSED
        said = self._home.seal(msgspec.msgpack.encode(_Order(order.sender, order.mode)), _CONTEXT + name)
        recall_rows.note(connection, Noted(name, said), self._home.target(target), done)
        if done is Done.REFUSED:
            return done, []
        self._trace.add(connection, int(self._clock()), f"recalled-{done}", Said(envelope_hash=target, reason=order.reason))
        return done, self._answers(connection, target, held, done)

    def _find(self, connection: sqlite3.Connection, target: EnvelopeHash) -> _Holding | None:
        arrived = recall_rows.target(connection, target)
        told = None if arrived is None else self._eraser.tombstone(arrived.row)
        own = outgoing.find_sent(connection, target)
        if told is not None:
            return _Holding(arrived, own, read_core(told.head.core, SUITES)[1])
        if own is not None:
            return _Holding(None, own, draft_of(self._home, own).header)
        return None

    def _obey(self, connection: sqlite3.Connection, order: _Order, held: _Holding) -> Done:
        delete, now = order.mode == "delete" and not self._ordered(connection, held), int(self._clock())
        if held.own is not None and delete:
            self._eraser.sent(connection, held.own, now)
        if held.arrived is None:
            return Done.DELETED if delete else Done.USE_STOPPED
        row = held.arrived.row
        done = Done.DELETED if delete or not row.delivery else Done.USE_STOPPED
        recall_rows.mark(connection, row.envelope_hash, done)
        if held.arrived.state is State.WAITING:
            recall_rows.end_waiting(connection, row.envelope_hash, now)
        if delete:
            self._eraser.arrival(connection, row, now)
        return done

    def _ordered(self, connection: sqlite3.Connection, held: _Holding) -> bool:
        """Tell whether a hold of this home forbids deleting: then its use is stopped, and the answer says no more than that."""
        names = [held.arrived and held.arrived.row.envelope_hash, held.own and held.own.message_id]
        conversation = self._home.conversation(held.header.conversation_id)
        return any(retention_rows.ordered(connection, name, conversation) for name in names if name)

    def _answers(self, connection: sqlite3.Connection, target: EnvelopeHash, held: _Holding | None, done: Done) -> list[Due]:
        """Sign what happened to the target; who sent it himself owes no answer."""
        if held is not None and held.arrived is None:
            return []
        events: list[tuple[Event, str]] = [(Event.DESTROYED, done)]
        if held is not None and held.arrived is not None and held.arrived.state is State.WAITING:
            events.insert(0, (Event.REJECTED, "recalled"))
        return [
            receipt_rows.put(connection, target, event, self._desk.receipt(event, target, reason)) for event, reason in events
        ]

    def _order(self, noted: Noted) -> _Order:
        return msgspec.msgpack.decode(self._home.open(noted.said, _CONTEXT + noted.name), type=_Order)
