"""
The signed receipts of a home for what arrived: statements on its table `receipt`.

A receipt is made once for each envelope and event, kept in the same commit as what it states, and is `due` until a gateway
says that it is recorded.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Due", "due", "due_again", "of_envelope", "put", "recorded"]


class Due(NamedTuple):
    """A signed receipt that no gateway has confirmed yet."""

    row: int
    data: bytes


def of_envelope(connection: sqlite3.Connection, envelope_hash: bytes) -> list[bytes]:
    """Return the signed receipts of this home for an envelope, in the order in which they were made."""
    query = "SELECT data FROM receipt WHERE envelope_hash = ? ORDER BY id"
    return [data for (data,) in connection.execute(query, (envelope_hash,))]


def put(connection: sqlite3.Connection, envelope_hash: bytes, event: str, data: bytes) -> Due:
    """Keep a signed receipt that is due from now on; a newer one for the same event takes the place of the older."""
    row = connection.execute(
        "INSERT INTO receipt (envelope_hash, event, data, due) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (envelope_hash, event) DO UPDATE SET data = excluded.data, due = 1 RETURNING id",
        (envelope_hash, event, data),
    ).fetchone()
    return Due(int(row[0]), data)


def due(connection: sqlite3.Connection, limit: int, after: int = 0) -> list[Due]:
    """Return receipts that no gateway has confirmed, oldest first."""
    query = "SELECT id, data FROM receipt WHERE due AND id > ? ORDER BY id LIMIT ?"
    return [Due(*row) for row in connection.execute(query, (after, limit))]


def recorded(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Note that a gateway has these receipts for good."""
    connection.executemany("UPDATE receipt SET due = 0 WHERE id = ?", [(row,) for row in rows])


def due_again(connection: sqlite3.Connection, envelope_hash: bytes) -> list[Due]:
    """Let the receipts for an envelope be sent once more, and return them in the order in which they were made."""
    connection.execute("UPDATE receipt SET due = 1 WHERE envelope_hash = ?", (envelope_hash,))
    query = "SELECT id, data FROM receipt WHERE envelope_hash = ? ORDER BY id"
    return [Due(*row) for row in connection.execute(query, (envelope_hash,))]
