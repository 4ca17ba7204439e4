"""
The last day of a message that arrived: its author lets nobody keep it longer, and is told when it is gone.

That day is `retention.delete_after` of the content, and nothing else: not a header's `expires`, which is about what is not
delivered, nor a review date, which is the holder's own question. Whatever erases such a message, then or before, signs
`destroyed` in the same commit. What a hold keeps is not used any more from that day on, and the answer says no more than that.
Calls with a connection belong into the caller's transaction. Spec: schemas/messages.md, "Recall, correction and last day".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from gateway.client.keeping.trace import Said, Trace
from gateway.client.records import recall_rows, receipt_rows, retention_rows
from gateway.client.records.receipt_rows import Due
from gateway.client.records.retention_rows import HASH_BYTES, Kept
from gateway.envelope.receipt import Event

__all__ = ["Expiry", "SignDestroyed"]

SignDestroyed = Callable[[bytes, str], bytes]  # of an envelope hash and a reason
_STOPPED: Final = "use-stopped"


class Expiry:
    """
    Answers for one open home.

    Args:
        trace: Gets what is done here; what is erased, its caller notes.
        sign: Signs a `destroyed` receipt.
    """

    def __init__(self, trace: Trace, sign: SignDestroyed) -> None:
        self._trace = trace
        self._sign = sign

    def answer(self, connection: sqlite3.Connection, kept: Kept, now: int) -> list[Due]:
        """Sign that a message is erased, if it arrived and its author named a last day; nobody else is told."""
        if kept.last_at is None or len(kept.id) != HASH_BYTES:
            return []
        return [self._put(connection, kept.id, "expired" if kept.last_at <= now else "deleted")]

    def stop(self, connection: sqlite3.Connection, now: int, limit: int) -> list[Due]:
        """Stop the use of what a hold keeps beyond its last day; of so many at once."""
        found = retention_rows.held_beyond(connection, now, limit)
        for name in found:
            recall_rows.mark(connection, name, _STOPPED)
            self._trace.add(connection, now, _STOPPED, Said(envelope_hash=name))
        return [self._put(connection, name, _STOPPED) for name in found]

    def _put(self, connection: sqlite3.Connection, name: bytes, reason: str) -> Due:
        return receipt_rows.put(connection, name, Event.DESTROYED, self._sign(name, reason))
