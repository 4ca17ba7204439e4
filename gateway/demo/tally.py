"""
The count at the end: from receipts that senders verified and from deliveries that readers acknowledged, nothing else.

A delivery is a message and one of its recipients. One that another network refused, by a signed receipt, is neither opened nor
lost: its sender knows.
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
    refused: set[Delivery] = field(default_factory=set)

    def accept(self, envelope_hash: bytes, recipients: tuple[str, ...]) -> None:
        """A sender holds a verified receipt for this message."""
        self.messages += 1
        self.accepted.update((envelope_hash, name) for name in recipients)

    def open(self, envelope_hash: bytes, reader: str) -> None:
        """A reader was handed this message, and acknowledged it."""
        self.opened[envelope_hash, reader] += 1

    def refuse(self, envelope_hash: bytes, recipient: str) -> None:
        """Its sender holds the signed refusal of the recipient's network."""
        self.refused.add((envelope_hash, recipient))

    @property
    def waiting(self) -> set[Delivery]:
        """What nobody opened or refused yet."""
        return self.accepted - self.opened.keys() - self.refused

    @property
    def lost(self) -> int:
        """How many deliveries were accepted, and not refused, and nobody opened them."""
        return len(self.waiting)

    @property
    def holds(self) -> bool:
        """Whether everything accepted and not refused was opened, once, by whom it was meant for and by nobody else."""
        meant = self.refused <= self.accepted and self.accepted - self.refused == self.opened.keys()
        return self.messages > 0 and meant and set(self.opened.values()) <= {1}

    def __str__(self) -> str:
        return f"demo: {self.messages} accepted, {len(self.opened)} opened, {self.lost} lost"
