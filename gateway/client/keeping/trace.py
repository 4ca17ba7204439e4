"""
What was done with what a home keeps: extended, held, released, deleted, recalled.

Each row is written in the commit that does it. When and what stand in clear; which message and why are encrypted.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.records import retention_rows
from gateway.ids import format_id

__all__ = ["Said", "Trace", "TraceEntry"]

_CONTEXT: Final = b"trace/said"


class Said(msgspec.Struct, frozen=True, array_like=True):
    """Of which message, and why; see `TraceEntry`."""

    envelope_hash: bytes | None = None
    message_id: bytes | None = None
    conversation_id: bytes | None = None
    until: str | None = None
    reason: str | None = None


class TraceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing that was done.

    Args:
        at: Unix seconds.
        what: `extended`, `held`, `released`, `deleted`, `use-stopped` (held beyond its last day), or `recalled-` and what the
            recall did.
        envelope_hash: Of the message; None where it was never sealed, and for a conversation.
        message_id: Of the message, where it is known.
        conversation_id: For a hold of a whole conversation.
        until: The day to which it was extended.
        reason: In words.
    """

    at: int
    what: str
    envelope_hash: bytes | None
    message_id: bytes | None
    conversation_id: bytes | None
    until: str | None
    reason: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder, ids as text."""
        told = msgspec.structs.asdict(self)
        return {name: format_id(value) if isinstance(value, bytes) else value for name, value in told.items()}


class Trace:
    """
    The trace of one open home.

    Args:
        home: Keeps it.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def add(self, connection: sqlite3.Connection, at: int, what: str, said: Said) -> None:
        """Write a row within the caller's transaction; `what` as in `TraceEntry`."""
        retention_rows.add_trace(connection, at, what, self._home.seal(msgspec.msgpack.encode(said), _place(at, what)))

    async def entries(self) -> list[TraceEntry]:
        """Return all that was done, oldest first."""
        rows = await self._home.store.read(retention_rows.traces)
        return [self._entry(row) for row in rows]

    def _entry(self, row: retention_rows.TraceRow) -> TraceEntry:
        said = msgspec.msgpack.decode(self._home.open(row.said, _place(row.at, row.what)), type=Said)
        return TraceEntry(at=row.at, what=row.what, **msgspec.structs.asdict(said))


def _place(at: int, what: str) -> bytes:
    return b"/".join((_CONTEXT, at.to_bytes(8, "big"), what.encode()))
