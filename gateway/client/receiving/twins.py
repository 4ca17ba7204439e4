"""
Which messages that arrived are the same request: natively and through a relay, or twice in parallel channels.

What is the same is decided by a digest under a key of this home (`Home.same`): nobody else can compute or compare one. A link
says that two senders wrote the same text, and no more; nothing is answered, hidden or refused because of it. A message and what
its own sender put in its place are never the same: a correction is a tie of another kind.
Spec: schemas/messages.md, "The same request, two ways".
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.client.home import facts
from gateway.client.records import arrivals, recall_rows, same_rows
from gateway.client.records.same_rows import SameRow, Told
from gateway.client.records.sealed import content_of
from gateway.envelope.header import Header, decode_header
from gateway.errors import Corrupt
from gateway.ids import Address, ConversationId, EnvelopeHash, MessageId, format_id
from gateway.message.sameness import same_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.client.home.home import Home
    from gateway.client.receiving.corrections import Corrections
    from gateway.envelope.open import Opened

__all__ = ["Twin", "Twins"]

_CONTEXT: Final = b"same/said"
_INDEXED: Final = "same"  # the fact that says that messages of older formats were looked at
_said: Final = msgspec.msgpack.Decoder(tuple[Address, MessageId, ConversationId])


class Twin(NamedTuple):
    """
    A message that says the same as another one.

    Attributes:
        number: The acceptance number in this network.
        state: Of the arrival: `waiting`, `acknowledged`, `rejected`.
        corrected_by: Id of the message in which its sender has it right, or None.
    """

    envelope_hash: EnvelopeHash
    sender: Address
    message_id: MessageId
    conversation_id: ConversationId
    number: int
    state: str
    corrected_by: MessageId | None

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        return {
            "envelope_hash": format_id(self.envelope_hash),
            "sender": self.sender,
            "message_id": format_id(self.message_id),
            "conversation_id": format_id(self.conversation_id),
            "number": self.number,
            "arrival": self.state,
            "corrected_by": None if self.corrected_by is None else format_id(self.corrected_by),
        }

    def __str__(self) -> str:
        """Say in words what it is, and whose."""
        wrong = "" if self.corrected_by is None else f"; its sender has it right in {format_id(self.corrected_by)}"
        ids = f"message {format_id(self.message_id)}, envelope {format_id(self.envelope_hash)}"
        return f"{self.sender}, number {self.number}, in {format_id(self.conversation_id)}: {ids}{wrong}"


class Twins:
    """
    Knows what came twice to one open home.

    Args:
        home: Keeps the digests, and has the key.
        corrections: Knows which messages are wrong.
    """

    def __init__(self, home: Home, corrections: Corrections) -> None:
        self._home = home
        self._corrections = corrections

    async def note(self, opened: Opened) -> tuple[Twin, ...]:
        """Keep what a message says that was opened, and return the others that say the same, in order of acceptance."""
        row = self._row(opened.header, opened.content, opened.envelope_hash, opened.number)
        if row is None:
            return ()
        await self._home.store.write(partial(same_rows.note, row=row))
        return await self.of(opened.envelope_hash)

    async def of(self, envelope_hash: EnvelopeHash) -> tuple[Twin, ...]:
        """Return the messages that say the same as one of this home, in order of acceptance."""
        found = await self._home.store.read(lambda connection: self._twins(connection, same_rows.of(connection, envelope_hash)))
        return _others(found).get(envelope_hash, ())

    async def all(self) -> dict[EnvelopeHash, tuple[Twin, ...]]:
        """Return, of each message that is the same as another one, all the others."""

        def work(connection: sqlite3.Connection) -> dict[EnvelopeHash, tuple[Twin, ...]]:
            groups: dict[bytes, list[Told]] = {}
            for row in same_rows.everything(connection):
                groups.setdefault(row.first, []).append(row)
            twins = [_others(self._twins(connection, group)) for group in groups.values()]
            return {envelope_hash: others for found in twins for envelope_hash, others in found.items()}

        return await self._home.store.read(work)

    async def index(self) -> None:
        """Look at what a home of an older format acknowledged; once."""
        if await self._home.store.read(lambda connection: facts.find(connection, _INDEXED)) is not None:
            return
        await self._home.store.write(self._index)

    def _index(self, connection: sqlite3.Connection) -> None:
        for envelope_hash, number in same_rows.unnoted(connection):
            arrived = arrivals.by_hash(connection, envelope_hash)
            kept = None if arrived is None else content_of(self._home, arrived)
            if kept is None:
                continue
            row = self._row(decode_header(kept.header), kept.content, EnvelopeHash(envelope_hash), number)
            if row is not None:
                same_rows.note(connection, row)
        facts.put(connection, _INDEXED, b"1")

    def _row(self, header: Header, content: bytes, envelope_hash: EnvelopeHash, number: int) -> SameRow | None:
        text = same_text(header.kind, content)
        if text is None:
            return None
        said = msgspec.msgpack.encode((header.sender, header.message_id, header.conversation_id))
        sealed = self._home.seal(said, _CONTEXT + envelope_hash)
        return SameRow(envelope_hash, self._home.same(header.kind, text), number, sealed)

    def _twins(self, connection: sqlite3.Connection, rows: Iterable[Told]) -> list[Twin]:
        return [self._twin(connection, row) for row in rows]

    def _twin(self, connection: sqlite3.Connection, row: Told) -> Twin:
        envelope_hash = EnvelopeHash(row.envelope_hash)
        try:
            sender, message_id, conversation_id = _said.decode(self._home.open(row.said, _CONTEXT + envelope_hash))
        except msgspec.MsgspecError as exc:
            raise Corrupt("what the home knows of a message that came twice cannot be read") from exc
        corrections = recall_rows.corrections(connection, self._home.target(envelope_hash))
        corrected_by = self._corrections.newest(corrections, sender)
        return Twin(envelope_hash, sender, message_id, conversation_id, row.number, row.state, corrected_by)


def _others(group: Sequence[Twin]) -> dict[EnvelopeHash, tuple[Twin, ...]]:
    """Return of each message of a group those that are the same, without what corrects it and what it corrects."""
    return {
        one.envelope_hash: tuple(
            other for other in group if other is not one and not (_replaced(one, other) or _replaced(other, one))
        )
        for one in group
    }


def _replaced(one: Twin, other: Twin) -> bool:
    """Say whether a message was put right by another one: by that itself, or by its line in the same conversation."""
    if one.corrected_by is None or one.sender != other.sender:
        return False
    return one.corrected_by == other.message_id or one.conversation_id == other.conversation_id
