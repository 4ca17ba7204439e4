"""
What was sent and what waits to be sent: statements on the home's table `outgoing`.

A row is written `kept`, with the sealed bytes, before they are sent for the first time; a retry sends the same bytes. What
needs a second officer is `waiting` before that, and has no sealed bytes. It ends `accepted` with the gateway's receipt, or
`refused` with a code and with what a gateway signed or was said here. A message id names one row for ever: what is signed anew
keeps its id. Encrypted columns come and go as they are.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.client.records import turn_rows
from gateway.client.records.turn_rows import TurnRow
from gateway.errors import Rejected
from gateway.ids import format_id

__all__ = [
    "Answered",
    "Outgoing",
    "State",
    "accept",
    "accepted_between",
    "add",
    "doubt",
    "end",
    "erase",
    "find",
    "find_sent",
    "kept",
    "refuse",
    "replace",
    "sent_as",
    "waiting",
]


class State(StrEnum):
    """Where a message stands on its way out."""

    WAITING = "waiting"  # for a second officer
    KEPT = "kept"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Outgoing(NamedTuple):
    """A message of this home; `draft`, `body`, `refusal`, `head` and `decision` are encrypted."""

    message_id: bytes
    state: State
    created: int
    number: int | None
    reason: str | None
    envelope_hash: bytes  # empty for what nobody has sealed yet: clear text, and what waits for a second officer
    media: str
    draft: bytes
    body: bytes | None  # None before it is sealed, once it is accepted, and where it was refused without a signature
    refusal: bytes | None = None  # the signed refusal that ended it, encrypted
    answer: bytes | None = None  # the signed receipt that a gateway accepted it with
    head: bytes | None = None  # of an accepted message; None in rows of the first format
    decision: bytes | None = None  # of who approved it, or refused to


class Answered(NamedTuple):
    """What a gateway's signed receipt says."""

    message_id: bytes
    envelope_hash: bytes
    number: int
    receipt: bytes
    at: int
    head: bytes  # what proves the message when its sealed bytes are gone, encrypted
    turn: TurnRow  # its place in its conversation


_SELECT: Final = (
    "SELECT message_id, state, created, number, reason, envelope_hash, media, draft, body, refusal, answer, evidence,"
    " decision FROM outgoing"
)
_KEPT: Final = 9  # columns that a message has when it is kept


def add(connection: sqlite3.Connection, row: Outgoing) -> None:
    """Keep a new message before it is sent or approved; Rejected `conflict` where this home used its id before."""
    added = connection.execute(
        "INSERT INTO outgoing (message_id, state, created, number, reason, envelope_hash, media, draft, body, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING",
        (*row[:_KEPT], row.created),
    )
    if not added.rowcount:
        raise Rejected(f"this home sent {format_id(row.message_id)} before: ask for its status", code="conflict")


def find(connection: sqlite3.Connection, message_id: bytes) -> Outgoing | None:
    """Return a message of this home."""
    found = connection.execute(f"{_SELECT} WHERE message_id = ?", (message_id,)).fetchone()
    return None if found is None else _row(found)


def find_sent(connection: sqlite3.Connection, envelope_hash: bytes) -> Outgoing | None:
    """Return the message of this home that an envelope hash names."""
    found = connection.execute(f"{_SELECT} WHERE envelope_hash = ?", (envelope_hash,)).fetchone()
    return None if found is None else _row(found)


def sent_as(connection: sqlite3.Connection, envelope_hash: bytes) -> bool:
    """Tell whether this home sent an envelope."""
    return connection.execute("SELECT 1 FROM outgoing WHERE envelope_hash = ?", (envelope_hash,)).fetchone() is not None


def accepted_between(connection: sqlite3.Connection, *, first: int, last: int) -> list[Outgoing]:
    """Return what was accepted with a number from `first` to `last`, in order; looks through all, since it is asked seldom."""
    query = f"{_SELECT} WHERE state = 'accepted' AND number BETWEEN ? AND ? ORDER BY number"
    return [_row(found) for found in connection.execute(query, (first, last))]


