"""
What this home knows of how its messages ended with each recipient: statements on the tables `outcome` and `anew`.

A row names the recipient by a keyed hash, and holds the signed receipt encrypted. `due` says that the content is to be sent
anew to that recipient; that is noted in the commit that keeps the new message, so it happens once, whatever kills the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.client.home import facts
from gateway.client.records import outgoing
from gateway.client.records.outgoing import Outgoing

__all__ = ["Anew", "Told", "after", "due", "give_up", "known", "origin", "record", "send_anew"]

_AFTER: Final = "outcomes-after"


class Told(NamedTuple):
    """One outcome."""

    envelope_hash: bytes
    recipient: bytes  # keyed hash
    event: str
    reason: str | None
    at: int
    receipt: bytes  # signed, encrypted
    due: bool  # to be sent anew
    anew: bytes | None = None  # id of the message that was sent in its place


class Anew(NamedTuple):
    """A message that was sent in the place of another."""

    message_id: bytes
    generation: int  # how many times in a row
    sealed_to: bytes  # id of the recipient's delivery key


_SELECT: Final = "SELECT envelope_hash, recipient, event, reason, at, receipt, due, anew FROM outcome"


def after(connection: sqlite3.Connection) -> int:
    """Return the number of the last outcome that was read; 0 before the first."""
    return int.from_bytes(facts.find(connection, _AFTER) or b"", "big")


def record(connection: sqlite3.Connection, told: Sequence[Told], last: int) -> None:
    """Keep outcomes, and the number up to which they were read; what was sent anew is not due again."""
    connection.executemany(
        "INSERT INTO outcome (envelope_hash, recipient, event, reason, at, receipt, due) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (envelope_hash, recipient) DO UPDATE SET event = excluded.event, reason = excluded.reason,"
        " at = excluded.at, receipt = excluded.receipt, due = excluded.due AND anew IS NULL",
        [one[:-1] for one in told],
    )
    facts.put(connection, _AFTER, last.to_bytes(8, "big"))


def known(connection: sqlite3.Connection, envelope_hash: bytes) -> dict[bytes, Told]:
    """Return what is known of one message, by the recipient's keyed hash."""
    rows = connection.execute(f"{_SELECT} WHERE envelope_hash = ?", (envelope_hash,))
    return {row[1]: Told(*row) for row in rows}


def due(connection: sqlite3.Connection) -> list[Told]:
    """Return what is to be sent anew, oldest first."""
    return [Told(*row) for row in connection.execute(f"{_SELECT} WHERE due ORDER BY at")]


def origin(connection: sqlite3.Connection, message_id: bytes) -> Anew | None:
    """Return what is noted of a message that was sent in the place of another; None for any other message."""
    query = "SELECT message_id, generation, sealed_to FROM anew WHERE message_id = ?"
    found = connection.execute(query, (message_id,)).fetchone()
    return None if found is None else Anew(*found)


def send_anew(connection: sqlite3.Connection, told: Told, row: Outgoing, anew: Anew) -> bool:
    """Keep a new message for one that could not be opened; False, and nothing changed, where that was done before."""
    changed = connection.execute(
        "UPDATE outcome SET anew = ?, due = 0 WHERE envelope_hash = ? AND recipient = ? AND due",
        (anew.message_id, told.envelope_hash, told.recipient),
    )
    if not changed.rowcount:
        return False
    outgoing.add(connection, row)
    connection.execute("INSERT INTO anew (message_id, generation, sealed_to) VALUES (?, ?, ?)", anew)
    return True


def give_up(connection: sqlite3.Connection, told: Told) -> None:
    """Note that a message is not sent anew."""
    connection.execute(
        "UPDATE outcome SET due = 0 WHERE envelope_hash = ? AND recipient = ?", (told.envelope_hash, told.recipient)
    )
