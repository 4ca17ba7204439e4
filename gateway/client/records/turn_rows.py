"""
What a home remembers of a message for its conversation: statements on the table `turn`.

A row is written in the commit that acknowledges an arrival or records that a message was accepted; when the message is
erased, its turn stays without values. It names the conversation by a keyed hash; the turn itself is encrypted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from gateway.errors import Corrupt
from gateway.message.flows import Turn

if TYPE_CHECKING:
    from gateway.client.home.home import Home

__all__ = ["TurnRow", "add", "by_hash", "everything", "of_conversation", "opened", "row_of", "strip", "without_turn"]

_CONTEXT: Final = b"turn"
_turn: Final = msgspec.msgpack.Decoder(Turn)


class TurnRow(NamedTuple):
    """A turn as it is kept."""

    envelope_hash: bytes
    conversation: bytes  # keyed hash
    number: int
    said: bytes  # encrypted


def row_of(home: Home, turn: Turn) -> TurnRow:
    """Encrypt a turn."""
    said = home.seal(msgspec.msgpack.encode(turn), _CONTEXT + turn.envelope_hash)
    return TurnRow(turn.envelope_hash, home.conversation(turn.conversation_id), turn.number, said)


def opened(home: Home, row: TurnRow) -> Turn:
    """Decrypt a turn."""
    try:
        return _turn.decode(home.open(row.said, _CONTEXT + row.envelope_hash))
    except msgspec.MsgspecError as exc:
        raise Corrupt("a turn of the home cannot be read") from exc


def add(connection: sqlite3.Connection, rows: Iterable[TurnRow]) -> None:
    """Keep turns; one that is there stays."""
    connection.executemany(
        "INSERT INTO turn (envelope_hash, conversation, number, said) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
    )


def strip(home: Home, connection: sqlite3.Connection, envelope_hash: bytes) -> None:
    """Take from a turn what its message said; that it was there stays."""
    row = by_hash(connection, envelope_hash)
    if row is not None:
        bare = replace(opened(home, row), values={}, erased=True)
        connection.execute("UPDATE turn SET said = ? WHERE envelope_hash = ?", (row_of(home, bare).said, envelope_hash))


def of_conversation(connection: sqlite3.Connection, conversation: bytes) -> list[TurnRow]:
    """Return the turns of a conversation, by its keyed hash."""
    query = "SELECT envelope_hash, conversation, number, said FROM turn WHERE conversation = ?"
    return [TurnRow(*row) for row in connection.execute(query, (conversation,))]


def by_hash(connection: sqlite3.Connection, envelope_hash: bytes) -> TurnRow | None:
    """Return the turn of a message, or None."""
    query = "SELECT envelope_hash, conversation, number, said FROM turn WHERE envelope_hash = ?"
    found = connection.execute(query, (envelope_hash,)).fetchone()
    return None if found is None else TurnRow(*found)


def everything(connection: sqlite3.Connection) -> list[TurnRow]:
    """Return all turns of the home."""
    return [TurnRow(*row) for row in connection.execute("SELECT envelope_hash, conversation, number, said FROM turn")]


def without_turn(connection: sqlite3.Connection) -> tuple[list[bytes], list[bytes]]:
    """Return the envelope hashes of acknowledged arrivals, and the ids of accepted messages, that have no turn yet."""
    arrived = (
        "SELECT envelope_hash FROM arrived WHERE state = 'acknowledged' AND content IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.envelope_hash = arrived.envelope_hash)"
    )
    sent = (
        "SELECT message_id FROM outgoing WHERE state = 'accepted'"
        " AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.envelope_hash = outgoing.envelope_hash)"
    )
    return list(_firsts(connection.execute(arrived))), list(_firsts(connection.execute(sent)))


def _firsts(rows: Iterable[tuple[bytes]]) -> Iterator[bytes]:
    return (row[0] for row in rows)
