"""Thin clients: what waits, and receipts for it, by plain requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.errors import Unavailable
from gateway.ids import Address
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Stage

QM = "NCB-QM@icn"
ODD = ["after=", "after=-1", "after=1.0", "after=x", "after=1&after=2", "before=1", "after=%D9%A1", "after=" + "9" * 40, "x"]


async def test_a_thin_client_reads_what_waits_in_pages(stage: Stage) -> None:
    """What waits comes in pages, and each page says whether there is more."""
    qm = stage.exchange.directory.join(QM)
    stage.exchange.waiting[Address(QM)] = [b"one", b"two", b"three"]
    first = await stage.ask("GET", media.INBOX, qm)
    assert (first.status, first.headers["content-type"]) == (200, media.MSGPACK)
    assert msgspec.msgpack.decode(first.body) == [[b"one", b"two"], True]
    rest = await stage.ask("GET", f"{media.INBOX}?after=2", qm)
    assert msgspec.msgpack.decode(rest.body) == [[b"three"], False]


async def test_a_mailbox_is_its_owners_alone(stage: Stage) -> None:
    """Promise 9: the mailbox is the asker's; there is no way to name another one."""
    stage.exchange.waiting[Address(QM)] = [b"one"]
    qx = stage.exchange.directory.join("NCB-QX@icn")
    got = await stage.ask("GET", media.INBOX, qx)
    assert msgspec.msgpack.decode(got.body) == [[], False]


@pytest.mark.parametrize(
    "query",
    ["after=", "after=-1", "after=1.0", "after=x", "after=1&after=2", "before=1", "after=%D9%A1", "after=" + "9" * 40, "x"],
)
async def test_an_odd_query_is_refused(stage: Stage, query: str) -> None:
    """A query has one meaning, or none."""
    qm = stage.exchange.directory.join(QM)
    assert (await stage.ask("GET", f"{media.INBOX}?{query}", qm)).code == "bad-request"


async def test_receipts_are_recorded_and_answered_one_by_one(stage: Stage) -> None:
    """Each receipt has an outcome; one for another's message answers like one for a message that is not there."""
    qm = stage.exchange.directory.join(QM)
    body = msgspec.msgpack.encode([b"mine", b"another's"])
    got = await stage.ask("POST", media.RECEIPTS, qm, body=body, media=media.MSGPACK)
    assert msgspec.json.decode(got.body) == {"outcomes": ["", "not-found"]}


@pytest.mark.parametrize(
    "body", [b"", b"\x90", b"\xc1", msgspec.msgpack.encode({}), msgspec.msgpack.encode([b""]), msgspec.msgpack.encode(["text"])]
)
async def test_what_is_no_array_of_receipts_is_refused(stage: Stage, body: bytes) -> None:
    """A body of another form is malformed."""
    qm = stage.exchange.directory.join(QM)
    got = await stage.ask("POST", media.RECEIPTS, qm, body=body, media=media.MSGPACK)
    assert (got.status, got.code) == (400, "malformed")


async def test_receipts_whose_outcome_is_open_are_uncertain(stage: Stage) -> None:
    """A time-out after receipts were handed in says that they may count."""
    qm = stage.exchange.directory.join(QM)
    stage.exchange.hang = True
    got = await stage.ask("POST", media.RECEIPTS, qm, body=msgspec.msgpack.encode([b"r"]), media=media.MSGPACK)
    assert got.code == "uncertain"


async def test_an_inbox_that_takes_too_long_may_be_asked_again(stage: Stage) -> None:
    """Reading changes nothing, so a time-out says that nothing happened."""
    qm = stage.exchange.directory.join(QM)
    stage.exchange.hang = True
    assert (await stage.ask("GET", media.INBOX, qm)).code == "time-limit"
    stage.exchange.hang = False
    stage.exchange.fail = Unavailable("the ledger is away")
    assert (await stage.ask("GET", media.INBOX, qm)).code == "unavailable"


async def test_a_receipt_of_the_future_is_answered_with_the_time(stage: Stage) -> None:
    """Whose clock is ahead learns the gateway's; otherwise an answer says nothing of time."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    body = msgspec.msgpack.encode([b"from the future", b"another's"])
    got = await stage.ask("POST", media.RECEIPTS, qm, body=body, media=media.MSGPACK)
    assert msgspec.json.decode(got.body) == {"outcomes": ["clock-skew", "not-found"], "server_time": int(stage.now)}
