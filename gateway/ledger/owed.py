"""
What recipients owe: an answer by a time that a message names, and one to each recall, correction and step of a notice.

Both stand in the ledger with the delivery that they are about, so a count is right after a restart, whichever process counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import outstanding, owing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ids import Kind
    from gateway.ledger.facts import Outstanding, Overdue
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["Owed"]


class Owed:
    """What recipients owe, as part of a `Ledger`: calls fail like its own."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._read = readers.run
        self._writer = writer

    async def come_due(self, now: int, limit: int) -> list[Overdue]:
        """
        Note answers that are at risk or overdue at a time, each of both once for a delivery, whatever process looks.

        Args:
            now: The time to compare with.
            limit: Of answers in one commit.

        Returns:
            What was noted; fewer than `limit` means that none is left. What comes to be both at once is overdue.
        """
        return await self._writer.submit(owing.advance, (now, limit))

    async def answers(self) -> Mapping[tuple[Kind, str], int]:
        """Return how many answers are owed, by kind of what asks for them, and by pace: due, at-risk, overdue."""
        return await self._read(owing.counts)

    async def outstanding(self) -> Mapping[Kind, Outstanding]:
        """
        Return who has not answered what changes a message that he has, by the kind of what asks for it.

        Of recalls, the copies that reached their recipients and are not known to be destroyed; of corrections and steps in the
        life of a notice, their own deliveries that are not opened. A row for each kind, 0 included.
        """
        return await self._read(outstanding.outstanding)
