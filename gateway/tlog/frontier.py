"""
A tree that grows at its right edge, in memory that does not grow with it.

`Frontier` keeps one hash for each bit of the size and gives the root; pushing n leaves costs n hashes and hardly more. With it
a whole log is verified in one pass. `Appender` also gives the tiles that change; it starts from the tiles of the edge.
The loops write `node_hash` out and push in batches: at a million leaves a call costs as much as the hash.
Spec: schemas/audit.md, "Tree".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from gateway.merkle import EMPTY_ROOT, HASH_BYTES, node_hash
from gateway.tlog.proofs import Read, TiledTree
from gateway.tlog.tiles import TILE_BITS, TILE_WIDTH

__all__ = ["Appender", "Frontier", "leaf_hashes"]

_TILE_BYTES = TILE_WIDTH * HASH_BYTES


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the RFC 6962 leaf hash of each entry, as fast as a bare loop."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


class Frontier:
    """
    The right edge of a tree: enough to add leaves and to know the root.

    Args:
        size: Leaves so far.
        edge: Level -> hash of the complete subtree that stands alone there; one for each bit of `size`.
    """

    def __init__(self, size: int = 0, edge: dict[int, bytes] | None = None) -> None:
        self.size = size
        self._edge = edge or {}

    @property
    def root(self) -> bytes:
        """The root over all leaves pushed so far; costs at most one hash for each bit of the size."""
        right = b""
        for level in sorted(self._edge):
            right = node_hash(self._edge[level], right) if right else self._edge[level]
        return right or EMPTY_ROOT

    def push_many(self, hashes: Sequence[bytes]) -> None:
        """Add leaf hashes, in order; batches of some hundreds are fastest, and bound the memory."""
        for _ in self.rise(hashes):
            pass

    def rise(self, hashes: Sequence[bytes]) -> Iterator[tuple[int, list[bytes]]]:
        """Add leaf hashes, and give level by level what became complete there; take all of it, or the tree is broken."""
        self.size += len(hashes)
        nodes, level = list(hashes), 0
        while nodes:
            yield level, nodes
            if level in self._edge:
                nodes = [self._edge.pop(level), *nodes]
            if len(nodes) % 2:
                self._edge[level] = nodes[-1]
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
            level += 1


class Appender:
    """
    Adds leaves to a tiled tree and tells which tiles that changes.

    Args:
        size: Leaves that the tiles hold already.
        read: Gives the hash tiles of the right edge; they are trusted, so compare `root` with the last checkpoint first.

    Raises:
        Corrupt: A tile of the edge is shorter than the tree needs it.
    """

    def __init__(self, size: int, read: Read) -> None:
        tree = TiledTree(size, read)
        bits = [level for level in range(size.bit_length()) if size >> level & 1]
        self._frontier = Frontier(size, {level: tree.node(level, (size >> level) - 1) for level in bits})
        levels = range(-(-size.bit_length() // TILE_BITS))
        self._tails = [tree.tail(level) for level in levels]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._frontier.size

    @property
    def root(self) -> bytes:
        """Root over all leaves."""
        return self._frontier.root

    def append(self, hashes: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """
        Add leaf hashes, in order.

        Returns:
            (level, index) -> bytes of every tile that is new or longer than before; the last of a level may be partial.
        """
        before, changed = self.size, {}
        for level, nodes in self._frontier.rise(hashes):
            if not level % TILE_BITS:
                first = before >> level + TILE_BITS
                changed.update(self._extend(level // TILE_BITS, first, b"".join(nodes)))
        return changed

    def _extend(self, level: int, first: int, hashes: bytes) -> dict[tuple[int, int], bytes]:
        if level == len(self._tails):
            self._tails.append(b"")
        data = self._tails[level] + hashes
        self._tails[level] = data[len(data) - len(data) % _TILE_BYTES :]
        return {
            (level, first + place): data[at : at + _TILE_BYTES] for place, at in enumerate(range(0, len(data), _TILE_BYTES))
        }
