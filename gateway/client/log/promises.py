"""
Every accepted receipt of a home has its leaf in the log: the gateway promised so by signing it.

A receipt of the last day may wait for its leaf. One that is older and has none is a broken promise, and the receipt is the
evidence. Leaves go in as they are read, the verdict comes at the end. Spec: schemas/audit.md, "Monitoring".
"""

from __future__ import annotations

import sqlite3
from typing import Final

from gateway.client.log.evidence import Contradiction
from gateway.envelope.receipt import parse_receipt, receipt_leaf
from gateway.ids import format_id

__all__ = ["WAITS_S", "Promises", "accepted_receipts"]

WAITS_S: Final = 86_400  # a leaf takes seconds; a log that was halted is mended within a day


class Promises:
    """
    Looks for the leaves of receipts.

    Args:
        receipts: Signed, verified when they came.
        now: Unix seconds.

    Attributes:
        kept: How many leaves were found.
    """

    def __init__(self, receipts: list[bytes], now: float) -> None:
        self.kept = 0
        self._now = now
        self._missing = {receipt_leaf(parse_receipt(data).receipt_bytes): data for data in receipts}

    def take(self, data: bytes) -> None:
        """Take the next entry of the log."""
        if self._missing.pop(data, None) is not None:
            self.kept += 1

    def broken(self, note: bytes) -> Contradiction | None:
        """Return the oldest promise that the whole log under a checkpoint does not keep; None when it keeps all."""
        late = [one for one in map(parse_receipt, self._missing.values()) if self._now - one.receipt.at > WAITS_S]
        if not late:
            return None
        first = min(late, key=lambda one: one.receipt.at)
        why = f"{len(late)} accepted receipts have no leaf in the log, of {format_id(first.receipt.envelope_hash)} first"
        return Contradiction("log-forked", why, note, first.data, ("note", "receipt"))


def accepted_receipts(connection: sqlite3.Connection) -> list[bytes]:
    """Return the receipts with which gateways accepted the messages of a home."""
    return [bytes(data) for (data,) in connection.execute("SELECT answer FROM outgoing WHERE answer IS NOT NULL")]
