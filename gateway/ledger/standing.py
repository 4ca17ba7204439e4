"""
How participants stand with this gateway: whom its operator suspended, and how much of each waits.

The same for every process that shares the ledger, and after a restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import standing

if TYPE_CHECKING:
    from gateway.ids import Address
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["Standing"]


class Standing:
    """Suspensions and shares, as part of a `Ledger`: calls fail like its own."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._read = readers.run
        self._writer = writer

    async def suspended(self) -> frozenset[Address]:
        """Return who is suspended."""
        return await self._read(standing.suspended)

    async def suspend(self, participant: Address, leaf: bytes, summary: str) -> bool:
        """
        Suspend a participant until it is resumed; the act and its leaf stand in one commit.

        Args:
            participant: Who; suspended already is suspended.
            leaf: As for `Ledger.record_action`, like `summary`.
            summary: One line for people.

        Raises:
            Uncertain: It may be suspended.
        """
        return await self._writer.submit(standing.suspend, (participant, leaf, summary), repeatable=False)

    async def resume(self, participant: Address, leaf: bytes, summary: str) -> bool:
        """End a suspension; arguments and errors as for `suspend`. False where there is none: then nothing was written."""
        return await self._writer.submit(standing.resume, (participant, leaf, summary), repeatable=False)

    async def waiting_bytes(self, sender: Address) -> int:
        """Return the sealed bytes of a sender that wait to be handed over; reads each of these rows."""
        return await self._read(standing.waiting_bytes, sender)
