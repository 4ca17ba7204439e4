"""Inserting many rows at once, and the one way to write an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.ledger.prepared import Statement, place
from gateway.ledger.tables import event

__all__ = ["event_statement", "insert"]


def insert(table: sa.Table, columns: Sequence[str]) -> Statement:
    """Insert many rows; the columns are named, in the order of the table."""

    def build(rows: int) -> sa.Insert:
        return sa.insert(table).values([{name: place(table.c[name], row) for name in columns} for row in range(rows)])

    return Statement(build, columns)


event_statement: Final = insert(event, ("at", "event", "envelope_hash", "subject", "reason", "receipt", "leaf", "number"))
