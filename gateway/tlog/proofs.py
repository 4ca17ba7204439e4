"""
Proofs and roots out of tiles, each from O(log n) of them.

Every function takes the size of the tree and `read`, which gives the bytes of a hash tile; it may give more than the width
asked for, since a growing tile keeps its beginning. What is read is not verified: a proof is checked against a checkpoint.
Proofs are those of `gateway.merkle`, which verifies them. A place outside the tree is a ValueError.
Spec: schemas/audit.md, "Proofs"; RFC 6962, 2.1.1 and 2.1.2.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import Corrupt
from gateway.merkle import EMPTY_ROOT, HASH_BYTES, node_hash, tree_levels
from gateway.tlog.tiles import TILE_BITS, TILE_WIDTH, Tile, tile_in

__all__ = ["Read", "TiledTree", "consistency_proof", "inclusion_proof", "root_at"]

Read = Callable[[Tile], bytes]  # a hash tile -> at least width * 32 bytes


def inclusion_proof(index: int, size: int, read: Read) -> list[bytes]:
    """
    Return the siblings that lead from leaf `index` to the root of the first `size` leaves.

    Raises:
        Corrupt: A tile is shorter than the tree needs it.
    """
    return TiledTree(size, read).inclusion_proof(index)


def consistency_proof(old: int, new: int, read: Read) -> list[bytes]:
    """
    Return what proves that the first `old` leaves are the beginning of the first `new`; there is no proof for `old` = 0.

    Raises:
        Corrupt: A tile is shorter than the tree needs it.
    """
    return TiledTree(new, read).consistency_proof(old)


def root_at(size: int, read: Read) -> bytes:
    """
    Return the root of the first `size` leaves.

    Raises:
        Corrupt: A tile is shorter than the tree needs it.
    """
    return TiledTree(size, read).subtree(0, size) if size else EMPTY_ROOT


class TiledTree:
    """A tree of `size` leaves behind its tiles; each tile is read once, and hashed once, in the life of this object."""

    def __init__(self, size: int, read: Read) -> None:
        if size < 0:
            raise ValueError(f"no tree of {size}")
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._levels: dict[tuple[int, int], list[list[bytes]]] = {}  # proofs of neighbours need the same nodes of a tile

    def inclusion_proof(self, index: int) -> list[bytes]:
        """See the function of this name."""
        if not 0 <= index < self.size:
            raise ValueError(f"no leaf {index} in a tree of {self.size}")
        proof, level = [], 0
        while last := self.size - 1 >> level:
            sibling = index >> level ^ 1
            if sibling <= last:
                proof.append(self.subtree(sibling << level, min(sibling + 1 << level, self.size)))
            level += 1
        return proof

    def consistency_proof(self, old: int) -> list[bytes]:
        """See the function of this name."""
        if not 0 < old <= self.size:
            raise ValueError(f"no older tree of {old} in a tree of {self.size}")
        return self._subproof(old, 0, self.size)

    def subtree(self, begin: int, end: int) -> bytes:
        """Return the hash over leaves `begin` to `end` - 1, a subtree of RFC 6962: it begins at a multiple of its width."""
        nodes = []
        while begin < end:
            # The largest complete subtree that begins here and does not reach beyond the end.
            level = (end - begin).bit_length() - 1
            nodes.append(self.node(level, begin >> level))
            begin += 1 << level
        right = nodes.pop()
        while nodes:
            right = node_hash(nodes.pop(), right)
        return right

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree of 2^level leaves at this place of its level."""
        tile_level, height = divmod(level, TILE_BITS)
        first = index << height
        place = first % TILE_WIDTH
        if height:
            return self._within(tile_level, first >> TILE_BITS)[height][place >> height]
        return self._tile(tile_level, first >> TILE_BITS)[place * HASH_BYTES : (place + 1) * HASH_BYTES]

    def tail(self, level: int) -> bytes:
        """Return the hashes of the last tile of a tile level, if that tile is partial; nothing when all are full."""
        count = self.size >> level * TILE_BITS
        width = count % TILE_WIDTH
        return self._tile(level, count >> TILE_BITS)[: width * HASH_BYTES] if width else b""

    def _subproof(self, old: int, begin: int, end: int) -> list[bytes]:
        """SUBPROOF of RFC 6962, 2.1.2, for leaves `begin` to `end` - 1; its flag b holds while `begin` is 0."""
        if old == end:
            return [] if not begin else [self.subtree(begin, end)]
        split = begin + (1 << (end - begin - 1).bit_length() - 1)
        if old <= split:
            return [*self._subproof(old, begin, split), self.subtree(split, end)]
        return [*self._subproof(old, split, end), self.subtree(begin, split)]

    def _within(self, level: int, index: int) -> list[list[bytes]]:
        """Return all levels of nodes within a tile; what a partial one carries up at its end is no complete subtree."""
        if (level, index) not in self._levels:
            tile = self._tile(level, index)
            self._levels[level, index] = tree_levels([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)])
        return self._levels[level, index]

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            tile = tile_in(self.size, level, index)
            assert tile is not None, "a node of this tree stands in a tile of this tree"
            data = self._read(tile)
            if len(data) < tile.width * HASH_BYTES:
                raise Corrupt(f"{tile.path} has {len(data)} bytes, at least {tile.width * HASH_BYTES}")
            self._tiles[level, index] = data[: tile.width * HASH_BYTES]
        return self._tiles[level, index]
