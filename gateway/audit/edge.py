"""
Which hash tiles are needed for what, so that they are read at once.

Pure. The right edge of a tree is the last tile of each level, where that tile is partial; a path is the tile over a leaf in
each level. Both together hold every node of a proof.
Spec: schemas/audit.md, "Tiles".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.tlog.tiles import TILE_BITS, TILE_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.ledger import TileKey
    from gateway.tlog.tiles import Tile

__all__ = ["edge_keys", "path_keys", "reader"]


def edge_keys(size: int) -> list[TileKey]:
    """Return the partial tiles at the right edge of a tree; its root follows from them."""
    counts = [size >> level * TILE_BITS for level in range(_levels(size))]
    return [(level, count >> TILE_BITS) for level, count in enumerate(counts) if count % TILE_WIDTH]


def path_keys(index: int, size: int) -> list[TileKey]:
    """Return the tiles over leaf `index`, as far up as a tree of `size` leaves has them."""
    keys = [(level, index >> (level + 1) * TILE_BITS) for level in range(_levels(size))]
    return [(level, place) for level, place in keys if place * TILE_WIDTH < size >> level * TILE_BITS]


def reader(tiles: Mapping[TileKey, bytes]) -> Callable[[Tile], bytes]:
    """Return what gives tiles that were read; one that is not there has no bytes, which is refused as too few."""
    return lambda tile: tiles.get((tile.level, tile.index), b"")


def _levels(size: int) -> int:
    return -(-size.bit_length() // TILE_BITS)
