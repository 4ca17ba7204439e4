"""
What this home knows of recalls and corrections: statements on the tables `recall`, `correction` and `made_from`.

A recall is noted once, under its own envelope hash, in the commit that does what it asks for. Its target is a keyed hash, and
whose word it is stands encrypted in `said`: a target that comes later is judged then, by the same rule. A correction is noted
under a keyed hash of its sender and id. Encrypted columns come and go as they are.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.records.arrivals import Arrived, Claimed, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Noted",
    "Standing",
    "Target",
    "corrections",
    "done",
    "end_waiting",
    "made_from",
    "mark",
    "note",
    "note_correction",
    "note_made_from",
    "pass_over",
    "recalls_of",
    "standing",
    "target",
    "unheeded",
]

UNHEEDED_ROWS: Final = 16  # at once; each may be as large as a message


class Target(NamedTuple):
    """What arrived and is recalled."""

    row: Arrived
    state: State


class Noted(NamedTuple):
    """What somebody said of a message."""

    name: bytes  # of what said it: what `said` is bound to
    said: bytes  # encrypted


class Standing(NamedTuple):
    """What is to be known of an opened delivery before it is handed over."""

    waiting: bool  # False where it was settled since it was claimed
    other: bool  # its sender used this message id for another envelope
    recalls: Sequence[Noted]
    corrections: Sequence[Noted]


def unheeded(connection: sqlite3.Connection, after: int) -> list[Claimed]:
    """Return some recalls and corrections that wait and were not acted on, oldest first, behind a row."""
    query = (
        "SELECT id, envelope_hash, number, delivery FROM arrived"
        " WHERE recall AND state = 'waiting' AND id > ? ORDER BY id LIMIT ?"
    )
    rows = connection.execute(query, (after, UNHEEDED_ROWS)).fetchall()
    return [Claimed(row, name, number, again=False, delivery=delivery) for row, name, number, delivery in rows]


def pass_over(connection: sqlite3.Connection, envelope_hash: bytes) -> None:
    """Look at one of them no more before its turn: it was acted on, or cannot be read."""
    connection.execute("UPDATE arrived SET recall = 0 WHERE envelope_hash = ?", (envelope_hash,))


def done(connection: sqlite3.Connection, envelope_hash: bytes) -> str | None:
    """Return what a recall did; None for one that was not acted on."""
    found = connection.execute("SELECT done FROM recall WHERE envelope_hash = ?", (envelope_hash,)).fetchone()
    return None if found is None else str(found[0])


def target(connection: sqlite3.Connection, envelope_hash: bytes) -> Target | None:
    """Return what arrived under an envelope hash, settled or not."""
    query = "SELECT envelope_hash, delivery, content, recalled, tombstone, state FROM arrived WHERE envelope_hash = ?"
    found = connection.execute(query, (envelope_hash,)).fetchone()
    return None if found is None else Target(Arrived(*found[:-1]), State(found[-1]))


def note(connection: sqlite3.Connection, recall: Noted, target: bytes, done: str) -> None:
    """Note what a recall did; it is not looked at again before its turn."""
    query = "INSERT INTO recall (envelope_hash, target, done, said) VALUES (?, ?, ?, ?)"
    connection.execute(query, (recall.name, target, done, recall.said))
    connection.execute("UPDATE arrived SET recall = 0 WHERE envelope_hash = ?", (recall.name,))


def mark(connection: sqlite3.Connection, envelope_hash: bytes, recalled: str) -> None:
    """Mark what arrived as recalled."""
    connection.execute("UPDATE arrived SET recalled = ? WHERE envelope_hash = ?", (recalled, envelope_hash))


def end_waiting(connection: sqlite3.Connection, envelope_hash: bytes, now: int) -> None:
    """End what waits for the application, whoever claimed it."""
    connection.execute(
        "UPDATE arrived SET state = 'rejected', reason = 'recalled', owner = x'', changed_at = ?"
        " WHERE envelope_hash = ? AND state = 'waiting'",
        (now, envelope_hash),
    )


def standing(connection: sqlite3.Connection, row: int, envelope_hash: bytes, source: bytes, target: bytes) -> Standing:
    """Look at a delivery that was opened: by its row, its hash, and the keyed hashes of sender and id and of itself."""
    (state,) = connection.execute("SELECT state FROM arrived WHERE id = ?", (row,)).fetchone()
    query = "SELECT 1 FROM arrived WHERE source = ? AND envelope_hash <> ?"
    other = connection.execute(query, (source, envelope_hash)).fetchone() is not None
    return Standing(state == State.WAITING, other, recalls_of(connection, target), corrections(connection, target))


def recalls_of(connection: sqlite3.Connection, target: bytes) -> list[Noted]:
    """Return the recalls that name a message."""
    return [Noted(*row) for row in connection.execute("SELECT envelope_hash, said FROM recall WHERE target = ?", (target,))]


def note_correction(connection: sqlite3.Connection, correction: Noted, target: bytes, at: int) -> bool:
    """Note a correction; False for one that was noted before, which stays as it is."""
    query = "INSERT INTO correction (source, target, at, said) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return connection.execute(query, (correction.name, target, at, correction.said)).rowcount == 1


def corrections(connection: sqlite3.Connection, target: bytes) -> list[Noted]:
    """Return the corrections that name a message, oldest first."""
    query = "SELECT source, said FROM correction WHERE target = ? ORDER BY at, source"
    return [Noted(*row) for row in connection.execute(query, (target,))]


def note_made_from(connection: sqlite3.Connection, message_id: bytes, targets: Iterable[bytes]) -> None:
    """Note which messages one was made from, by their keyed hashes."""
    rows = [(target, message_id) for target in targets]
    connection.executemany("INSERT INTO made_from (target, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)


def made_from(connection: sqlite3.Connection, target: bytes) -> list[bytes]:
    """Return the ids of messages of this home that were made from one."""
    query = "SELECT message_id FROM made_from WHERE target = ? ORDER BY message_id"
    return [message_id for (message_id,) in connection.execute(query, (target,))]
