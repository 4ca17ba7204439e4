"""Proofs and roots out of tiles, against the tree that holds all its leaves."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import merkle
from gateway.errors import Corrupt
from gateway.tlog.proofs import TiledTree, consistency_proof, inclusion_proof, root_at
from gateway.tlog.tiles import TILE_WIDTH, Tile
from tests.tlog.given import Shelf, hashes

MOST = 2_000
LEAVES = hashes(MOST)
sizes = st.one_of(st.integers(1, MOST), st.sampled_from([1, 2, 3, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, MOST]))
places = sizes.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
growths = sizes.flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new)))


@cache
def shelf() -> Shelf:
    """Return the tiles of the whole tree; those of smaller ones are their beginnings."""
    return Shelf(LEAVES)


@cache
def large() -> tuple[Shelf, bytes]:
    """Return the tiles and the root of a tree with three levels of tiles."""
    leaves = hashes(70_000)
    return Shelf(leaves), merkle.root_of(leaves)


@given(st.integers(0, MOST))
@settings(max_examples=200)
def test_the_root_of_every_smaller_tree_is_still_there(size: int) -> None:
    """The tiles of today give the root of every day before: a checkpoint of then can be checked for ever."""
    assert root_at(size, shelf().read) == merkle.root_of(LEAVES[:size])


@given(places)
@settings(max_examples=200)
def test_inclusion_proofs_are_those_of_the_whole_tree(place: tuple[int, int]) -> None:
    """A proof out of a few tiles is the proof out of all leaves, and verifies."""
    index, size = place
    proof = inclusion_proof(index, size, shelf().read)
    assert proof == merkle.inclusion_proof(index, LEAVES[:size])
    assert merkle.verify_inclusion(index, size, LEAVES[index], proof, root_at(size, shelf().read))


@given(growths)
@settings(max_examples=200)
def test_consistency_proofs_are_those_of_the_whole_tree(growth: tuple[int, int]) -> None:
    """The proof that a log only grew is the same out of tiles as out of all leaves."""
    old, new = growth
    assert consistency_proof(old, new, shelf().read) == merkle.consistency_proof(old, LEAVES[:new])


def test_a_tree_of_many_tiles_is_proved_from_few() -> None:
    """A proof in a log of 70,000 reads a handful of tiles, each once."""
    tiles, root = large()
    for index in (0, 255, 256, 65_535, 65_536, 69_888, 69_999):
        tiles.reads.clear()
        proof = inclusion_proof(index, 70_000, tiles.read)
        assert merkle.verify_inclusion(index, 70_000, hashes(70_000)[index], proof, root)
        assert len(tiles.reads) == len(set(tiles.reads)) <= 5
    tiles.reads.clear()
    proof = consistency_proof(300, 70_000, tiles.read)
    assert merkle.verify_consistency(300, 70_000, merkle.root_of(hashes(300)), root, proof)
    assert len(tiles.reads) == len(set(tiles.reads)) <= 6
    tiles.reads.clear()
    assert root_at(70_000, tiles.read) == root
    assert len(tiles.reads) <= 3


def test_only_tiles_of_the_asked_tree_are_read() -> None:
    """Each tile is asked for with the width that it has in the tree of the checkpoint, as a client fetches it."""
    tiles, _ = large()
    tiles.reads.clear()
    inclusion_proof(69_999, 69_900 + 100, tiles.read)
    assert Tile(0, 273, 112) in tiles.reads
    assert all(tile.width == min(TILE_WIDTH, (70_000 >> 8 * tile.level) - tile.index * TILE_WIDTH) for tile in tiles.reads)


def test_proofs_out_of_one_tree_are_those_of_each_alone() -> None:
    """Neighbours share the nodes of their tile, and are proved the same as one by one."""
    tiles, _ = large()
    tree = TiledTree(69_999, tiles.read)
    for index in (*range(0, 70_000, 9_973), 69_887, 69_888, 69_998):
        assert tree.inclusion_proof(index) == inclusion_proof(index, 69_999, tiles.read)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (0, -1)])
def test_no_leaf_outside_the_tree_is_proved(index: int, size: int) -> None:
    """Asking for a leaf that the tree does not have is a mistake of the caller."""
    with pytest.raises(ValueError, match="no "):
        inclusion_proof(index, size, shelf().read)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_no_older_tree_outside_is_proved(old: int, new: int) -> None:
    """There is no proof from the empty tree, nor from a larger one."""
    with pytest.raises(ValueError, match="no older tree"):
        consistency_proof(old, new, shelf().read)


def test_a_short_tile_is_damage() -> None:
    """A tile that lost its end stops the proof instead of giving a wrong one."""
    with pytest.raises(Corrupt, match="tile/0/001"):
        inclusion_proof(0, 500, lambda tile: shelf().read(tile)[: tile.width * 32 - 1] if tile.index else shelf().read(tile))
