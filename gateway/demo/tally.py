"""
The count at the end: from receipts that senders verified and from deliveries that readers acknowledged, nothing else.

A delivery is a message and one of its recipients.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Tally"]

Delivery = tuple[bytes, str]  # envelope hash, recipient


@dataclass
class Tally:
    """What happened so far."""

    messages: int = 0
    accepted: set[Delivery] = field(default_factory=set)
    opened: Counter[Delivery] = field(default_factory=Counter)

    def accept(self, envelope_hash: bytes, recipients: tuple[str, ...]) -> None:
        """A sender holds a verified receipt for this message."""
        self.messages += 1
        self.accepted.update((envelope_hash, name) for name in recipients)

    def open(self, envelope_hash: bytes, reader: str) -> None:
        """A reader was handed this message, and acknowledged it."""
        self.opened[envelope_hash, reader] += 1

    @property
    def lost(self) -> int:
        """Deliveries that were accepted and that nobody opened."""
        return len(self.accepted - self.opened.keys())

    @property
    def holds(self) -> bool:
        """Whether everything accepted was opened, once, by whom it was meant for and by nobody else."""
        return self.messages > 0 and self.accepted == self.opened.keys() and max(self.opened.values()) == 1

    def __str__(self) -> str:
        return f"demo: {self.messages} accepted, {len(self.opened)} opened, {self.lost} lost"
