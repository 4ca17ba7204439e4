"""
Retention: until when a home keeps what it got and what it sent, and what it asks before it deletes.

The content says it, else the registry of kinds. From 180 days before the review date the home asks; an answer keeps a message
for at most five years more, or holds it until it is released; silence means deletion. Of what is deleted stay ids, dates and
what proves it. Evidence is under legal hold by its kind, and what its author lets nobody keep longer is not kept longer: see
`expiry`. Whatever is done leaves a trace. Spec: schemas/messages.md, "Retention".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.keeping.dates import DAY_S, Dated, Dates
from gateway.client.keeping.expiry import Expiry, SignDestroyed
from gateway.client.keeping.named import find_named
from gateway.client.keeping.tombstones import Eraser
from gateway.client.keeping.trace import Said, Trace, TraceEntry
from gateway.client.records import outgoing, recall_rows, retention_rows
from gateway.client.records.receipt_rows import Due
from gateway.client.records.retention_rows import HASH_BYTES, Kept
from gateway.client.trust.directory import HomeDirectory
from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId, format_id
from gateway.message.shared.times import day_ends, within_years

__all__ = ["ASK_S", "EXTEND_YEARS", "RetentionKeeper", "Review"]

ASK_S: Final = 180 * DAY_S  # before the review date
TELL_S: Final = 30 * DAY_S  # before it, whoever runs the software is told too
EXTEND_YEARS: Final = 5
BATCH: Final = 32  # messages in one transaction
ALL: Final = 100_000  # rows in one list


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """
    A message, and what the home asks about it.

    Args:
        message_id: Names it in an answer.
        envelope_hash: Likewise; None for what was refused before anybody sealed it.
        conversation_id: Names all of its conversation.
        sent: This home sent it; else it arrived.
        kind: What kind of message it is.
        sender: Who wrote it.
        accepted_at: When a gateway accepted it, Unix seconds; when it was written, where none did.
        review_on: The day on which it is deleted unless somebody says otherwise.
        delete_after: The last day on which its author lets anybody keep it; None where he says nothing.
        held: It is not deleted at its date: `kind` (evidence), `asked`, or `conversation`; None where it is.
    """

    message_id: MessageId
    envelope_hash: EnvelopeHash | None
    conversation_id: ConversationId
    sent: bool
    kind: Kind
    sender: Address
    accepted_at: int
    review_on: str
    delete_after: str | None
    held: str | None

    @property
    def question(self) -> str:
        """What the home asks, in words."""
        if self.held is not None:
            return "held: release it?"
        if self.delete_after is not None and self.delete_after <= self.review_on:
            return f"deleted after {self.review_on}: hold it?"
        return f"keep it beyond {self.review_on}? extend or hold it, else it is deleted"

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder, ids as text."""
        told = {name: getattr(self, name) for name in self.__struct_fields__}
        ids = {name: format_id(value) for name, value in told.items() if isinstance(value, bytes)}
        return {**told, **ids, "question": self.question}


