"""
Reading the log: tiles, entry bundles, proofs, checkpoints, as far as a signed checkpoint reaches.

Nothing is given out that is not under a signature: an unsigned tail could still become another one. What is read is not
verified here; whoever asked verifies it against the checkpoint.
Spec: schemas/audit.md, "Reading"; C2SP tlog-tiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.audit.edge import edge_keys, path_keys, reader
from gateway.merkle import HASH_BYTES
from gateway.tlog.proofs import TiledTree, consistency_proof, inclusion_proof
from gateway.tlog.tiles import ENTRIES_LEVEL, TILE_WIDTH, Tile, encode_bundle, tile_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ledger import CheckpointRow, LogProofs, LogTable, TileKey

__all__ = ["InclusionProof", "LogReader", "Proved", "needed_tiles"]


class InclusionProof(NamedTuple):
    """Where a leaf stands in a tree of a size, and the siblings from the leaf up to its root."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a proof
    size: int
    siblings: list[bytes]


class Proved(NamedTuple):
    """A signed checkpoint, and the proofs of those leaves that it covers, by their hash."""

    note: bytes
    proofs: Mapping[bytes, InclusionProof]


class LogReader:
    """
    Reads one log.

    Args:
        table: The log's rows.
    """

    def __init__(self, table: LogTable) -> None:
        self._table = table
        self._signed_size = 0  # at least so many leaves are under a signature

    def signed(self, size: int) -> None:
        """Note that a checkpoint of so many leaves is signed; it saves looking."""
        self._signed_size = max(self._signed_size, size)

    async def checkpoint(self) -> bytes | None:
        """Return the newest signed checkpoint with its cosignatures; None before the first."""
        row = await self._newest()
        return None if row is None or row.note is None else row.note + row.cosignatures

    async def tile(self, tile: Tile) -> bytes | None:
        """Return a hash tile of exactly the width asked for; None where the signed log does not have it."""
        if not await self._covers(tile):
            return None
        data = (await self._table.tiles([(tile.level, tile.index)])).get((tile.level, tile.index), b"")
        size_bytes = tile.width * HASH_BYTES
        return data[:size_bytes] if len(data) >= size_bytes else None

    async def entries(self, tile: Tile) -> bytes | None:
        """Return an entry bundle of exactly the width asked for; None where the signed log does not have it."""
        if tile.level != ENTRIES_LEVEL or not await self._covers(tile):
            return None
        found = await self._table.entries(tile.index * TILE_WIDTH, tile.width)
        return encode_bundle(found) if len(found) == tile.width else None

    async def proof(self, leaf_hash: bytes, size: int | None = None) -> InclusionProof | None:
        """
        Prove that a leaf is in the log.

        Args:
            leaf_hash: Of RFC 6962, 32 bytes.
            size: Of the tree that is proved; None takes that of the newest signed checkpoint.

        Returns:
            None when the leaf is not known, or not below `size`, or no signed checkpoint reaches that far.
        """
        if size is None:
            row = await self._newest()
            size = 0 if row is None else row.size
        index = await self._table.find(leaf_hash)
        if index is None or index >= size or not await self._reaches(size):
            return None
        tiles = await self._table.tiles({*path_keys(index, size), *edge_keys(size)})
        return InclusionProof(index, size, inclusion_proof(index, size, reader(tiles)))

    def prove(self, found: LogProofs | None) -> Proved:
        """Prove many leaves at once under the newest signed checkpoint, from what was read with `needed_tiles`."""
        if found is None or found.row.note is None:
            return Proved(b"", {})
        size = found.row.size
        self.signed(size)
        tree = TiledTree(size, reader(found.tiles))
        proofs = {leaf: InclusionProof(index, size, tree.inclusion_proof(index)) for leaf, index in found.places.items()}
        return Proved(found.row.note, proofs)

    async def consistency(self, old: int, new: int) -> list[bytes] | None:
        """Prove that the first `old` leaves, at least one, begin the first `new`; None where the signed log does not reach."""
        if not 0 < old <= new or not await self._reaches(new):
            return None
        tiles = await self._table.tiles({*path_keys(old - 1, new), *edge_keys(new), *edge_keys(old)})
        return consistency_proof(old, new, reader(tiles))

    async def stamped(self, index: int) -> CheckpointRow | None:
        """Return the oldest time-stamped checkpoint that holds leaf `index`; None where there is none yet."""
        return await self._table.stamped(index)

    async def _covers(self, tile: Tile) -> bool:
        """Tell whether the signed log has a tile at least as wide."""
        found = tile_in(self._signed_size, tile.level, tile.index)
        if found is None or found.width < tile.width:
            row = await self._newest()
            found = None if row is None else tile_in(row.size, tile.level, tile.index)
        return found is not None and found.width >= tile.width

    async def _reaches(self, size: int) -> bool:
        if size > self._signed_size:
            await self._newest()
        return size <= self._signed_size

    async def _newest(self) -> CheckpointRow | None:
        row = await self._table.newest_checkpoint()
        if row is not None:
            self.signed(row.size)
        return row


def needed_tiles(places: Sequence[int], size: int) -> set[TileKey]:
    """Return the tiles that prove leaves at those places of a tree of a size."""
    return {key for index in places for key in path_keys(index, size)} | set(edge_keys(size))
