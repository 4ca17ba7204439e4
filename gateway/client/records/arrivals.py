"""
What arrived: statements on the home's tables `arrived` and `answer`.

A row is `waiting` until the application acknowledged it or it was refused. Only the process that claimed it last (`owner`)
may settle it, so that no delivery is handed over after its acknowledgement, however many processes share the home.
What states it, a signed receipt, is kept in the same commit. A row whose content and sealed bytes were erased stays, with a
tombstone that proves it. Encrypted columns come and go as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.client.records import receipt_rows, same_rows, turn_rows
from gateway.client.records.receipt_rows import Due
from gateway.client.records.turn_rows import TurnRow

__all__ = [
    "PROCESS_BYTES",
    "Arrival",
    "Arrived",
    "Claimed",
    "Kept",
    "Outcome",
    "Settlement",
    "State",
    "answers_to",
    "by_hash",
    "by_source",
    "claim",
    "erase",
    "keep",
    "keep_refused",
    "other",
    "release",
    "replace",
    "settle",
    "unclaimed",
    "without_source",
]

PROCESS_BYTES: Final = 8  # of an owner: they name the process, what follows names one of its iterations
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
    RECALLED = "recalled"  # a recall ended it while the application had it
    TAKEN = "taken"  # another process of this home claimed it since
    CONFLICT = "conflict"  # the same sender and message id settled with another envelope


class Arrival(NamedTuple):
    """A delivery to keep."""

    envelope_hash: bytes
    number: int
    delivery: bytes  # encrypted
    receipt: bytes  # signed: `delivered`, or `rejected` for what is refused at once; sent after the commit
    recall: bool = False  # its header says that it is a recall or a correction


class Kept(NamedTuple):
    """What became of an arrival."""

    row: int | None  # None where the envelope was here before
    receipts: list[Due]


class Arrived(NamedTuple):
    """A delivery of this home, settled or not."""

    envelope_hash: bytes
    delivery: bytes  # encrypted; empty once it is erased
    content: bytes | None  # encrypted; of what was acknowledged and not erased
    recalled: str | None  # what a recall did to it
    tombstone: bytes | None  # encrypted; of what was erased


_SELECT: Final = "SELECT envelope_hash, delivery, content, recalled, tombstone FROM arrived"


class Claimed(NamedTuple):
    """A delivery of this home that is offered to the application."""

    row: int
    envelope_hash: bytes
    number: int
    again: bool
    delivery: bytes  # encrypted


def keep(connection: sqlite3.Connection, arrivals: Iterable[Arrival], owner: bytes, now: int) -> list[Kept]:
    """
    Keep deliveries with their `delivered` receipts.

    Returns:
        For each its row if it is new, and the receipts to send: those of the first time where the envelope was here before.
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


def release(connection: sqlite3.Connection, rows: Sequence[int], owner: bytes, *, seen: bool) -> None:
    """Give back what this process claimed; `seen` tells whether the application had it."""
    taken_back = 0 if seen else 1
    connection.executemany(
        "UPDATE arrived SET owner = x'', offered = max(offered, 1) - ?"
        " WHERE id = ? AND state = 'waiting' AND substr(owner, 1, ?) = ?",
        [(taken_back, row, PROCESS_BYTES, owner[:PROCESS_BYTES]) for row in rows],
    )


def keep_refused(connection: sqlite3.Connection, arrival: Arrival, reason: str, now: int) -> list[Due]:
    """Keep what could not even be taken in, with its `rejected` receipt; of a repeat the first receipts are due again."""
    kept = _keep(connection, arrival, b"", now, State.REJECTED)
    if kept.row is not None:
        connection.execute("UPDATE arrived SET reason = ? WHERE id = ?", (reason, kept.row))
    return kept.receipts


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
    target: bytes | None = None  # keyed hash of the message that it names in `in_reply_to`
    turn: TurnRow | None = None  # of what is acknowledged: its place in its conversation
    recalled: str | None = None  # what a recall that came earlier wants
    tombstone: bytes | None = None  # encrypted; then the sealed delivery is erased


