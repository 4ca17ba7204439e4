"""
Statements on what a home keeps of the audit log: the newest checkpoint, views that others claimed, evidence.

A checkpoint is only ever replaced by a larger one. Of claims each (size, root) is kept once, and only so many: the oldest goes
first, those of participants before those of a gateway. Evidence stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = [
    "MAX_CLAIMS",
    "Claim",
    "EvidenceRow",
    "Kept",
    "add_claim",
    "add_evidence",
    "claims",
    "drop",
    "evidence",
    "keep",
    "kept",
    "newest",
]

MAX_CLAIMS: Final = 1024  # half a megabyte; each costs a proof when it is checked


class Kept(NamedTuple):
    """A verified checkpoint: name, size and root of the log, and the signed note that says so."""

    origin: str
    size: int
    root: bytes
    note: bytes


class Claim(NamedTuple):
    """
    A view of the log in a receipt.

    Args:
        size: Leaves.
        root: Over them.
        by_gateway: Whether a gateway signed the receipt.
        at: When this home saw it, Unix seconds.
        statement: The signed receipt, encrypted.
    """

    size: int
    root: bytes
    by_gateway: bool
    at: int
    statement: bytes


class EvidenceRow(NamedTuple):
    """
    Two signed statements that contradict each other.

    Args:
        digest: Names the pair: SHA-256 over both, in clear.
        at: When this home found it, Unix seconds.
        code: `log-forked` or `directory-split`.
        why: In words.
        kept: What this home had, encrypted.
        other: What contradicts it, encrypted.
    """

    digest: bytes
    at: int
    code: str
    why: str
    kept: bytes
    other: bytes


def kept(connection: sqlite3.Connection, origin: str) -> Kept | None:
    """Return the newest good checkpoint of a log, or None before the first."""
    found = connection.execute("SELECT origin, size, root, note FROM log_checkpoint WHERE origin = ?", (origin,)).fetchone()
    return None if found is None else Kept(*found)


def newest(connection: sqlite3.Connection) -> Kept | None:
    """Return the good checkpoint that was seen last, of whichever log."""
    found = connection.execute("SELECT origin, size, root, note FROM log_checkpoint ORDER BY at DESC LIMIT 1").fetchone()
    return None if found is None else Kept(*found)


def keep(connection: sqlite3.Connection, checkpoint: Kept, at: int) -> None:
    """Keep a checkpoint that was verified against the one kept, unless another process of this home has a larger one."""
    connection.execute(
        "INSERT INTO log_checkpoint (origin, size, root, note, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE"
        " SET size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at"
        " WHERE excluded.size >= log_checkpoint.size",
        (*checkpoint, at),
    )


def add_claim(connection: sqlite3.Connection, claim: Claim) -> None:
    """Remember a claim, once."""
    connection.execute("INSERT OR IGNORE INTO log_claim (size, root, by_gateway, at, statement) VALUES (?, ?, ?, ?, ?)", claim)
    connection.execute(
        "DELETE FROM log_claim WHERE (size, root) IN"
        " (SELECT size, root FROM log_claim ORDER BY by_gateway DESC, at DESC LIMIT -1 OFFSET ?)",
        (MAX_CLAIMS,),
    )


def claims(connection: sqlite3.Connection) -> list[Claim]:
    """Return the claims that wait to be checked, smallest first."""
    rows = connection.execute("SELECT size, root, by_gateway, at, statement FROM log_claim ORDER BY size, root")
    return [Claim(size, root, bool(by_gateway), at, statement) for size, root, by_gateway, at, statement in rows]


def drop(connection: sqlite3.Connection, checked: Iterable[Claim]) -> None:
    """Forget claims that were checked."""
    connection.executemany("DELETE FROM log_claim WHERE size = ? AND root = ?", [(one.size, one.root) for one in checked])


def add_evidence(connection: sqlite3.Connection, row: EvidenceRow) -> None:
    """Keep evidence, once."""
    connection.execute("INSERT OR IGNORE INTO log_evidence (digest, at, code, why, kept, other) VALUES (?, ?, ?, ?, ?, ?)", row)


def evidence(connection: sqlite3.Connection) -> list[EvidenceRow]:
    """Return all evidence, oldest first."""
    rows = connection.execute("SELECT digest, at, code, why, kept, other FROM log_evidence ORDER BY at, digest")
    return [EvidenceRow(*row) for row in rows]
