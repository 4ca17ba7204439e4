"""
Which arrivals say the same: statements on the table `same`.

A row is written when an arrival of a kind that knows sameness is opened. `digest` is keyed and computed from the content: it
goes when the content goes, and then nothing new is like it; `first`, by which rows are told together, stays. Whose a message
is stands encrypted.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

__all__ = ["SameRow", "Told", "erase", "everything", "note", "of", "unnoted"]

# A group is told in order of acceptance; `state` is that of the arrival.
_SELECT: Final = (
    "SELECT same.first, same.envelope_hash, same.number, same.said, arrived.state FROM same JOIN arrived USING (envelope_hash)"
)


class SameRow(NamedTuple):
    """What to keep of an arrival."""

    envelope_hash: bytes
    digest: bytes
    number: int  # of acceptance in this network
    said: bytes  # encrypted


class Told(NamedTuple):
    """What is kept of an arrival."""

    first: bytes  # envelope hash of the first that said the same
    envelope_hash: bytes
    number: int
    said: bytes  # encrypted
    state: str  # of the arrival


def note(connection: sqlite3.Connection, row: SameRow) -> None:
    """Keep that an arrival says what its digest stands for; again changes nothing."""
    query = "SELECT first FROM same WHERE digest = ? LIMIT 1"
    found = connection.execute(query, (row.digest,)).fetchone()
    first = row.envelope_hash if found is None else found[0]
    connection.execute(
        "INSERT INTO same (envelope_hash, digest, first, number, said) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (row.envelope_hash, row.digest, first, row.number, row.said),
    )


def erase(connection: sqlite3.Connection, envelope_hash: bytes) -> None:
    """Forget what an arrival said; that others said the same stays."""
    connection.execute("UPDATE same SET digest = NULL WHERE envelope_hash = ?", (envelope_hash,))


def of(connection: sqlite3.Connection, envelope_hash: bytes) -> list[Told]:
    """Return all that say the same as an arrival, itself too, in order of acceptance; none where it was never noted."""
    query = f"{_SELECT} JOIN same AS one ON one.first = same.first WHERE one.envelope_hash = ? ORDER BY same.number"
    return [Told(*row) for row in connection.execute(query, (envelope_hash,))]


def everything(connection: sqlite3.Connection) -> list[Told]:
    """Return all arrivals that are the same as another one, those of a group in order of acceptance."""
    twice = connection.execute("SELECT first FROM same GROUP BY first HAVING count(*) > 1").fetchall()
    query = f"{_SELECT} WHERE same.first = ? ORDER BY same.number"
    return [Told(*row) for first in twice for row in connection.execute(query, first)]


def unnoted(connection: sqlite3.Connection) -> list[tuple[bytes, int]]:
    """Return envelope hash and acceptance number of what was acknowledged, is here, and was never noted."""
    query = (
        "SELECT envelope_hash, number FROM arrived WHERE state = 'acknowledged' AND content IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM same WHERE same.envelope_hash = arrived.envelope_hash) ORDER BY number"
    )
    return list(connection.execute(query))
