"""The directory over HTTP: files for participants, bundles, challenges and cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.possession import decode_challenges
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Stage

QM = "NCB-QM@icn"
FILES = {
    "metadata/timestamp.json": b"{}",
    "metadata/1.root.json": b"root",
    "targets/ab.directory.json": b"who",
    "targets/cards/QM/x.key": b"card",
}


@pytest.mark.parametrize("name", FILES)
async def test_a_participant_reads_the_files_as_they_were_signed(stage: Stage, name: str) -> None:
    """A file of the directory is served by its exact name, byte for byte."""
    stage.exchange.files.update(FILES)
    got = await stage.ask("GET", media.DIRECTORY + name, stage.exchange.directory.join(QM))
    assert (got.status, got.body) == (200, FILES[name])


@pytest.mark.parametrize(
    "path",
    [
        "metadata/2.root.json",
        "metadata/",
        "targets/",
        "targets/../metadata/1.root.json",
        "metadata/a/b",
        "other/x",
        "targets/%2e%2e/x",
    ],
)
async def test_a_file_that_is_not_there_is_not_found(stage: Stage, path: str) -> None:
    """Only exact names are served; there is no way out of the directory."""
    stage.exchange.files.update(FILES)
    got = await stage.ask("GET", media.DIRECTORY + path, stage.exchange.directory.join(QM))
    assert (got.status, got.code) == (404, "not-found")


async def test_a_bundle_brings_many_files_at_once(stage: Stage) -> None:
    """A first refresh is one request; what is not there is left out."""
    stage.exchange.files.update(FILES)
    body = msgspec.json.encode([*FILES, "targets/missing"])
    got = await stage.ask("POST", media.DIRECTORY_BUNDLE, stage.exchange.directory.join(QM), body=body, media=media.JSON)
    assert dict(msgspec.msgpack.decode(got.body)) == FILES


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[1]", b"[", b'["' + b"a" * 300 + b'"]', b"\xff", b"[" * 5000])
async def test_a_bundle_of_another_form_is_refused(stage: Stage, body: bytes) -> None:
    """What is no list of names is malformed."""
    got = await stage.ask("POST", media.DIRECTORY_BUNDLE, stage.exchange.directory.join(QM), body=body, media=media.JSON)
    assert got.code == "malformed"


async def test_a_card_is_published_with_the_answers_to_its_challenges(stage: Stage) -> None:
    """A participant asks for challenges, answers them, and the card is published in its name."""
    qm = stage.exchange.directory.join(QM)
    asked = await stage.ask("POST", media.CHALLENGES, qm, body=b"card", media=media.MSGPACK)
    assert len(decode_challenges(asked.body)) == 1
    body = msgspec.msgpack.encode([b"card", [bytes(32)]])
    done = await stage.ask("PUT", media.CARDS, qm, body=body, media=media.MSGPACK)
    assert (done.status, done.body) == (204, b"")
    assert stage.exchange.cards == [(Address(QM), b"card", [bytes(32)])]


async def test_a_card_that_is_refused_says_why(stage: Stage) -> None:
    """The refusal of a card has its own code."""
    qm = stage.exchange.directory.join(QM)
    stage.exchange.fail = Rejected("serial 3, last 4", code="card-serial")
    got = await stage.ask("PUT", media.CARDS, qm, body=msgspec.msgpack.encode([b"card", []]), media=media.MSGPACK)
    assert (got.status, got.code) == (409, "card-serial")


@pytest.mark.parametrize("value", [[], [b"card"], [b"", []], [b"card", [b"a"] * 65], {"card": b"x"}, [b"card", [], 1]])
async def test_a_publication_of_another_form_is_refused(stage: Stage, value: object) -> None:
    """What is not a card with its answers is malformed."""
    qm = stage.exchange.directory.join(QM)
    got = await stage.ask("PUT", media.CARDS, qm, body=msgspec.msgpack.encode(value), media=media.MSGPACK)
    assert got.code == "malformed"
    assert stage.exchange.cards == []
