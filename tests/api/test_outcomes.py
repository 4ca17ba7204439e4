"""The outcomes of an author's own messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.ids import Address
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Stage


async def test_an_author_reads_on_from_the_last_number(stage: Stage) -> None:
    """Numbers and receipts come in order; what was read is skipped."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    stage.exchange.told[Address("NCB-QM@icn")] = [(3, b"held"), (7, b"rejected")]
    first = await stage.ask("GET", media.OUTCOMES, qm)
    rest = await stage.ask("GET", f"{media.OUTCOMES}?after=3", qm)
    assert msgspec.msgpack.decode(first.body) == [[3, b"held"], [7, b"rejected"]]
    assert msgspec.msgpack.decode(rest.body) == [[7, b"rejected"]]
    assert (first.headers["content-type"], first.headers["cache-control"]) == (media.MSGPACK, "no-store")


async def test_only_participants_are_told(stage: Stage) -> None:
    """A request without a signature is refused."""
    assert (await stage.ask("GET", media.OUTCOMES)).code == "signature-missing"


async def test_anothers_outcomes_are_like_none(stage: Stage) -> None:
    """Promise 9: who has no outcomes reads the same whether others have some or not."""
    other = stage.exchange.directory.join("NCB-QX@icn")
    before = await stage.ask("GET", media.OUTCOMES, other)
    stage.exchange.told[Address("NCB-QM@icn")] = [(3, b"held")]
    after = await stage.ask("GET", media.OUTCOMES, other)
    assert (before.status, before.body) == (200, b"\x90")
    assert (after.status, after.body) == (before.status, before.body)


@pytest.mark.parametrize(
    "query", ["after=", "after=-1", "after=1&after=2", "after=01x", "before=1", "after=%31", "after=9223372036854775808", "x"]
)
async def test_another_query_is_refused(stage: Stage, query: str) -> None:
    """The one parameter has one spelling."""
    qm = stage.exchange.directory.join("NCB-QM@icn")
    got = await stage.ask("GET", f"{media.OUTCOMES}?{query}", qm)
    assert got.code == "bad-request"
