"""
Sequencing: events that carry a leaf get their place in the tree, in the order of commits.

The right edge is kept in memory and believed only as long as the ledger's size and root are its own; else it is read again,
hashed again from the entries, and held against what is known to be signed. A step is one compare-and-set in the ledger.
Spec: schemas/audit.md, "Sequencing".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.audit.edge import edge_keys, reader
from gateway.envelope import LogView
from gateway.errors import Corrupt
from gateway.ledger import Advance
from gateway.tlog.frontier import Appender, leaf_hashes
from gateway.tlog.proofs import root_at
from gateway.tlog.tiles import TILE_WIDTH

if TYPE_CHECKING:
    from gateway.ledger import LogLook, LogState, LogTable

__all__ = ["PAGE", "Sequencer"]

PAGE: Final = 1024  # events in one step: some 5 ms of the writer


class Sequencer:
    """
    Lets one log grow.

    Args:
        table: The log's rows.
    """

    def __init__(self, table: LogTable) -> None:
        self._table = table
        self._edge: Appender | None = None
        self._known: LogView | None = None

    @property
    def tree(self) -> LogView | None:
        """The tree as the ledger has it; None while that is not known."""
        return None if self._edge is None else LogView(self._edge.size, self._edge.root)

    async def require(self, tree: LogView) -> None:
        """
        Hold the log against what was signed; the log must contain it now, and after each time that it is read again.

        Raises:
            Corrupt: `log-forked`; the log is smaller, or another one.
        """
        known = self._known
        if known is None or known.size < tree.size:
            self._known = tree
        if self._edge is not None and tree != known:
            await self._check_contains(self._edge.size, self._edge.root, tree)

    async def follow(self, state: LogState) -> None:
        """
        Take over the tree as it stands in the ledger.

        Raises:
            Corrupt: `log-forked`; it contradicts its own tiles and entries, or what was signed. Or a tile is missing.
        """
        if self._edge is not None and (self._edge.size, self._edge.root) == (state.size, state.root):
            return
        self._edge = None
        edge = await self._load(state)
        if self._known is not None:
            await self._check_contains(state.size, state.root, self._known)
        self._edge = edge

    async def grow(self, look: LogLook) -> bool:
        """
        Append what waits; `follow` was called with the state of this look.

        Returns:
            False when another process was faster, and nothing was changed.
        """
        edge = self._edge
        assert edge is not None, "the tree is followed first"
        leaves = [(seq, leaf) for seq, leaf in look.pending if leaf is not None]
        if not leaves and len(look.pending) < PAGE:
            return True
        self._edge = None  # what fails half-way is read again
        hashes = leaf_hashes([leaf for _, leaf in leaves])
        changed = edge.append(hashes)
        placed = list(zip((seq for seq, _ in leaves), hashes, strict=True))
        last = look.pending[-1][0]
        grown = await self._table.advance(
            Advance(look.state.size, look.state.root, edge.size, edge.root, last, placed, changed)
        )
        if grown:
            self._edge = edge
        return grown

    async def _load(self, state: LogState) -> Appender:
        """Read the right edge, and hash its last entries again."""
        tiles = await self._table.tiles(edge_keys(state.size))
        edge = Appender(state.size, reader(tiles))
        if edge.root != state.root:
            raise _forked(f"the tiles of {state.size} leaves have another root than the log")
        width = state.size % TILE_WIDTH
        entries = await self._table.entries(state.size - width, width) if width else []
        hashed = b"".join(leaf_hashes(entries))
        if len(entries) != width or (width and hashed != tiles[0, state.size // TILE_WIDTH][: len(hashed)]):
            raise _forked(f"the last {width} entries of {state.size} are not those of the tile")
        return edge

    async def _check_contains(self, size: int, root: bytes, tree: LogView) -> None:
        if tree.size > size:
            raise _forked(f"the log has {size} leaves; {tree.size} were signed")
        found = root
        if tree.size < size:
            found = root_at(tree.size, reader(await self._table.tiles(edge_keys(tree.size))))
        if found != tree.root:
            raise _forked(f"the first {tree.size} leaves are not those that were signed")


def _forked(detail: str) -> Corrupt:
    return Corrupt(detail, code="log-forked")