class RetentionKeeper:
    """
    Keeps and deletes what is in one open home.

    Args:
        home: Whose.
        directory: To find messages by their id.
        eraser: Erases.
        clock: Unix seconds.
        sign: Signs `destroyed` receipts.
        send: Sends receipts that are kept.
    """

    def __init__(
        self,
        home: Home,
        directory: HomeDirectory,
        eraser: Eraser,
        clock: Callable[[], float],
        *,
        sign: SignDestroyed,
        send: Callable[[Sequence[Due]], Awaitable[None]],
    ) -> None:
        self._home = home
        self._directory = directory
        self._eraser = eraser
        self._clock = clock
        self._dates = Dates(home, eraser)
        self.trace = Trace(home)
        self._expiry = Expiry(self.trace, sign)
        self._send = send

    async def reviews(self, *, everything: bool = False) -> list[Review]:
        """Return what comes to its review date within 180 days, the next one first; or everything that has a date."""
        await self.schedule()
        before = 1 << 62 if everything else int(self._clock()) + ASK_S
        return await self._home.store.read(lambda connection: self._reviews(connection, before))

    async def asked(self) -> int:
        """Return how many messages are deleted within 30 days unless somebody says otherwise."""
        before = int(self._clock()) + TELL_S
        found = await self._home.store.read(partial(retention_rows.within, before=before, limit=ALL))
        return sum(not held for _, held in found)

    async def extend(self, name: MessageId | EnvelopeHash | str, until: str, reason: str) -> None:
        """
        Keep a message longer.

        Args:
            name: Message id or envelope hash.
            until: The new review date, a day; after the present one, by five years at most.
            reason: In words; stays in the home.

        Raises:
            Rejected: `not-found`; `bad-request`: not such a day; `retention-rule`: its author lets nobody keep it so long.
        """
        ends = _ends(until)
        for kept in await self._kept(name):
            if ends <= kept.review_at or not within_years(_day(kept.review_at), until, EXTEND_YEARS):
                told = f"the review date is {_day(kept.review_at)}: a later day, by {EXTEND_YEARS} years at most"
                raise Rejected(told, code="bad-request")
            if kept.last_at is not None and ends > kept.last_at:
                raise Rejected(f"its author lets nobody keep it after {_day(kept.last_at)}", code="retention-rule")
        await self._change(name, "extended", partial(retention_rows.extend, review_at=ends), reason, until)

    async def hold(self, name: MessageId | EnvelopeHash | str, reason: str, *, on: bool = True) -> None:
        """
        Hold a message past its date, or release it.

        Raises:
            Rejected: `not-found`; `retention-rule`: a hold by kind is not released.
        """
        if not on and any(kept.hold == "kind" for kept in await self._kept(name)):
            raise Rejected("evidence is under legal hold by its kind", code="retention-rule")
        await self._change(name, "held" if on else "released", partial(retention_rows.hold, on=on), reason)

    async def hold_conversation(self, conversation_id: ConversationId, reason: str, *, on: bool = True) -> None:
        """Hold every message of a conversation, those that come later too, or release it; Rejected `conflict` if it is so."""
        key, now = self._dates.conversation(conversation_id), int(self._clock())

        def change(connection: sqlite3.Connection) -> None:
            if not retention_rows.hold_conversation(connection, key, on=on):
                raise Rejected(f"the conversation is {'' if on else 'not '}held", code="conflict")
            what = "held" if on else "released"
            self.trace.add(connection, now, what, Said(conversation_id=conversation_id, reason=reason))

        await self._home.store.write(change)

    async def tick(self) -> None:
        """Do a little of what there is to do: date a batch, and delete a batch."""
        if await self._home.store.read(partial(self._dates.missing, limit=1)):
            await self._home.store.write(partial(self._dates.give, limit=BATCH))
        await self.run(BATCH)

    async def run(self, limit: int = BATCH) -> list[str]:
        """
        Delete what nobody asked to keep and whose date is over, of what has a date.

        Args:
            limit: Messages at once.

        Returns:
            What was deleted: envelope hashes of what arrived, message ids of what was sent.
        """
        return [format_id(name) for name in await self._end(retention_rows.due, limit)]

    async def expire(self) -> None:
        """End all whose last day is over, after everything has its date: whoever connects keeps nothing beyond it."""
        await self.schedule()
        while await self._end(retention_rows.expired, BATCH):
            pass

    async def log(self) -> list[TraceEntry]:
        """Return what was extended, held, released, deleted and recalled, oldest first."""
        return await self.trace.entries()

    async def schedule(self) -> None:
        """Give a date to whatever has none yet; after an upgrade that is all that the home has."""
        while await self._home.store.read(partial(self._dates.missing, limit=1)):
            await self._home.store.write(partial(self._dates.give, limit=BATCH))

    async def _kept(self, name: MessageId | EnvelopeHash | str) -> list[Kept]:
        await self.schedule()
        found = await find_named(self._home, self._directory, self._eraser, name)
        names = [one for one in (found.sent and found.sent.message_id, found.arrived and found.arrived.envelope_hash) if one]
        rows = [await self._home.store.read(partial(retention_rows.find, name=one)) for one in names]
        kept = [row for row in rows if row is not None]
        if not kept:
            raise Rejected("it has no review date: it waits, or was deleted", code="not-found")
        return kept

    async def _change(
        self,
        name: MessageId | EnvelopeHash | str,
        what: str,
        change: Callable[[sqlite3.Connection, bytes], None],
        reason: str,
        until: str | None = None,
    ) -> None:
        kept = await self._kept(name)

        def write(connection: sqlite3.Connection) -> None:
            for one in kept:
                change(connection, one.id)
                self._note(connection, what, one.id, until, reason)

        await self._home.store.write(write)

    async def _end(self, find: Callable[[sqlite3.Connection, int, int], list[Kept]], limit: int) -> list[bytes]:
        """Erase what is found, stop the use of what is held beyond its last day, and answer; return what was erased."""
        now = int(self._clock())

        def end(connection: sqlite3.Connection) -> tuple[list[bytes], list[Due]]:
            found = find(connection, now, limit)
            dues = [due for kept in found for due in self._delete(connection, kept, now)]
            return [kept.id for kept in found], [*dues, *self._expiry.stop(connection, now, limit)]

        look = self._home.store.read
        if not await look(lambda connection: find(connection, now, 1) or retention_rows.held_beyond(connection, now, 1)):
            return []
        gone, dues = await self._home.store.write(end)
        if gone:
            await self._eraser.scrub()
        await self._send(dues)
        return gone

    def _delete(self, connection: sqlite3.Connection, kept: Kept, now: int) -> list[Due]:
        self._erase(connection, kept.id, now)
        retention_rows.forget(connection, kept.id)
        self._note(connection, "deleted", kept.id, _day(kept.review_at))
        return self._expiry.answer(connection, kept, now)

    def _erase(self, connection: sqlite3.Connection, name: bytes, now: int) -> None:
        if len(name) == HASH_BYTES:
            target = recall_rows.target(connection, name)
            if target is not None:
                self._eraser.arrival(connection, target.row, now)
        else:
            row = outgoing.find(connection, name)
            if row is not None:
                self._eraser.sent(connection, row, now)

    def _note(
        self, connection: sqlite3.Connection, what: str, name: bytes, until: str | None, reason: str | None = None
    ) -> None:
        arrived, sent = (name, None) if len(name) == HASH_BYTES else (None, name)
        now = int(self._clock())
        self.trace.add(connection, now, what, Said(envelope_hash=arrived, message_id=sent, until=until, reason=reason))

    def _reviews(self, connection: sqlite3.Connection, before: int) -> list[Review]:
        found = []
        for kept, held in retention_rows.within(connection, before, ALL):
            dated = self._dates.of(connection, kept.id)
            if dated is not None:
                found.append(_review(kept, dated, kept.hold or ("conversation" if held else None)))
        return found


def _review(kept: Kept, dated: Dated, held: str | None) -> Review:
    header = dated.header
    return Review(
        message_id=header.message_id,
        envelope_hash=dated.envelope_hash,
        conversation_id=header.conversation_id,
        sent=len(kept.id) != HASH_BYTES,
        kind=header.kind,
        sender=header.sender,
        accepted_at=dated.accepted_at,
        review_on=_day(kept.review_at),
        delete_after=None if kept.last_at is None else _day(kept.last_at),
        held=held,
    )


def _day(ends_at: int) -> str:
    """Return the day that ends at a time."""
    return datetime.fromtimestamp(ends_at - 1, UTC).date().isoformat()


def _ends(day: str) -> int:
    """Return when a day ends; `bad-request` for what is none."""
    try:
        written = date.fromisoformat(day).isoformat()
    except ValueError:
        written = ""
    if written != day:
        raise Rejected(f"not a day: {day[:32]!r}", code="bad-request", hint="write it as 2031-05-01")
    return day_ends(day)
