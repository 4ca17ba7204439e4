"""A growing tree: the same root and the same tiles, however the leaves came."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import merkle
from gateway.errors import Corrupt
from gateway.tlog.frontier import Appender, Frontier, leaf_hashes
from gateway.tlog.tiles import Tile, tile_in
from tests.tlog.given import Shelf, hashes

LEAVES = hashes(2_000)
batches = st.lists(st.one_of(st.integers(0, 40), st.sampled_from([255, 256, 257, 512])), max_size=8)


def pieces(sizes: list[int]) -> Iterator[list[bytes]]:
    """Yield the leaves in batches of these sizes, as far as there are leaves."""
    at = 0
    for size in sizes:
        yield LEAVES[at : at + size]
        at += size


@given(batches)
@settings(max_examples=200)
def test_the_root_does_not_depend_on_the_batches(sizes: list[int]) -> None:
    """However leaves are pushed, the root is the one of RFC 6962 after every batch."""
    frontier, seen = Frontier(), 0
    for batch in pieces(sizes):
        frontier.push_many(batch)
        seen += len(batch)
        assert (frontier.size, frontier.root) == (seen, merkle.root_of(LEAVES[:seen]))


@given(batches, st.booleans())
@settings(max_examples=200)
def test_an_appender_continues_from_its_tiles(sizes: list[int], restarted: bool) -> None:  # noqa: FBT001 - drawn
    """A log that is opened again from its stored tiles goes on exactly as one that was never closed."""
    stored: dict[tuple[int, int], bytes] = {}

    def read(tile: Tile) -> bytes:
        return stored[tile.level, tile.index]

    appender, seen = Appender(0, read), 0
    for batch in pieces(sizes):
        stored.update(appender.append(batch))
        seen += len(batch)
        if restarted:
            appender = Appender(seen, read)
        assert (appender.size, appender.root) == (seen, merkle.root_of(LEAVES[:seen]))
    assert stored == Appender(0, read).append(LEAVES[:seen])


def test_only_what_changes_is_given() -> None:
    """Adding a leaf rewrites the last tile of level 0, and others only when one became full; a full tile never changes."""
    appender = Appender(0, lambda _: b"")
    assert appender.append([]) == {}
    assert set(appender.append(LEAVES[:255])) == {(0, 0)}
    assert set(appender.append(LEAVES[255:256])) == {(0, 0), (1, 0)}
    assert set(appender.append(LEAVES[256:257])) == {(0, 1)}
    assert set(appender.append(LEAVES[257:1024])) == {(0, 1), (0, 2), (0, 3), (1, 0)}


def test_the_tiles_are_those_of_the_tree() -> None:
    """Every stored tile has its place and width in the tree, level 0 holds the leaf hashes, level 1 the roots of full tiles."""
    tiles = Shelf(hashes(70_000)).tiles
    for (level, index), data in tiles.items():
        tile = tile_in(70_000, level, index)
        assert tile is not None
        assert tile.width * 32 == len(data)
    assert len(tiles) == 274 + 2 + 1
    assert tiles[0, 273] == b"".join(hashes(70_000)[273 * 256 :])
    assert tiles[1, 0][32:64] == merkle.root_of(hashes(70_000)[256:512])
    assert tiles[2, 0] == merkle.root_of(hashes(70_000)[: 256 * 256])


def test_an_appender_does_not_start_from_damage() -> None:
    """A log whose last tile lost its end is not continued."""
    tiles = Shelf(LEAVES[:300])
    with pytest.raises(Corrupt, match=r"tile/0/001\.p/44"):
        Appender(300, lambda tile: tiles.read(tile)[:-1])


def test_leaves_are_hashed_as_the_tree_says() -> None:
    """Hashing many leaves gives what hashing each alone gives."""
    data = [b"", b"leaf", bytes(65_535)]
    assert leaf_hashes(data) == [merkle.leaf_hash(each) for each in data]


def test_memory_does_not_grow_with_the_log() -> None:
    """A whole log is hashed in memory that depends on the batch, not on the log."""
    batch = LEAVES[:1024]
    frontier = Frontier()
    frontier.push_many(batch)
    tracemalloc.start()
    try:
        for _ in range(40):
            frontier.push_many(batch)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert frontier.size == 41 * 1024
    assert kept < 16 * 1024
    assert peak < 512 * 1024
