"""
What this home asked of everybody who has a message, and how each answered: statements on `asked` and `holder_answer`.

A recall, a correction or a step in the life of a notice is noted in the commit that keeps it; a message whose last day its
content names, when it gets its date. An answer is a signed receipt: `destroyed` for the message, or `opened` for the correction
or step itself. Encrypted columns come and go as they are.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Answer", "Asked", "Because", "answered", "answers", "asked", "asked_of", "note", "recalled", "record"]


class Because(StrEnum):
    """Why holders are to do something."""

    RECALL = "recall"
    CORRECTION = "correction"
    LIFECYCLE = "lifecycle"
    EXPIRY = "expiry"

    @property
    def by_opening(self) -> bool:
        """Whether the answer is `opened`, for the message that asks; else `destroyed`, for its target."""
        return self in {Because.CORRECTION, Because.LIFECYCLE}


class Asked(NamedTuple):
    """Something that holders are to do."""

    message_id: bytes  # of what asks; of an expiry, the message itself
    because: Because
    target: bytes  # envelope hash
    mode: str | None  # of a recall
    confirm_by: int  # Unix seconds


class Answer(NamedTuple):
    """How a recipient answered."""

    envelope_hash: bytes  # which its receipt names
    recipient: bytes  # keyed hash
    event: str
    reason: str | None
    at: int
    receipt: bytes  # signed, encrypted


_SELECT: Final = "SELECT message_id, because, target, mode, confirm_by FROM asked"


def note(connection: sqlite3.Connection, one: Asked) -> None:
    """Note what this home asks; what was noted before stays."""
    query = "INSERT INTO asked (message_id, because, target, mode, confirm_by) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    connection.execute(query, one)


def asked(connection: sqlite3.Connection, *, everything: bool) -> list[Asked]:
    """Return what is not known to be answered by all, or everything, by the time when it must be."""
    where = "" if everything else " WHERE NOT answered"
    return [_asked(row) for row in connection.execute(f"{_SELECT}{where} ORDER BY confirm_by, message_id, because")]


def asked_of(connection: sqlite3.Connection, target: bytes) -> list[Asked]:
    """Return what this home asked of the holders of one message."""
    return [_asked(row) for row in connection.execute(f"{_SELECT} WHERE target = ?", (target,))]


def answered(connection: sqlite3.Connection, ones: Sequence[Asked]) -> None:
    """Note that all have answered: it is not looked at again."""
    query = "UPDATE asked SET answered = 1 WHERE message_id = ? AND because = ?"
    connection.executemany(query, [(one.message_id, one.because) for one in ones])


def recalled(connection: sqlite3.Connection, envelope_hash: bytes, target: bytes) -> bool:
    """Tell whether a message of this home was recalled, by this home or another that may; `target` is its keyed hash."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM asked WHERE target = ? AND because = 'recall')"
        " OR EXISTS (SELECT 1 FROM recall WHERE target = ? AND done IN ('deleted', 'use-stopped'))"
    )
    return bool(connection.execute(query, (envelope_hash, target)).fetchone()[0])


def record(connection: sqlite3.Connection, told: Sequence[Answer]) -> None:
    """Keep how recipients answered; a later answer takes the place of an earlier one."""
    connection.executemany(
        "INSERT INTO holder_answer (envelope_hash, recipient, event, reason, at, receipt) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (envelope_hash, recipient, event) DO UPDATE SET reason = excluded.reason, at = excluded.at,"
        " receipt = excluded.receipt WHERE excluded.at >= holder_answer.at",
        told,
    )


def answers(connection: sqlite3.Connection, envelope_hash: bytes, event: str) -> dict[bytes, Answer]:
    """Return the answers that name one message, by the recipient's keyed hash."""
    query = (
        "SELECT envelope_hash, recipient, event, reason, at, receipt FROM holder_answer WHERE envelope_hash = ? AND event = ?"
    )
    return {row[1]: Answer(*row) for row in connection.execute(query, (envelope_hash, event))}


def _asked(row: tuple[bytes, str, bytes, str | None, int]) -> Asked:
    message_id, because, target, mode, confirm_by = row
    return Asked(message_id, Because(because), target, mode, confirm_by)
