"""Tiles: the paths that C2SP prints, and bundles that hold exactly their entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.tlog.tiles import ENTRIES_LEVEL, TILE_WIDTH, Tile, decode_bundle, encode_bundle, parse_tile_path, tile_in

tiles = st.builds(Tile, st.integers(ENTRIES_LEVEL, 63), st.integers(0, 10**21 - 1), st.integers(1, TILE_WIDTH))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 1234, 17), "tile/0/x001/234.p/17"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000, 1), "tile/1/x001/000.p/1"),
        (Tile(ENTRIES_LEVEL, 5), "tile/entries/005"),
        (Tile(ENTRIES_LEVEL, 1234067, 2), "tile/entries/x001/x234/067.p/2"),
    ],
)
def test_tiles_have_the_paths_of_c2sp(tile: Tile, path: str) -> None:
    """A tile is fetched from the path that every other implementation uses."""
    assert tile.path == path
    assert parse_tile_path(path) == tile


@given(tiles)
def test_every_path_that_is_written_is_read_back(tile: Tile) -> None:
    """A tile and its path name each other."""
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/Entries/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/X001/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.P/1",
        "tile/0/../000",
        "tile/0/" + "x001/" * 7 + "000",
    ],
)
def test_a_tile_has_one_path(path: str) -> None:
    """Another spelling of a path is refused, so that a cache holds each tile once."""
    with pytest.raises(Rejected, match="malformed"):
        parse_tile_path(path)


def test_the_published_tree_has_the_tiles_that_c2sp_counts() -> None:
    """A tree of 70,000 is 273 full tiles and one of 112, one full and one of 17, and one of 1, as C2SP says."""
    widths = {
        level: [tile.width for index in range(300) if (tile := tile_in(70_000, level, index)) is not None] for level in range(4)
    }
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert [tile_in(256, level, 0) for level in range(3)] == [Tile(0, 0), Tile(1, 0, 1), None]
    assert tile_in(70_000, ENTRIES_LEVEL, 273) == Tile(ENTRIES_LEVEL, 273, 112)
    assert tile_in(70_000, 0, -1) is None


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=TILE_WIDTH))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    """Entries come out of a bundle as they went in, and the beginning of a bundle is the partial bundle."""
    data = encode_bundle(entries)
    assert decode_bundle(data) == entries
    assert data.startswith(encode_bundle(entries[:1]))


def test_a_bundle_is_bounded() -> None:
    """A bundle holds 1 to 256 entries of at most 65,535 bytes."""
    assert decode_bundle(encode_bundle([bytes(65_535)])) == [bytes(65_535)]
    assert decode_bundle(encode_bundle([b""] * TILE_WIDTH)) == [b""] * TILE_WIDTH
    with pytest.raises(Rejected, match="too-large"):
        encode_bundle([bytes(65_536)])
    for entries in ([], [b""] * (TILE_WIDTH + 1)):
        with pytest.raises(Rejected, match="malformed"):
            encode_bundle(entries)
        with pytest.raises(Rejected, match="malformed"):
            decode_bundle(bytes(2 * len(entries)))


@pytest.mark.parametrize("data", [b"\0", b"\0\1", b"\0\2a", b"\0\1a\0", b"\0\1a\0\2b", b"\xff\xff" + bytes(65_534)])
def test_a_cut_bundle_is_refused(data: bytes) -> None:
    """A bundle that ends within an entry or a length is refused whole."""
    with pytest.raises(Rejected, match="malformed"):
        decode_bundle(data)
