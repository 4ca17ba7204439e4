"""
What operators look at in the ledger: small pages of ids, states and times.

Nothing of what was sealed or signed is read, so nothing of it can be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import looking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import Address, EnvelopeHash, MessageId
    from gateway.ledger.look_facts import (
        HeldRow,
        LateRow,
        MailboxRow,
        MessageRow,
        PlaceRow,
        QueuedRow,
        SuspendedRow,
        TraceRow,
    )
    from gateway.ledger.readers import Readers

__all__ = ["Looks"]


class Looks:
    """The looks of operators, as part of a `Ledger`: calls fail like its own reads."""

    def __init__(self, readers: Readers) -> None:
        self._read = readers.run

    async def mailboxes(self) -> Sequence[MailboxRow]:
        """Return what waits by recipient and state; costs with what waits, so it is asked seldom."""
        return await self._read(looking.mailboxes)

    async def held(self, limit: int) -> Sequence[HeldRow]:
        """Return at most `limit` held deliveries; costs with what waits."""
        return await self._read(looking.held, limit)

    async def late(self, limit: int) -> Sequence[LateRow]:
        """Return at most `limit` answers that are overdue, and as many at risk (of more any of them), the oldest time first."""
        return await self._read(looking.late, limit)

    async def suspended(self, limit: int) -> Sequence[SuspendedRow]:
        """Return at most `limit` participants whom an operator suspended, by name."""
        return await self._read(looking.suspended, limit)

    async def recent(self, limit: int) -> Sequence[TraceRow]:
        """Return the newest events, the newest first."""
        return await self._read(looking.recent, limit)

    async def mailbox(self, recipient: Address, limit: int) -> Sequence[QueuedRow]:
        """Return what a recipient has not answered, in order of acceptance."""
        return await self._read(looking.mailbox, recipient, limit)

    async def message(self, key: MessageId | EnvelopeHash | int) -> MessageRow | None:
        """Return a message by its acceptance number, its id (16 bytes) or its envelope hash (32 bytes)."""
        if isinstance(key, int):
            return await self._read(looking.message_by_number, key)
        if len(key) == 16:
            return await self._read(looking.message_by_id, key)  # type: ignore[arg-type]
        return await self._read(looking.message_by_hash, key)  # type: ignore[arg-type]

    async def places(self, number: int, limit: int) -> Sequence[PlaceRow]:
        """Return where the deliveries of a message stand, in the order of its recipients."""
        return await self._read(looking.places, number, limit)

    async def trace(self, number: int, limit: int) -> Sequence[TraceRow]:
        """Return the events of a message, the first one first."""
        return await self._read(looking.trace, number, limit)
