"""
What arrived, and the receipts for it: statements on the home's tables `arrived` and `receipt`.

A row is `waiting` until the application acknowledged it or it was refused. Only the process that claimed it last (`owner`)
may settle it, so that no delivery is handed over after its acknowledgement, however many processes share the home.
A receipt is made once for each envelope and event, kept in the same commit as what it states, and is `due` until a gateway
says that it is recorded. Encrypted columns come and go as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["Arrival", "Claimed", "Due", "Outcome", "State", "claim", "due", "keep", "recorded", "replace", "settle"]

CLAIM_ROWS: Final = 64
CLAIM_BYTES: Final = 16 << 20


class State(StrEnum):
    """Where an arrival stands."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"


class Outcome(StrEnum):
    """What became of an attempt to settle."""

    DONE = "done"
    REPEATED = "repeated"  # it was settled before
    TAKEN = "taken"  # another inbox iteration claimed it since
    CONFLICT = "conflict"  # the same sender and message id settled with another envelope


class Arrival(NamedTuple):
    """A delivery to keep."""

    envelope_hash: bytes
    number: int
    delivery: bytes  # encrypted
    receipt: bytes  # the signed `delivered` receipt, sent after the commit


class Claimed(NamedTuple):
    """A delivery of this home that is offered to the application."""

    row: int
    envelope_hash: bytes
    number: int
    again: bool
    delivery: bytes  # encrypted


class Due(NamedTuple):
    """A signed receipt that no gateway has confirmed yet."""

    row: int
    data: bytes


def keep(connection: sqlite3.Connection, arrivals: Iterable[Arrival], owner: bytes, now: int) -> list[int | None]:
    """
    Keep deliveries with their `delivered` receipts.

    Returns:
        For each the row of a new one; None where the envelope was here before: then its receipts are due once more.
    """
    return [_keep(connection, arrival, owner, now) for arrival in arrivals]


def claim(connection: sqlite3.Connection, owner: bytes) -> list[Claimed]:
    """Make the oldest waiting deliveries that are not the owner's its own, as many as fit into memory."""
    rows = connection.execute(
        "SELECT id, envelope_hash, number, offered, delivery FROM arrived"
        " WHERE state = 'waiting' AND owner <> ? ORDER BY id LIMIT ?",
        (owner, CLAIM_ROWS),
    )
    claimed: list[Claimed] = []
    size = 0
    for row, envelope_hash, number, offered, delivery in rows:
        size += len(delivery)
        if claimed and size > CLAIM_BYTES:
            break
        claimed.append(Claimed(row, envelope_hash, number, offered > 0, delivery))
    rows.close()
    connection.executemany(
        "UPDATE arrived SET owner = ?, offered = offered + 1 WHERE id = ?", [(owner, item.row) for item in claimed]
    )
    return claimed


def unclaimed(connection: sqlite3.Connection, owner: bytes) -> bool:
    """Tell whether `claim` would find anything; a look that writes nothing."""
    query = "SELECT 1 FROM arrived WHERE state = 'waiting' AND owner <> ? LIMIT 1"
    return connection.execute(query, (owner,)).fetchone() is not None


def replace(connection: sqlite3.Connection, row: int, delivery: bytes) -> None:
    """Put a better copy of the same envelope in the place of a damaged one."""
    connection.execute("UPDATE arrived SET delivery = ? WHERE id = ? AND state = 'waiting'", (delivery, row))


class Settlement(NamedTuple):
    """How a delivery ends: acknowledged with its content, or refused with a reason."""

    row: int
    envelope_hash: bytes
    state: State
    event: str
    receipt: bytes  # signed
    source: bytes | None  # keyed hash of sender and message id; None where these are not proved
    content: bytes | None = None  # encrypted
    reason: str | None = None


def settle(connection: sqlite3.Connection, settlement: Settlement, owner: bytes, now: int) -> tuple[Outcome, int | None]:
    """
    End a delivery, with its receipt.

    Returns:
        What became of it, and the row of the receipt that is due; nothing was changed unless it is `DONE`.
    """
    query = "SELECT state, owner FROM arrived WHERE id = ?"
    state, holder = connection.execute(query, (settlement.row,)).fetchone()
    if state != State.WAITING:
        return Outcome.REPEATED, None
    if holder != owner:
        return Outcome.TAKEN, None
    if settlement.source is not None and other(connection, settlement.source, settlement.envelope_hash):
        return Outcome.CONFLICT, None
    connection.execute(
        "UPDATE arrived SET state = ?, source = ?, content = ?, reason = ?, changed_at = ? WHERE id = ?",
        (settlement.state, settlement.source, settlement.content, settlement.reason, now, settlement.row),
    )
    return Outcome.DONE, _add_receipt(connection, settlement.envelope_hash, settlement.event, settlement.receipt)


def other(connection: sqlite3.Connection, source: bytes, envelope_hash: bytes) -> bool:
    """Tell whether this sender and message id came before with another envelope."""
    query = "SELECT 1 FROM arrived WHERE source = ? AND envelope_hash <> ?"
    return connection.execute(query, (source, envelope_hash)).fetchone() is not None


def due(connection: sqlite3.Connection, limit: int, after: int = 0) -> list[Due]:
    """Return receipts that no gateway has confirmed, oldest first."""
    query = "SELECT id, data FROM receipt WHERE due AND id > ? ORDER BY id LIMIT ?"
    return [Due(*row) for row in connection.execute(query, (after, limit))]


def recorded(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Note that a gateway has these receipts for good."""
    connection.executemany("UPDATE receipt SET due = 0 WHERE id = ?", [(row,) for row in rows])


def _keep(connection: sqlite3.Connection, arrival: Arrival, owner: bytes, now: int) -> int | None:
    added = connection.execute(
        "INSERT INTO arrived (envelope_hash, number, state, owner, offered, changed_at, delivery)"
        " VALUES (?, ?, 'waiting', ?, 1, ?, ?) ON CONFLICT (envelope_hash) DO NOTHING RETURNING id",
        (arrival.envelope_hash, arrival.number, owner, now, arrival.delivery),
    ).fetchone()
    if added is None:
        connection.execute("UPDATE receipt SET due = 1 WHERE envelope_hash = ?", (arrival.envelope_hash,))
        return None
    _add_receipt(connection, arrival.envelope_hash, "delivered", arrival.receipt)
    return int(added[0])


def _add_receipt(connection: sqlite3.Connection, envelope_hash: bytes, event: str, data: bytes) -> int:
    added = connection.execute(
        "INSERT INTO receipt (envelope_hash, event, data, due) VALUES (?, ?, ?, 1)", (envelope_hash, event, data)
    )
    assert added.lastrowid is not None
    return added.lastrowid
