"""
When what a home keeps is to be looked at again: statements on `retention`, `held_conversation` and `trace`.

A row is named by the envelope hash of an arrival (32 bytes) or the id of a message that was sent (16 bytes); it is made once,
and goes when the message is erased. A hold by kind is never released; one of a conversation counts for what comes later too.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from gateway.client.records.arrivals import Arrived

__all__ = [
    "HASH_BYTES",
    "Kept",
    "TraceRow",
    "add",
    "add_trace",
    "due",
    "expired",
    "extend",
    "find",
    "forget",
    "held_beyond",
    "hold",
    "hold_conversation",
    "ordered",
    "scheduled",
    "traces",
    "unscheduled_arrivals",
    "unscheduled_sent",
    "within",
]


HASH_BYTES: Final = 32  # what arrived is named by its envelope hash, what was sent by its message id


class Kept(NamedTuple):
    """One message, and until when it is kept."""

    id: bytes
    conversation: bytes  # keyed hash
    review_at: int  # Unix seconds: without an answer it is deleted then
    last_at: int | None  # its author lets nobody keep it longer
    hold: str | None  # `kind`: evidence; `asked`: somebody of this home asked for it


class TraceRow(NamedTuple):
    """One thing that was done."""

    id: int
    at: int
    what: str
    said: bytes  # encrypted


_FREE: Final = "hold IS NULL AND conversation NOT IN (SELECT conversation FROM held_conversation)"
_SELECT: Final = "SELECT id, conversation, review_at, last_at, hold FROM retention"


def add(connection: sqlite3.Connection, kept: Kept) -> None:
    """Note until when a message is kept; what was noted before stays."""
    query = "INSERT INTO retention (id, conversation, review_at, last_at, hold) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    connection.execute(query, kept)


def scheduled(connection: sqlite3.Connection, name: bytes) -> None:
    """Note that a message was looked at: it has its row, or needs none."""
    table, column = ("arrived", "envelope_hash") if len(name) == HASH_BYTES else ("outgoing", "message_id")
    connection.execute(f"UPDATE {table} SET scheduled = 1 WHERE {column} = ?", (name,))  # noqa: S608  # two fixed names


def unscheduled_arrivals(connection: sqlite3.Connection, limit: int) -> list[Arrived]:
    """Return arrivals that were settled and have no date yet."""
    query = (
        "SELECT envelope_hash, delivery, content, recalled, tombstone FROM arrived"
        " WHERE scheduled = 0 AND state <> 'waiting' LIMIT ?"
    )
    return [Arrived(*row) for row in connection.execute(query, (limit,))]


def unscheduled_sent(connection: sqlite3.Connection, limit: int) -> list[bytes]:
    """Return ids of messages that went out, or were refused, and have no date yet."""
    query = "SELECT message_id FROM outgoing WHERE scheduled = 0 AND state IN ('accepted', 'refused') LIMIT ?"
    return [message_id for (message_id,) in connection.execute(query, (limit,))]


def find(connection: sqlite3.Connection, name: bytes) -> Kept | None:
    """Return until when a message is kept."""
    found = connection.execute(f"{_SELECT} WHERE id = ?", (name,)).fetchone()
    return None if found is None else Kept(*found)


def within(connection: sqlite3.Connection, before: int, limit: int) -> list[tuple[Kept, bool]]:
    """Return messages whose date comes before a time, the next one first, and whether anything holds them."""
    query = f"SELECT id, conversation, review_at, last_at, hold, NOT ({_FREE}) FROM retention WHERE review_at <= ?"  # noqa: S608  # fixed words
    rows = connection.execute(f"{query} ORDER BY review_at LIMIT ?", (before, limit))
    return [(Kept(*row[:-1]), bool(row[-1])) for row in rows]


def due(connection: sqlite3.Connection, now: int, limit: int) -> list[Kept]:
    """Return messages whose date is over and that nothing holds."""
    rows = connection.execute(f"{_SELECT} WHERE review_at <= ? AND {_FREE} ORDER BY review_at LIMIT ?", (now, limit))
    return [Kept(*row) for row in rows]


def expired(connection: sqlite3.Connection, now: int, limit: int) -> list[Kept]:
    """Return messages whose last day is over and that nothing holds."""
    # No review date is after the last day: the index on review dates finds both.
    query = f"{_SELECT} WHERE review_at <= ? AND last_at <= ? AND {_FREE} ORDER BY review_at LIMIT ?"
    return [Kept(*row) for row in connection.execute(query, (now, now, limit))]


def held_beyond(connection: sqlite3.Connection, now: int, limit: int) -> list[bytes]:
    """Return envelope hashes of what arrived, is held beyond its last day, and is still in use."""
    query = (
        f"SELECT id FROM retention WHERE review_at <= ? AND last_at <= ? AND NOT ({_FREE})"  # noqa: S608  # fixed words
        " AND EXISTS (SELECT 1 FROM arrived WHERE envelope_hash = retention.id AND recalled IS NULL) LIMIT ?"
    )
    return [name for (name,) in connection.execute(query, (now, now, limit))]


def extend(connection: sqlite3.Connection, name: bytes, review_at: int) -> None:
    """Set another date."""
    connection.execute("UPDATE retention SET review_at = ? WHERE id = ?", (review_at, name))


def hold(connection: sqlite3.Connection, name: bytes, *, on: bool) -> None:
    """Hold one message, or release it; a hold by kind stays."""
    connection.execute("UPDATE retention SET hold = ? WHERE id = ? AND hold IS NOT 'kind'", ("asked" if on else None, name))


def ordered(connection: sqlite3.Connection, name: bytes, conversation: bytes) -> bool:
    """Tell whether somebody of this home asked to hold a message, or its conversation."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM retention WHERE id = ? AND hold = 'asked')"
        " OR EXISTS (SELECT 1 FROM held_conversation WHERE conversation = ?)"
    )
    return bool(connection.execute(query, (name, conversation)).fetchone()[0])


def hold_conversation(connection: sqlite3.Connection, conversation: bytes, *, on: bool) -> bool:
    """Hold all messages of a conversation, those that come later too, or release it; False where nothing changed."""
    query = "INSERT INTO held_conversation VALUES (?) ON CONFLICT DO NOTHING"
    changed = connection.execute(query if on else "DELETE FROM held_conversation WHERE conversation = ?", (conversation,))
    return changed.rowcount == 1


def forget(connection: sqlite3.Connection, name: bytes) -> None:
    """Drop the date of a message that was erased."""
    connection.execute("DELETE FROM retention WHERE id = ?", (name,))


def add_trace(connection: sqlite3.Connection, at: int, what: str, said: bytes) -> None:
    """Note what was done."""
    connection.execute("INSERT INTO trace (at, what, said) VALUES (?, ?, ?)", (at, what, said))


def traces(connection: sqlite3.Connection) -> list[TraceRow]:
    """Return all that was done, oldest first."""
    return [TraceRow(*row) for row in connection.execute("SELECT id, at, what, said FROM trace ORDER BY id")]
