"""The audit log over HTTP: C2SP bytes for everybody, entries and proofs for participants, nothing beyond a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.merkle import leaf_hash, tree_hash, verify_inclusion
from gateway.protocol import media
from gateway.tlog.checkpoint import open_checkpoint
from gateway.tlog.tiles import ENTRIES_LEVEL, Tile, decode_bundle

if TYPE_CHECKING:
    from gateway.envelope import Keyring
    from tests.support.http_stage import Stage

QM = "NCB-QM@icn"
SIZE = 70_000  # one partial tile in each of three levels: the example of C2SP
PUBLIC = "public, max-age=31536000, immutable"
PRIVATE = "private, max-age=31536000, immutable"


def grown(stage: Stage, size: int = SIZE) -> Keyring:
    """Let the log have that many leaves under a signature, and one more without; return a participant."""
    stage.log.grow(size)
    stage.log.commit(1)
    return stage.exchange.directory.join(QM)


async def test_the_newest_checkpoint_is_a_signed_note(stage: Stage) -> None:
    """Everybody reads it, with the cosignatures that came; caches ask again each time."""
    grown(stage, 5)
    await stage.log.add_cosignatures(5, "— w.example AAAAAAAAAAA=\n".encode())
    got = await stage.ask("GET", media.LOG_CHECKPOINT)
    assert (got.status, got.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert got.headers["cache-control"] == "no-cache"
    assert got.body.endswith("— w.example AAAAAAAAAAA=\n".encode())
    assert open_checkpoint(got.body, [stage.log.verifier]).size == 5


async def test_a_log_without_a_checkpoint_shows_nothing(stage: Stage) -> None:
    """What is committed and not signed yet is not there, for participants either."""
    stage.log.commit(300)
    qm = stage.exchange.directory.join(QM)
    for path in ("checkpoint", "tile/0/000", "tile/0/000.p/1"):
        assert (await stage.ask("GET", f"{media.LOG}/{path}")).code == "not-found"
    for path in ("tile/entries/000", f"proof/{leaf_hash(b'leaf 0').hex()}", "stamped/0"):
        assert (await stage.ask("GET", f"{media.LOG}/{path}", qm)).code == "not-found"


@pytest.mark.parametrize(
    "tile",
    [Tile(0, 0), Tile(0, 272), Tile(0, 273, 112), Tile(0, 273, 1), Tile(0, 5, 255), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)],
)
async def test_hash_tiles_are_served_as_c2sp_says(stage: Stage, tile: Tile) -> None:
    """Full and partial tiles, exactly as wide as asked for, cacheable for ever; HEAD tells the same without the bytes."""
    grown(stage)
    path = f"{media.LOG}/{tile.path}"
    got = await stage.ask("GET", path)
    assert (got.status, got.body) == (200, await stage.log.tile(tile))
    assert len(got.body) == 32 * tile.width
    assert (got.headers["content-type"], got.headers["cache-control"]) == ("application/octet-stream", PUBLIC)
    head = await stage.ask("HEAD", path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(32 * tile.width))
    assert head.headers["cache-control"] == PUBLIC


@pytest.mark.parametrize(
    "path",
    ["0/273", "0/273.p/113", "0/274.p/1", "1/001", "1/001.p/18", "2/000", "2/000.p/2", "3/000.p/1", "63/000.p/1", "0/x999/999"],
)
async def test_nothing_is_served_beyond_the_newest_checkpoint(stage: Stage, path: str) -> None:
    """A tile that no signed checkpoint covers is not there, though its leaves may be committed."""
    grown(stage)
    got = await stage.ask("GET", media.LOG_TILES + path)
    assert (got.status, got.code, got.headers["cache-control"]) == (404, "not-found", "no-store")


@pytest.mark.parametrize(
    "path",
    [
        *("0/0", "0/0000", "00/000", "64/000", "-1/000", "0/x000/001", "0/001/000", "0/000.p/0", "0/000.p/256", "0/000.p/01"),
        *("0/000.p/", "0/000.p", "0/000/", "0//000", "0/000.P/1", "0/%30%30%30", "0/../0/000", "0", "", "a/000"),
        *("0/" + "x999/" * 9 + "999", "entries/000"),
    ],
)
async def test_another_spelling_is_another_path(stage: Stage, path: str) -> None:
    """Paths have one spelling each, so that a cache has one copy; entries are not behind the open route."""
    grown(stage)
    got = await stage.ask("GET", media.LOG_TILES + path)
    assert got.status == (401 if path == "entries/000" else 404)


@pytest.mark.parametrize("tile", [Tile(ENTRIES_LEVEL, 0), Tile(ENTRIES_LEVEL, 273, 112), Tile(ENTRIES_LEVEL, 3, 7)])
async def test_entries_are_for_participants(stage: Stage, tile: Tile) -> None:
    """A bundle hashes to its tile of level 0; only its reader may cache it, and strangers are asked who they are."""
    qm = grown(stage)
    path = f"{media.LOG}/{tile.path}"
    got = await stage.ask("GET", path, qm)
    hashes = b"".join(map(leaf_hash, decode_bundle(got.body)))
    assert hashes == await stage.log.tile(Tile(0, tile.index, tile.width))
    assert (got.headers["content-type"], got.headers["cache-control"]) == ("application/octet-stream", PRIVATE)
    assert (await stage.ask("GET", path)).code == "signature-missing"


@pytest.mark.parametrize("path", ["273", "273.p/113", "274.p/1", "0", "x000/001", "000.p/0", "000/000"])
async def test_entries_end_with_the_newest_checkpoint(stage: Stage, path: str) -> None:
    """Neither an uncovered bundle nor another spelling is there."""
    got = await stage.ask("GET", media.LOG_ENTRIES + path, grown(stage))
    assert got.code == "not-found"


@pytest.mark.parametrize(("size", "within"), [(None, 1000), (1000, 1000), (778, 778)])
async def test_a_leaf_is_found_and_proved(stage: Stage, size: int | None, within: int) -> None:
    """Who knows a leaf's hash learns its place, with a proof that leads to the root of the tree asked for."""
    qm = grown(stage, 1000)
    leaf = leaf_hash(b"leaf 777")
    query = "" if size is None else f"?size={size}"
    got = await stage.ask("GET", f"{media.LOG_PROOFS}{leaf.hex()}{query}", qm)
    index, found, siblings = msgspec.msgpack.decode(got.body)
    assert (got.headers["content-type"], index, found) == (media.MSGPACK, 777, within)
    assert verify_inclusion(index, found, leaf, siblings, tree_hash(stage.log.leaves[:within]))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (leaf_hash(b"leaf 777").hex() + "?size=777", "not-found"),
        (leaf_hash(b"leaf 777").hex() + "?size=1001", "not-found"),
        (leaf_hash(b"leaf 1000").hex(), "not-found"),
        (leaf_hash(b"never").hex(), "not-found"),
        (leaf_hash(b"leaf 7").hex().upper(), "not-found"),
        ("abc", "not-found"),
        (leaf_hash(b"leaf 7").hex() + "?size=", "bad-request"),
        (leaf_hash(b"leaf 7").hex() + "?size=08", "bad-request"),
        (leaf_hash(b"leaf 7").hex() + "?size=8&size=9", "bad-request"),
        (leaf_hash(b"leaf 7").hex() + "?leaf=8", "bad-request"),
    ],
)
async def test_what_cannot_be_proved_is_refused(stage: Stage, path: str, code: str) -> None:
    """An unknown leaf answers like one outside the tree; the query has one form."""
    got = await stage.ask("GET", media.LOG_PROOFS + path, grown(stage, 1000))
    assert got.code == code


