"""
How long the ledger keeps what it knows of a message: the end of retention, and the holds that stop it.

Erased means gone from the files too, as far as the database can: SQLite overwrites what it deletes and its log of writes is
emptied; PostgreSQL's dead rows are vacuumed. Backups keep what they have: their own retention ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import keeping

if TYPE_CHECKING:
    from gateway.ledger.facts import Erasure
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["Kept"]


class Kept:
    """Retention, as part of a `Ledger`: calls fail like its own."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def erase(self, erasure: Erasure) -> int:
        """
        Erase messages of a kind whose retention is over.

        Of each a tombstone stays, and its leaves in the log. What may still be delivered, and what is held, is passed over.

        Returns:
            How many; 0 means that none is left.
        """
        return await self._writer.submit(keeping.erase, erasure)

    async def tidy(self) -> bool:
        """
        Take what was erased out of the files; costs the reading of every table that changed.

        Returns:
            False when somebody is in the way: nothing is lost, call again.
        """
        return await self._readers.tidy()

    async def hold(self, scope: str, value: bytes, leaf: bytes, summary: str) -> bool:
        """
        Keep a message, or all of a conversation, until it is let go; the act and its leaf stand in one commit.

        Args:
            scope: `message` or `conversation`.
            value: Envelope hash, or conversation id; a conversation may begin later.
            leaf: As for `Ledger.record_action`, like `summary`.
            summary: One line for people.

        Returns:
            False when no such message is here; then nothing was written. Held already is held.

        Raises:
            Uncertain: It may be held.
        """
        return await self._writer.submit(keeping.keep, (scope, value, leaf, summary), repeatable=False)

    async def let_go(self, scope: str, value: bytes, leaf: bytes, summary: str) -> bool:
        """End a hold; arguments and errors as for `hold`. False when nothing is held by this name."""
        return await self._writer.submit(keeping.let_go, (scope, value, leaf, summary), repeatable=False)
