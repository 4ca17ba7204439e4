"""
The record of everything accepted, and of what became of it: SQLite or PostgreSQL behind one set of statements.

`Ledger` is the port, and its docstring the contract. `migrate` brings a database up to date.
"""

from gateway.ledger.facts import (
    URGENT,
    Acceptance,
    Advance,
    Answer,
    Answered,
    CheckpointRow,
    Erasure,
    EventRow,
    Lease,
    LogLook,
    LogProofs,
    LogState,
    MessageStatus,
    Outbound,
    Outstanding,
    Overdue,
    Page,
    RecipientStatus,
    Record,
    Ref,
    Refusal,
    Said,
    SeenTree,
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
    "Answer",
    "Answered",
    "CheckpointRow",
    "Erasure",
    "EventRow",
    "Lease",
    "Ledger",
    "LogLook",
    "LogProofs",
    "LogState",
    "LogTable",
    "MessageStatus",
    "Outbound",
    "Outstanding",
    "Overdue",
    "Page",
    "RecipientStatus",
    "Record",
    "Ref",
    "Refusal",
    "Said",
    "SeenTree",
    "State",
    "Stored",
    "TileKey",
    "Waiting",
    "migrate",
]
