"""Submitting messages and asking what became of them."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.errors import Rejected, Unavailable
from gateway.ids import Address, format_id
from gateway.protocol import media
from tests.support.fake_exchange import RecipientRow, StatusRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.http_stage import Stage

MESSAGE_ID = bytes(range(16))
PATH = f"{media.MESSAGES}/{format_id(MESSAGE_ID)}"


@pytest.mark.parametrize(("kind", "how"), [(media.SEALED, "sealed"), (media.SIGNED, "signed")])
async def test_a_submission_reaches_the_exchange_as_it_came(stage: Stage, kind: str, how: str) -> None:
    """A message needs no signed request; its bytes are handed on unchanged, and the receipt comes back with 202."""
    got = await stage.ask("POST", media.MESSAGES, body=b"\x92sealed", media=kind)
    assert (got.status, got.body, got.headers["content-type"]) == (202, b"receipt", media.MSGPACK)
    assert stage.exchange.submitted == [(how, b"\x92sealed")]


async def test_a_repeat_is_answered_with_200(stage: Stage) -> None:
    """Promise 4: the same message again gets the same receipt, and the status says that it was known."""
    answers = [await stage.ask("POST", media.MESSAGES, body=b"same", media=media.SEALED) for _ in range(2)]
    assert [(one.status, one.body) for one in answers] == [(202, b"receipt"), (200, b"receipt")]


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "application/octet-stream",
        "application/vnd.gateway.sealed; charset=utf-8",
        "APPLICATION/VND.GATEWAY.SEALED",
        "*/*",
    ],
)
async def test_another_media_type_is_refused(stage: Stage, kind: str | None) -> None:
    """The media type is compared whole: what is not one of the two is refused."""
    got = await stage.ask("POST", media.MESSAGES, body=b"x", media=kind)
    assert (got.status, got.code) == (415, "unsupported-media")
    assert stage.exchange.submitted == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity"])
async def test_a_compressed_body_is_refused_unread(stage: Stage, coding: str) -> None:
    """Nothing is ever inflated: a body with a content coding is refused."""
    got = await stage.ask("POST", media.MESSAGES, body=b"\x1f\x8b", media=media.SEALED, Content_Encoding=coding)
    assert got.code == "unsupported-media"
    assert stage.exchange.submitted == []


async def test_a_body_that_says_it_is_too_long_is_refused_before_it_is_read(stage: Stage) -> None:
    """A client that announces too much is refused at once."""
    raw = await stage.raw(
        b"POST /v1/messages HTTP/1.1\r\nHost: gw\r\nContent-Type: application/vnd.gateway.sealed\r\n"
        b"Content-Length: %d\r\n\r\n" % (media.MAX_SUBMISSION_BYTES + 1)
    )
    assert raw.startswith(b"HTTP/1.1 413 ")
    assert b'"too-large"' in raw


async def test_a_streamed_body_is_counted_while_it_comes(stage: Stage) -> None:
    """A client that streams without saying how much is refused as soon as it is too much."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(1 << 16)

    got = await stage.send("POST", media.MESSAGES, {"Content-Type": media.SEALED}, endless())
    assert (got.status, got.code) == (413, "too-large")
    assert stage.exchange.submitted == []


async def test_a_streamed_body_within_the_limit_is_taken(stage: Stage) -> None:
    """Chunked transfer is allowed: what counts is the bytes."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        await asyncio.sleep(0.01)
        yield b"message"

    got = await stage.send("POST", media.MESSAGES, {"Content-Type": media.SEALED}, pieces())
    assert got.status == 202
    assert stage.exchange.submitted == [("sealed", b"one message")]


async def test_the_largest_submission_is_taken(stage: Stage) -> None:
    """A message at the limit goes through."""
    got = await stage.ask("POST", media.MESSAGES, body=bytes(media.MAX_SUBMISSION_BYTES), media=media.SEALED)
    assert got.status == 202


async def test_a_refusal_of_the_exchange_is_a_problem_document(stage: Stage) -> None:
    """A refusal has a stable code, says where, and what to do."""
    stage.exchange.fail = Rejected("expected an object", code="content-schema", pointer="/body/facts")
    got = await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SIGNED)
    assert got.status == 422
    assert (got.code, got.problem["pointer"], got.problem["detail"]) == ("content-schema", "/body/facts", "expected an object")
    assert got.problem["hint"]


async def test_when_nothing_happened_the_client_is_told_when_to_retry(stage: Stage) -> None:
    """A gateway that cannot take a message now says so, and when to come back."""
    stage.exchange.fail = Unavailable("the ledger is away")
    got = await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED)
    assert (got.status, got.code) == (503, "unavailable")
    assert int(got.headers["retry-after"]) > 0


async def test_a_submission_that_takes_too_long_is_uncertain(stage: Stage) -> None:
    """When the outcome is not known the client hears so, and retries with the same id."""
    stage.exchange.hang = True
    got = await stage.ask("POST", media.MESSAGES, body=b"x", media=media.SEALED)
    assert (got.status, got.code) == (503, "uncertain")


async def test_the_sender_sees_a_state_for_each_recipient(stage: Stage) -> None:
    """The sender of a message sees where each delivery stands, with the receipt that proves it."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    rows = [
        RecipientRow("NCB-QX@icn", "opened", 1_900_000_001, None, b"signed"),
        RecipientRow("GN-QN@icn", "rejected", 1_900_000_002, "cannot-open", None),
    ]
    stage.exchange.messages[Address("NCB-QM@icn"), MESSAGE_ID] = StatusRow(rows)
    got = await stage.ask("GET", PATH, qm)
    assert got.status == 200
    found = msgspec.json.decode(got.body)
    assert found["message_id"] == format_id(MESSAGE_ID)
    assert (found["number"], found["envelope_hash"], found["accepted_at"]) == (1, "00" * 32, 1_900_000_000)
    assert [one["state"] for one in found["recipients"]] == ["opened", "rejected"]
    assert base64.b64decode(found["recipients"][0]["receipt"]) == b"signed"


async def test_anothers_message_answers_like_one_that_does_not_exist(stage: Stage) -> None:
    """Promise 9: byte for byte, a message of another participant is a message that is not there."""
    directory = stage.exchange.directory
    qm, qx = directory.join("NCB-QM@icn"), directory.join("NCB-QX@icn")
    stage.exchange.messages[Address("NCB-QM@icn"), MESSAGE_ID] = StatusRow([])
    assert (await stage.ask("GET", PATH, qm)).status == 200
    theirs = await stage.ask("GET", PATH, qx)
    missing = await stage.ask("GET", PATH[:-1] + "0", qx)
    assert (theirs.status, theirs.code) == (404, "not-found")
    assert theirs.body == missing.body
    assert {name: value for name, value in theirs.headers.items() if name != "date"} == {
        name: value for name, value in missing.headers.items() if name != "date"
    }


@pytest.mark.parametrize("name", ["x", "00010203-0405-0607-0809-0A0B0C0D0E0F", MESSAGE_ID.hex(), "%30", "00010203", "a" * 400])
async def test_an_id_of_another_spelling_is_refused(stage: Stage, name: str) -> None:
    """An id has one spelling; any other is refused, and looks nothing up."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    got = await stage.ask("GET", f"{media.MESSAGES}/{name}", qm)
    assert got.code in {"malformed", "not-found"}
    assert got.status in {400, 404}