async def test_the_oldest_time_stamp_over_a_leaf_is_found(stage: Stage) -> None:
    """The first stamped checkpoint that holds a leaf says the earliest time; its note verifies like any other."""
    qm = grown(stage, 5)
    stage.log.grow(5)
    stage.log.grow(5)
    await stage.log.set_token(5, b"token 5")
    await stage.log.set_token(11, b"token 11")
    for index, size in ((0, 5), (4, 5), (5, 11), (10, 11)):
        got = await stage.ask("GET", f"{media.LOG_STAMPED}{index}", qm)
        note, token = msgspec.msgpack.decode(got.body)
        assert (open_checkpoint(note, [stage.log.verifier]).size, token) == (size, f"token {size}".encode())
    for path in ("11", "-1", "01", "x", "9" * 20):
        assert (await stage.ask("GET", media.LOG_STAMPED + path, qm)).code == "not-found"


@pytest.mark.parametrize("path", [f"{media.LOG_PROOFS}{'0' * 64}", f"{media.LOG_STAMPED}0", f"{media.LOG_ENTRIES}000"])
async def test_strangers_are_told_no_places(stage: Stage, path: str) -> None:
    """Proofs and time-stamps are for participants: a signed request, and no HEAD."""
    assert (await stage.ask("GET", path)).code == "signature-missing"
    assert (await stage.ask("HEAD", path)).status == 405
