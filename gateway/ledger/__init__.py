"""
The record of everything accepted, and of what became of it: SQLite or PostgreSQL behind one set of statements.

`Ledger` is the port, and its docstring the contract. `migrate` brings a database up to date.
"""

from gateway.ledger.facts import (
    URGENT,
    Acceptance,
    Advance,
    Answered,
    CheckpointRow,
    Erasure,
    EventRow,
    LogLook,
    LogState,
    MessageStatus,
    Outstanding,
    Overdue,
    RecipientStatus,
    Record,
    Ref,
    Stored,
    TileKey,
    Waiting,
)
from gateway.ledger.ledger import Ledger
from gateway.ledger.log_table import LogTable
from gateway.ledger.migrate import migrate
from gateway.ledger.states import State

__all__ = [
    "URGENT",
    "Acceptance",
    "Advance",
    "Answered",
    "CheckpointRow",
    "Erasure",
    "EventRow",
    "Ledger",
    "LogLook",
    "LogState",
    "LogTable",
    "MessageStatus",
    "Outstanding",
    "Overdue",
    "RecipientStatus",
    "Record",
    "Ref",
    "State",
    "Stored",
    "TileKey",
    "Waiting",
    "migrate",
]
