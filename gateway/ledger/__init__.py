"""
The record of everything accepted, and of what became of it: SQLite or PostgreSQL behind one set of statements.

`Ledger` is the port, and its docstring the contract. `migrate` brings a database up to date.
"""

from gateway.ledger.facts import (
    URGENT,
    Acceptance,
    EventRow,
    MessageStatus,
    RecipientStatus,
    Record,
    Ref,
    Stored,
    Waiting,
)
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrate import migrate
from gateway.ledger.states import State

__all__ = [
    "URGENT",
    "Acceptance",
    "EventRow",
    "Ledger",
    "MessageStatus",
    "RecipientStatus",
    "Record",
    "Ref",
    "State",
    "Stored",
    "Waiting",
    "migrate",
]
