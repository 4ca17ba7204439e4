"""
The audit log's own rows: what `gateway.audit` reads and writes of the ledger.

Many processes may let one log grow: `advance` is a compare-and-set, and only a committed row is ever signed. Nothing here
knows the tree: whoever appends computes it, and whoever reads verifies it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import log

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.ledger.facts import Advance, CheckpointRow, LogLook, LogProofs, LogState, NeededTiles, TileKey
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["LogTable"]


class LogTable:
    """
    The log's rows in an open ledger; `Ledger.log`.

    A write raises `Unavailable` when nothing was stored, and `Uncertain` when it may have been: the same call again is then
    answered like the first time. A read raises `Unavailable`.
    """

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def state(self) -> LogState:
        """Return how far the log has grown; raise `Corrupt` when the ledger has no such row."""
        return await self._readers.run(log.state)

    async def look(self, limit: int) -> LogLook:
        """
        Return, all of one state of the ledger, where the log stands and what comes next.

        Args:
            limit: Of the events after `LogState.seq`; those without a leaf are among them.
        """
        return await self._readers.run(log.look, limit)

    async def advance(self, advance: Advance) -> bool:
        """
        Let the log grow, in one transaction: places of leaves, tiles, state, an unsigned checkpoint.

        Returns:
            False when the log is not as `advance` expects: another process was faster, and nothing was changed.
        """
        return await self._writer.submit(log.advance, advance)

    async def tiles(self, keys: Collection[TileKey]) -> dict[TileKey, bytes]:
        """Return those hash tiles that are there, by level and index; the last one of a level may be partial."""
        return await self._readers.run(log.tiles, tuple(keys))

    async def entries(self, first: int, count: int) -> list[bytes]:
        """Return the data of at most `count` leaves from index `first`, in order."""
        return await self._readers.run(log.entries, first, count)

    async def find(self, leaf_hash: bytes) -> int | None:
        """Return the first index of a leaf by its RFC 6962 hash, 32 bytes; None when it is not in the log."""
        return await self._readers.run(log.find, leaf_hash)

    async def proofs(self, leaf_hashes: Collection[bytes], needs: NeededTiles) -> LogProofs | None:
        """
        Return what proves leaves under the newest signed checkpoint; None before the first.

        Args:
            leaf_hashes: Of RFC 6962; those that it does not cover are left out.
            needs: Says which tiles; called in a thread.
        """
        return await self._readers.run(log.proofs, tuple(leaf_hashes), needs)

    # --- checkpoints ---------------------------------------------------------------------------------------------

    async def newest_checkpoint(self) -> CheckpointRow | None:
        """Return the largest signed checkpoint."""
        return await self._readers.run(log.newest_checkpoint)

    async def checkpoint(self, size: int) -> CheckpointRow | None:
        """Return the checkpoint of a size, signed or not."""
        return await self._readers.run(log.checkpoint_of, size)

    async def stamped(self, index: int) -> CheckpointRow | None:
        """Return the oldest time-stamped checkpoint that holds leaf `index`."""
        return await self._readers.run(log.stamped, index)

    async def last_stamped(self) -> CheckpointRow | None:
        """Return the newest time-stamped checkpoint."""
        return await self._readers.run(log.last_stamped)

    async def sign_checkpoint(self, size: int, root: bytes, note: bytes) -> bool:
        """
        Keep the signed note of a checkpoint.

        Returns:
            False when there is no committed row of that size and root, or when it is signed already: the note must be
            thrown away.
        """
        return await self._writer.submit(log.sign_checkpoint, (size, root, note))

    async def add_cosignatures(self, size: int, lines: bytes) -> bool:
        """Add signature lines of witnesses, each with its newline; False when there is no signed checkpoint of that size."""
        return await self._writer.submit(log.add_cosignatures, (size, lines))

    async def set_token(self, size: int, token: bytes) -> bool:
        """Keep a time-stamp; False when there is no signed checkpoint of that size, or when it has another one."""
        return await self._writer.submit(log.set_token, (size, token))

    async def prune_checkpoints(self, keep: int) -> int:
        """Forget all but the newest `keep` checkpoints and those with a time-stamp; return how many."""
        return await self._writer.submit(log.prune_checkpoints, keep)
