"""Peers' directories over HTTP: files for our participants, and publications that need no signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.errors import Rejected, Unavailable
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Answer, Stage

QM = "NCB-QM@icn"
FAR = "GN-QN@eu-network"
FILES = {"metadata/timestamp.json": b"{}", "targets/cards/GN-QN/x.key": b"card"}
PUBLISH = f"{media.PEERS_PUBLISH}eu-network"


async def published(stage: Stage, body: bytes, path: str = PUBLISH) -> Answer:
    """Bring files, unsigned."""
    return await stage.ask("POST", path, body=body, media=media.MSGPACK)


@pytest.mark.parametrize("name", FILES)
async def test_a_participant_reads_a_peers_files(stage: Stage, name: str) -> None:
    """A file is served by its exact name, byte for byte, as one's own directory is."""
    stage.peers.copies["eu-network"] = dict(FILES)
    got = await stage.ask("GET", f"{media.PEERS}eu-network/{name}", stage.exchange.directory.join(QM))
    assert (got.status, got.body) == (200, FILES[name])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("eu-network/metadata/2.root.json", "not-found"),
        ("eu-network", "not-found"),
        ("eu-network/targets/%2e%2e/x", "not-found"),
        ("nobody/metadata/timestamp.json", "peer-unknown"),
        ("bundle/metadata/timestamp.json", "peer-unknown"),
    ],
)
async def test_what_is_not_there_is_told_apart_from_who_is_no_peer(stage: Stage, path: str, code: str) -> None:
    """A missing file is not found; a network that is no peer is nobody."""
    stage.peers.copies["eu-network"] = dict(FILES)
    assert (await stage.ask("GET", media.PEERS + path, stage.exchange.directory.join(QM))).code == code


async def test_a_bundle_brings_many_files_at_once(stage: Stage) -> None:
    """What is not there is left out."""
    stage.peers.copies["eu-network"] = dict(FILES)
    qm, path = stage.exchange.directory.join(QM), f"{media.PEERS_BUNDLE}eu-network"
    got = await stage.ask("POST", path, qm, body=msgspec.json.encode([*FILES, "x"]), media=media.JSON)
    assert dict(msgspec.msgpack.decode(got.body)) == FILES
    for body in (b"", b"{}", b"[1]", b"\xff", b"[" * 5000):
        assert (await stage.ask("POST", path, qm, body=body, media=media.JSON)).code in {"malformed", "unsupported-media"}


@pytest.mark.parametrize("path", ["eu-network/metadata/timestamp.json", "bundle/eu-network"])
async def test_a_peers_participants_read_nothing_here(stage: Stage, path: str) -> None:
    """Files are for participants of this network alone."""
    stage.exchange.directory.name_peer("eu-network", "RELAY-EU")
    far = stage.exchange.directory.join(FAR, role="relay")
    method, body, kind = ("POST", b'["x"]', media.JSON) if path.startswith("bundle") else ("GET", b"", None)
    assert (await stage.ask(method, media.PEERS + path, far, body=body, media=kind)).code == "sender-unknown"
    assert (await stage.ask(method, media.PEERS + path, body=body, media=kind)).code == "signature-missing"


async def test_anybody_brings_a_directory(stage: Stage) -> None:
    """It proves itself: the answer says what is in use and what is still missing."""
    stage.peers.copies["eu-network"] = {}
    stage.peers.missing = ["metadata/3.snapshot.json"]
    got = await published(stage, msgspec.msgpack.encode(list(FILES.items())))
    assert msgspec.json.decode(got.body) == {"version": 2, "root": 1, "missing": ["metadata/3.snapshot.json"]}
    assert stage.peers.copies["eu-network"] == FILES


@pytest.mark.parametrize(
    "value", [{}, [["a"]], [["a", "text"]], [["a", b"1"], ["a", b"2"]], [[b"a", b"1"]], [["a", b"1", 1]], b"x", None]
)
async def test_a_publication_of_another_form_is_refused(stage: Stage, value: object) -> None:
    """What is no list of names and bytes is malformed, and so is a name that stands twice."""
    stage.peers.copies["eu-network"] = {}
    assert (await published(stage, msgspec.msgpack.encode(value))).code == "malformed"
    assert stage.peers.copies["eu-network"] == {}


@pytest.mark.parametrize(
    "error", [Rejected(code="directory-rollback"), Rejected(code="directory-expired"), Unavailable(code="busy")]
)
async def test_a_refused_publication_says_why(stage: Stage, error: Rejected) -> None:
    """Its code is the problem's, and no word of it is signed."""
    stage.peers.fail = error
    got = await published(stage, msgspec.msgpack.encode(list(FILES.items())))
    assert got.code == error.code
    assert "problem-signature" not in got.headers


async def test_a_publication_is_bounded(stage: Stage) -> None:
    """What no directory is as large as is refused before it is read; who is no peer publishes nothing."""
    raw = await stage.raw(
        f"POST {PUBLISH} HTTP/1.1\r\nHost: gw\r\nContent-Type: {media.MSGPACK}\r\n"
        f"Content-Length: {media.MAX_PUBLICATION_BYTES + 1}\r\n\r\n".encode()
    )
    assert b"too-large" in raw
    body = msgspec.msgpack.encode(list(FILES.items()))
    assert (await published(stage, body, f"{media.PEERS_PUBLISH}nobody")).code == "peer-unknown"