def settle(connection: sqlite3.Connection, settlement: Settlement, owner: bytes, now: int) -> tuple[Outcome, Due | None]:
    """
    End a delivery, with its receipt.

    Returns:
        What became of it, and the receipt that is due; nothing was changed unless it is `DONE`.
    """
    query = "SELECT state, owner, reason FROM arrived WHERE id = ?"
    state, holder, reason = connection.execute(query, (settlement.row,)).fetchone()
    if state != State.WAITING:
        recalled = (state, reason) == (State.REJECTED, "recalled") and settlement.state is State.ACKNOWLEDGED
        return Outcome.RECALLED if recalled else Outcome.REPEATED, None
    if holder[:PROCESS_BYTES] != owner[:PROCESS_BYTES]:
        return Outcome.TAKEN, None
    if settlement.source is not None and other(connection, settlement.source, settlement.envelope_hash):
        return Outcome.CONFLICT, None
    connection.execute(
        "UPDATE arrived SET state = ?, source = ?, content = ?, reason = ?, recalled = ?, changed_at = ? WHERE id = ?",
        (settlement.state, settlement.source, settlement.content, settlement.reason, settlement.recalled, now, settlement.row),
    )
    if settlement.tombstone is not None:
        erase(connection, settlement.envelope_hash, settlement.tombstone, now)
    if settlement.target is not None:
        told = settlement.envelope_hash, settlement.target
        connection.execute("INSERT INTO answer (envelope_hash, target) VALUES (?, ?) ON CONFLICT DO NOTHING", told)
    if settlement.turn is not None:
        turn_rows.add(connection, [settlement.turn])
    return Outcome.DONE, receipt_rows.put(connection, settlement.envelope_hash, settlement.event, settlement.receipt)


def erase(connection: sqlite3.Connection, envelope_hash: bytes, tombstone: bytes | None, now: int) -> None:
    """Erase content and sealed delivery, and what is computed from them; the row stays, with what proves it."""
    same_rows.erase(connection, envelope_hash)
    connection.execute(
        "UPDATE arrived SET delivery = x'', content = NULL, tombstone = ?, erased_at = ? WHERE envelope_hash = ?",
        (tombstone, now, envelope_hash),
    )


def other(connection: sqlite3.Connection, source: bytes, envelope_hash: bytes) -> bool:
    """Tell whether this sender and message id came before with another envelope."""
    query = "SELECT 1 FROM arrived WHERE source = ? AND envelope_hash <> ?"
    return connection.execute(query, (source, envelope_hash)).fetchone() is not None


def by_source(connection: sqlite3.Connection, sources: Iterable[bytes]) -> dict[bytes, Arrived]:
    """Return the deliveries of these senders and message ids."""
    query = f"{_SELECT} WHERE source = ?"
    found = {source: connection.execute(query, (source,)).fetchone() for source in sources}
    return {source: Arrived(*row) for source, row in found.items() if row is not None}


def by_hash(connection: sqlite3.Connection, envelope_hash: bytes) -> Arrived | None:
    """Return the delivery of an envelope, unless it was refused here for another reason than a recall."""
    query = f"{_SELECT} WHERE envelope_hash = ? AND (state <> 'rejected' OR recalled IS NOT NULL)"
    found = connection.execute(query, (envelope_hash,)).fetchone()
    return None if found is None else Arrived(*found)


def answers_to(connection: sqlite3.Connection, target: bytes) -> list[Arrived]:
    """Return the acknowledged deliveries that name a message, in the order of acceptance; those that count no more left out."""
    query = (
        f"{_SELECT} JOIN answer USING (envelope_hash)"
        " WHERE target = ? AND state = 'acknowledged' AND recalled IS NULL AND erased_at IS NULL ORDER BY number"
    )
    return [Arrived(*row) for row in connection.execute(query, (target,))]


def without_source(connection: sqlite3.Connection) -> list[Arrived]:
    """Return the deliveries whose sender was never proved: they wait, or could not be opened."""
    query = f"{_SELECT} WHERE source IS NULL ORDER BY id"
    return [Arrived(*row) for row in connection.execute(query)]


def _keep(connection: sqlite3.Connection, arrival: Arrival, owner: bytes, now: int, state: State = State.WAITING) -> Kept:
    added = connection.execute(
        "INSERT INTO arrived (envelope_hash, number, state, owner, offered, changed_at, delivery, recall)"
        " VALUES (?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT (envelope_hash) DO NOTHING RETURNING id",
        (arrival.envelope_hash, arrival.number, state, owner, now, arrival.delivery, arrival.recall),
    ).fetchone()
    if added is not None:
        event = "delivered" if state is State.WAITING else "rejected"
        return Kept(int(added[0]), [receipt_rows.put(connection, arrival.envelope_hash, event, arrival.receipt)])
    return Kept(None, receipt_rows.due_again(connection, arrival.envelope_hash))
