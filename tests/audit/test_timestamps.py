"""Time-stamps: one token a day over a checkpoint, verified before it is kept; nothing waits for it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING

import pytest

from gateway.audit.outside import Outside
from gateway.audit.timestamps import Stamper, Stamping
from gateway.errors import Unavailable
from gateway.evidence.token import read_roots, verify_token
from gateway.ops import Metrics
from gateway.tlog.note import parse_note
from tests.support.fake_log import FakeLog
from tests.support.tsa import Tsa, time_stamping
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DAY_S = 86_400


class Desk:
    """A log of one checkpoint, a service, and the one who asks it."""

    def __init__(self, tsa: Tsa, outside: Outside) -> None:
        self.tsa = tsa
        self.log = FakeLog()
        self.log.grow(5)
        self.metrics = Metrics()
        self.ahead_s = 0.0
        self.roots = read_roots(tsa.ca.read_bytes())
        self.parts = Stamping(
            url=tsa.url,
            roots=self.roots,
            table=self.log,
            outside=outside,
            metrics=self.metrics,
            clock=lambda: time.time() + self.ahead_s,
            look_s=0.01,
        )
        self.stamper = Stamper(self.parts)

    @property
    def tokens(self) -> list[bytes | None]:
        """The token of each checkpoint."""
        return [row.token for row in self.log.rows]

    @property
    def text(self) -> bytes:
        """What is stamped."""
        return parse_note(self.log.newest.note or b"").text.encode()

    def counted(self, code: str) -> float:
        """Return how many rounds ended with a code."""
        found = self.metrics.registry.get_sample_value("gateway_timestamp_answers_total", {"code": code})
        return found or 0.0

    def age_s(self) -> float:
        """Return what the metric says."""
        found = self.metrics.registry.get_sample_value("gateway_timestamp_age_seconds")
        assert found is not None
        return found


@asynccontextmanager
async def desk_of(folder: Path) -> AsyncIterator[Desk]:
    """Run the service."""
    async with time_stamping(folder / "tsa") as tsa, Outside(10.0) as outside:
        yield Desk(tsa, outside)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A log that has no token yet, and a service that works."""
    async with desk_of(tmp_path) as one:
        yield one


async def test_a_checkpoint_gets_a_token_that_verifies_from_the_roots(desk: Desk) -> None:
    """What is kept proves to whoever trusts the service that the text of the checkpoint existed; signatures do not matter."""
    assert desk.age_s() == inf
    await desk.stamper.round()
    token = desk.log.newest.token
    assert token is not None
    at = verify_token(token, desk.text, desk.roots)
    assert abs(at - time.time()) < 60
    assert desk.counted("ok") == 1
    assert desk.age_s() < 60


async def test_one_token_a_day_is_enough(desk: Desk) -> None:
    """The first checkpoint of a day is stamped; later ones rest on it, and the next day begins anew."""
    await desk.stamper.round()
    desk.log.grow(3)
    await desk.stamper.round()
    assert [token is not None for token in desk.tokens] == [True, False]
    desk.ahead_s = DAY_S
    await desk.stamper.round()  # the service's clock is a day behind ours: asked, and not believed
    assert len(desk.tsa.asked) == 2
    assert desk.counted("timestamp-bad") == 1


async def test_a_log_that_stands_still_is_not_stamped_again(desk: Desk) -> None:
    """A token proves all that is under it for ever; without a new checkpoint there is nothing to ask for."""
    await desk.stamper.round()
    desk.ahead_s = 3 * DAY_S
    await desk.stamper.round()
    assert len(desk.tsa.asked) == 1


async def test_before_the_first_checkpoint_nothing_is_asked(desk: Desk) -> None:
    """An empty log has nothing to be stamped."""
    desk.log.rows.clear()
    await desk.stamper.round()
    assert desk.tsa.asked == []


async def test_another_process_finds_the_token_of_the_day(desk: Desk) -> None:
    """Gateway processes share the ledger: one token serves them all, and a restart asks for no second one."""
    await desk.stamper.round()
    desk.log.grow(3)
    second = Stamper(desk.parts)
    await second.round()
    assert len(desk.tsa.asked) == 1
    assert desk.age_s() < 60


@pytest.mark.parametrize("garbage", [b"", b"\x30\x00", b"<html>sorry</html>", bytes(5000), b"\x30\x05\x30\x03\x02\x01\x02"])
async def test_garbage_is_no_token(desk: Desk, garbage: bytes) -> None:
    """What is no reply of RFC 3161, or a refusal, is noted and not kept."""
    desk.tsa.alter = lambda _: garbage
    await desk.stamper.round()
    assert desk.tokens == [None]
    assert desk.counted("timestamp-bad") == 1


async def test_a_changed_token_is_refused(desk: Desk) -> None:
    """A reply in which one byte of the signature was changed does not verify."""
    desk.tsa.alter = lambda reply: reply[:-1] + bytes([reply[-1] ^ 1])
    await desk.stamper.round()
    assert (desk.tokens, desk.counted("timestamp-bad")) == ([None], 1)


async def test_the_token_of_another_request_is_refused(desk: Desk) -> None:
    """A reply with another nonce may be an old one that somebody kept."""
    await desk.stamper.round()
    old = desk.tsa.asked[0]
    desk.log.rows[0] = desk.log.newest._replace(token=None)
    desk.tsa.read = lambda _: old
    await Stamper(desk.parts).round()
    assert (desk.tokens, desk.counted("timestamp-bad")) == ([None], 1)


async def test_the_token_of_other_bytes_is_refused(desk: Desk) -> None:
    """A reply with our nonce over another hash proves nothing about our checkpoint."""
    digest = sha256(desk.text).digest()
    desk.tsa.read = lambda query: query.replace(digest, bytes(32))
    await desk.stamper.round()
    assert digest in desk.tsa.asked[0]
    assert (desk.tokens, desk.counted("timestamp-bad")) == ([None], 1)


async def test_a_service_that_another_ca_vouches_for_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Only the roots that the operator named count."""
    other = Tsa(tmp_path / "other")
    desk.roots[:] = read_roots(other.ca.read_bytes())
    await desk.stamper.round()
    assert (desk.tokens, desk.counted("timestamp-bad")) == ([None], 1)


async def test_a_service_that_fails_is_asked_again(desk: Desk) -> None:
    """An error of the service is noted, and the day gets its token when it is back."""
    desk.tsa.status = 503
    running = asyncio.create_task(desk.stamper.run())
    await until(lambda: desk.counted("unavailable") >= 2)
    desk.tsa.status = 200
    await until(lambda: desk.counted("ok") == 1)
    assert desk.tokens != [None]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_silent_service_ends_in_a_time_limit(tmp_path: Path) -> None:
    """A service that takes the request and says nothing costs one round, and nobody waits for that."""
    async with time_stamping(tmp_path / "tsa") as tsa, Outside(0.2) as outside:
        desk = Desk(tsa, outside)
        tsa.hang = True
        await desk.stamper.round()
        assert (desk.tokens, desk.counted("unavailable")) == ([None], 1)


async def test_a_flood_is_cut_off(desk: Desk) -> None:
    """An answer larger than any token is not read to its end."""
    desk.tsa.alter = lambda reply: reply + bytes(1 << 20)
    await desk.stamper.round()
    assert (desk.tokens, desk.counted("unavailable")) == ([None], 1)


async def test_a_ledger_that_is_away_is_waited_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger's own faults end a round like the service's."""

    async def away() -> None:
        raise Unavailable("away")

    monkeypatch.setattr(desk.log, "newest_checkpoint", away)
    await desk.stamper.round()
    assert desk.counted("unavailable") == 1
