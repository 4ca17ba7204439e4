"""The one way to write an event."""

from __future__ import annotations

from typing import Final

from gateway.ledger.prepared import Insert
from gateway.ledger.tables import event

__all__ = ["event_statement"]

event_statement: Final = Insert(event, ("at", "event", "envelope_hash", "subject", "reason", "receipt", "leaf", "number"))
