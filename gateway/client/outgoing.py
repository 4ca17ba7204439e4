"""
What was sent and what waits to be sent: statements on the home's table `outgoing`.

A row is written `kept`, with the sealed bytes, before they are sent for the first time; a retry sends the same bytes. It ends `accepted`
with the gateway's receipt, or `refused` with a code. A message id names one row for ever: what is written and signed anew keeps its id,
so that a gateway takes only one of the two. `hashes` lists every envelope hash it ever had, the newest first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Answered", "Outgoing", "State", "accept", "add", "find", "kept", "refuse", "rewrite"]

HASH_BYTES: Final = 32
KEPT_LIMIT: Final = 100  # looked up at a time


class State(StrEnum):
    """Where a message stands on its way out."""

    KEPT = "kept"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Outgoing(NamedTuple):
    """A message of this home; `draft` and `body` are encrypted."""

    message_id: bytes
    state: State
    created: int
    number: int | None
    reason: str | None
    hashes: bytes  # 32 bytes each, newest first; empty for clear text that no gateway has sealed yet
    media: str
    draft: bytes
    body: bytes | None  # None once it is accepted

    def own(self, envelope_hash: bytes) -> bool:
        """Tell whether this message ever had that envelope hash."""
        return envelope_hash in _split(self.hashes)

    def with_hash(self, envelope_hash: bytes) -> bytes:
        """Return `hashes` with this one as the newest."""
        return b"".join([envelope_hash, *(one for one in _split(self.hashes) if one != envelope_hash)])


class Answered(NamedTuple):
    """What a gateway's signed receipt says."""

    message_id: bytes
    envelope_hash: bytes
    number: int
    receipt: bytes
    at: int


_COLUMNS: Final = "message_id, state, created, number, reason, hashes, media, draft, body"


def add(connection: sqlite3.Connection, row: Outgoing) -> None:
    """Keep a new message before it is sent."""
    connection.execute(
        f"INSERT INTO outgoing ({_COLUMNS}, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, row.created)
    )


def find(connection: sqlite3.Connection, message_id: bytes) -> Outgoing | None:
    """Return a message of this home."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM outgoing WHERE message_id = ?", (message_id,)).fetchone()
    return None if found is None else _row(found)


def kept(connection: sqlite3.Connection) -> list[Outgoing]:
    """Return messages that wait to be sent, oldest first."""
    query = f"SELECT {_COLUMNS} FROM outgoing WHERE state = 'kept' ORDER BY created, message_id LIMIT ?"
    return [_row(found) for found in connection.execute(query, (KEPT_LIMIT,))]


def accept(connection: sqlite3.Connection, answered: Answered) -> None:
    """Note that a gateway accepted it; the sealed bytes have done their work."""
    row = find(connection, answered.message_id)
    assert row is not None  # rows are never deleted
    connection.execute(
        "UPDATE outgoing SET state = 'accepted', number = ?, answer = ?, body = NULL, reason = NULL, changed_at = ?, hashes = ?"
        " WHERE message_id = ?",
        (answered.number, answered.receipt, answered.at, row.with_hash(answered.envelope_hash), answered.message_id),
    )


def refuse(connection: sqlite3.Connection, message_id: bytes, reason: str, at: int) -> None:
    """Note that a gateway refused it; another process of this home may have seen it accepted meanwhile, and that counts."""
    connection.execute(
        "UPDATE outgoing SET state = 'refused', reason = ?, body = NULL, changed_at = ? WHERE message_id = ? AND state = 'kept'",
        (reason, at, message_id),
    )


def rewrite(connection: sqlite3.Connection, old: Outgoing, new: Outgoing) -> bool:
    """Put newly signed bytes in the place of those that waited too long; False if another process was faster."""
    changed = connection.execute(
        "UPDATE outgoing SET created = ?, hashes = ?, draft = ?, body = ?, changed_at = ?"
        " WHERE message_id = ? AND state = 'kept' AND created = ? AND hashes = ?",
        (new.created, new.hashes, new.draft, new.body, new.created, old.message_id, old.created, old.hashes),
    )
    return changed.rowcount == 1


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


def _row(found: tuple[object, ...]) -> Outgoing:
    row = Outgoing(*found)  # type: ignore[arg-type]  # the table's own types
    return row._replace(state=State(row.state))