def kept(connection: sqlite3.Connection) -> list[bytes]:
    """Return the ids of messages that wait to be sent, oldest first: the messages themselves may not fit into memory."""
    query = "SELECT message_id FROM outgoing WHERE state = 'kept' ORDER BY created, message_id"
    return [message_id for (message_id,) in connection.execute(query)]


def waiting(connection: sqlite3.Connection) -> list[bytes]:
    """Return the ids of messages that wait for a second officer, oldest first."""
    query = "SELECT message_id FROM outgoing WHERE state = 'waiting' ORDER BY created, message_id"
    return [message_id for (message_id,) in connection.execute(query)]


def accept(connection: sqlite3.Connection, answered: Answered) -> None:
    """Note that a gateway accepted it; the sealed bytes have done their work."""
    connection.execute(
        "UPDATE outgoing SET state = 'accepted', envelope_hash = ?, number = ?, answer = ?, evidence = ?, changed_at = ?,"
        " reason = NULL, body = NULL WHERE message_id = ?",
        (answered.envelope_hash, answered.number, answered.receipt, answered.head, answered.at, answered.message_id),
    )
    turn_rows.add(connection, [answered.turn])


def refuse(connection: sqlite3.Connection, message_id: bytes, reason: str, at: int, refusal: bytes | None) -> None:
    """
    Note that it was refused for good, unless another process of this home saw it accepted.

    Args:
        connection: To the home's file.
        message_id: Of the message.
        reason: A code.
        at: Unix seconds.
        refusal: What a gateway signed, encrypted; then the sealed bytes stay too, because the signature is over both.
    """
    connection.execute(
        "UPDATE outgoing SET state = 'refused', reason = ?, refusal = ?, body = CASE WHEN ? THEN body END, changed_at = ?"
        " WHERE message_id = ? AND state = 'kept'",
        (reason, refusal, refusal is not None, at, message_id),
    )


def doubt(connection: sqlite3.Connection, message_id: bytes, reason: str) -> None:
    """Note a refusal that nobody signed beside a message that stays kept."""
    connection.execute("UPDATE outgoing SET reason = ? WHERE message_id = ? AND state = 'kept'", (reason, message_id))


def replace(connection: sqlite3.Connection, old: Outgoing, new: Outgoing, at: int) -> bool:
    """
    Put newly signed bytes in the place of refused ones, or sealed ones in the place of what was approved.

    Args:
        connection: To the home's file.
        old: What was read before; kept or waiting.
        new: What stands there from now on.
        at: Unix seconds.

    Returns:
        False, and nothing changed, if another process of this home was faster.
    """
    changed = connection.execute(
        "UPDATE outgoing SET state = ?, created = ?, reason = ?, envelope_hash = ?, draft = ?, body = ?, decision = ?,"
        " changed_at = ? WHERE message_id = ? AND state = ? AND draft = ?",
        (*_changed(new), at, old.message_id, old.state, old.draft),
    )
    return changed.rowcount == 1


def end(connection: sqlite3.Connection, row: Outgoing, reason: str, at: int, decision: bytes | None) -> bool:
    """Note that a waiting message is refused here, by a code; False if another process of this home was faster."""
    changed = connection.execute(
        "UPDATE outgoing SET state = 'refused', reason = ?, decision = ?, changed_at = ?"
        " WHERE message_id = ? AND state = 'waiting' AND draft = ?",
        (reason, decision, at, row.message_id, row.draft),
    )
    return changed.rowcount == 1


def erase(connection: sqlite3.Connection, message_id: bytes, draft: bytes, at: int) -> None:
    """Put a draft without its content in the place of the whole one; what proves the message stays."""
    query = "UPDATE outgoing SET draft = ?, body = NULL, erased_at = ? WHERE message_id = ?"
    connection.execute(query, (draft, at, message_id))


def _changed(new: Outgoing) -> tuple[object, ...]:
    return new.state, new.created, new.reason, new.envelope_hash, new.draft, new.body, new.decision


def _row(found: tuple[object, ...]) -> Outgoing:
    row = Outgoing(*found)  # type: ignore[arg-type]  # the table's own types
    return row._replace(state=State(row.state))
