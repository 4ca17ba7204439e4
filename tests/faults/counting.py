"""
The count that decides: what senders hold a 202 for, against what recipients' applications wrote.

This module and `harness.py` import nothing of `gateway`: they read two kinds of small files, one line a fact.

    sender     accepted ID RECIPIENT...      its application holds a receipt for this message
    recipient  got ID | ack ID               its application was handed it | its acknowledgement came back
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Count", "count", "missing"]

Delivery = tuple[str, str]  # message id, recipient


@dataclass(frozen=True)
class Count:
    """Deliveries, not messages."""

    accepted: int
    opened: int
    lost: int
    duplicated: int

    @property
    def clean(self) -> bool:
        """Whether nothing was lost or duplicated, and something happened at all."""
        return self.accepted > 0 and self.accepted == self.opened and not self.lost and not self.duplicated

    def __str__(self) -> str:
        return f"accepted {self.accepted}, opened {self.opened}, lost {self.lost}, duplicated {self.duplicated}"


def count(senders: Iterable[Path], recipients: Iterable[Path]) -> Count:
    """
    Count from the files alone.

    Args:
        senders: One file for each sender.
        recipients: One file for each recipient, named after it: `NCB-QN.log`.
    """
    accepted = _accepted(senders)
    acknowledged: set[Delivery] = set()
    duplicated = 0
    for path in recipients:
        for fact, message in _facts(path, "got", "ack"):
            delivery = message, path.stem
            duplicated += fact == "got" and delivery in acknowledged
            if fact == "ack":
                acknowledged.add(delivery)
    # A message may be accepted though its sender never saw the 202: what was opened beyond the 202s is no loss.
    opened = accepted & acknowledged
    return Count(len(accepted), len(opened), len(accepted - opened), duplicated)


def missing(senders: Iterable[Path], recipients: Iterable[Path]) -> list[Delivery]:
    """Return the deliveries that were accepted and not opened, from the same files."""
    opened = {(message, path.stem) for path in recipients for _, message in _facts(path, "ack")}
    return sorted(_accepted(senders) - opened)


def _accepted(senders: Iterable[Path]) -> set[Delivery]:
    facts = [fact for path in senders for fact in _facts(path, "accepted")]
    return {(message, name) for _, message, *names in facts for name in names}


def _facts(path: Path, *kinds: str) -> Iterable[list[str]]:
    """Return the whole lines of these kinds; a line that a kill cut off has no end and is no fact."""
    if not path.exists():
        return
    for line in path.read_text().splitlines(keepends=True):
        words = line.split()
        if line.endswith("\n") and words and words[0] in kinds:
            yield words
