"""
Walking through the log: every entry between two checkpoints, hashed again.

Entries, the tiles over them and the roots at both ends must agree; from 0 that is the whole log. Memory does not grow with the
log: so many bundles are fetched at a time. What is given out is proved only when the walk has ended.
Spec: schemas/audit.md, "Monitoring".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Final

from gateway.client.log.tiles import LogTiles
from gateway.envelope.receipt import LogView
from gateway.errors import Corrupt
from gateway.merkle import EMPTY_ROOT, HASH_BYTES
from gateway.tlog.frontier import Appender, leaf_hashes
from gateway.tlog.tiles import TILE_WIDTH, Tile, tile_in

__all__ = ["NOTHING", "walk"]

NOTHING: Final = LogView(0, EMPTY_ROOT)
BUNDLES: Final = 8  # at a time; most entries have 32 bytes, so these are 64 KiB


async def walk(tiles: LogTiles, start: LogView, end: LogView) -> AsyncGenerator[tuple[int, list[bytes]], None]:
    """
    Give every entry from `start` to `end`, in order, in runs of up to 2,048.

    Args:
        tiles: Of the log.
        start: A verified view; `NOTHING` for the whole log.
        end: A verified view of at least as many leaves.

    Yields:
        The index of the first entry of a run, and the entries.

    Raises:
        Corrupt: `log-forked`: what the log shows is not what its checkpoints say.
        Unavailable: Something cannot be fetched.
    """
    appender = await tiles.computed(lambda read: Appender(start.size, read))
    _require(appender.root == start.root, f"the tiles of {start.size} leaves lead to another root than the checkpoint has")
    while (first := appender.size) < end.size:
        entries = await _entries(tiles, first, end.size)
        changed = appender.append(leaf_hashes(entries))
        await _compare(tiles, changed, end.size)
        yield first, entries
    _require(appender.root == end.root, f"the {end.size} entries lead to another root than the checkpoint has")


async def _entries(tiles: LogTiles, first: int, size: int) -> list[bytes]:
    """Return the entries from `first` on, up to the end of some bundles."""
    places = [tile_in(size, 0, first // TILE_WIDTH + turn) for turn in range(BUNDLES)]
    bundles = await asyncio.gather(*(tiles.entries(tile.index, tile.width) for tile in places if tile is not None))
    return [entry for bundle in bundles for entry in bundle][first % TILE_WIDTH :]


async def _compare(tiles: LogTiles, made: Mapping[tuple[int, int], bytes], size: int) -> None:
    """Hold the tiles that were made of the entries against those that the log shows, as soon as they are whole."""
    whole: dict[Tile, bytes] = {}
    for (level, index), data in made.items():
        tile = tile_in(size, level, index)
        if tile is not None and len(data) == tile.width * HASH_BYTES:
            whole[tile] = data
    shown = await asyncio.gather(*map(tiles.tile, whole))
    for (tile, data), other in zip(whole.items(), shown, strict=True):
        _require(data == other, f"{tile.path} is not what the entries under it hash to")


def _require(true: bool, detail: str) -> None:  # noqa: FBT001  a condition, as in `assert`
    if not true:
        raise Corrupt(detail, code="log-forked")
