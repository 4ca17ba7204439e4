"""Shares: what one participant may have, and that nobody takes another's."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import pytest

from gateway.config import Limits
from gateway.errors import GatewayError, Unavailable
from gateway.exchange import shares, submit
from gateway.exchange.shares import Shares
from tests.exchange.test_submit import RESPONSE, repeated
from tests.support.exchange import Clock, Stage, address, staged
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

SMALL = Limits(poll_s=0.2, session_check_s=0.05, sender_per_s=1.0, sender_burst=3, sessions_per_minute=2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer what is beyond a share at once."""
    monkeypatch.setattr(submit, "HELD_BACK_S", 0.0)


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Stage]:
    """An exchange with small shares."""
    async with staged(tmp_path, limits=SMALL) as stage:
        yield stage


async def send(stage: Stage, sender: str) -> int:
    """Submit a message; return the status."""
    return (await stage.exchange.submit_sealed(stage.sealed(sender, ["GN-QN"]).submission)).status


async def refused(doing: Awaitable[object]) -> GatewayError:
    """Return a refusal."""
    with pytest.raises(GatewayError) as caught:
        await doing
    return caught.value


async def test_a_flood_is_refused_and_others_go_on(small: Stage) -> None:
    """Who has used its share up is told when to come back, in no gateway's name; others are not concerned."""
    assert [await send(small, "NCB-QM") for _ in range(3)] == [202] * 3
    error = await refused(send(small, "NCB-QM"))
    assert (error.code, error.row.status, error.retry_after_s, error.proved) == ("quota", 429, 1, False)
    assert await send(small, "NCB-XA") == 202
    small.clock.jump(1.1)
    assert await send(small, "NCB-QM") == 202


async def test_a_repeat_needs_no_share(small: Stage) -> None:
    """Promise 4: what was accepted gets its first receipt, though the share is used up."""
    first = small.sealed("NCB-QM", ["GN-QN"]).submission
    answer = await small.exchange.submit_sealed(first)
    for _ in range(2):
        await send(small, "NCB-QM")
    assert (await small.exchange.submit_sealed(first)) == (200, answer.body)


async def test_a_forged_message_takes_nothing_of_a_share(small: Stage) -> None:
    """Bodies that only claim a sender leave its share alone."""
    good = small.sealed("NCB-QM", ["GN-QN"]).submission
    for at in range(10):
        forged = bytearray(good)
        forged[-1 - at] ^= 1
        await refused(small.exchange.submit_sealed(bytes(forged)))
    assert [await send(small, "NCB-QM") for _ in range(3)] == [202] * 3


async def test_clear_text_counts_too(small: Stage) -> None:
    """What the gateway seals takes of the same share."""
    for _ in range(3):
        await send(small, "GN-QN")
    error = await refused(small.exchange.submit_signed(small.clear("GN-QN", ["NCB-QM"], **repeated(RESPONSE))))
    assert (error.code, error.proved) == ("quota", False)


async def test_sessions_in_a_minute_are_bounded(small: Stage) -> None:
    """Who opens sessions again and again is told to wait; others are not concerned."""
    for _ in range(2):
        small.exchange.require_session(address("NCB-QM"))
    with pytest.raises(Unavailable) as caught:
        small.exchange.require_session(address("NCB-QM"))
    assert (caught.value.code, caught.value.retry_after_s) == ("quota", 30)
    small.exchange.require_session(address("NCB-XA"))


async def test_what_waits_of_a_sender_is_bounded(tmp_path: Path) -> None:
    """Bytes that nobody fetched count until they are delivered, whichever process took them."""
    limits = Limits(poll_s=0.2, session_check_s=0.05, sender_waiting_bytes=6000)
    async with staged(tmp_path, limits=limits) as stage:
        assert await send(stage, "NCB-QM") == 202
        assert await send(stage, "NCB-QM") == 202
        error = await refused(fill(stage))
        assert (error.code, error.retry_after_s) == ("quota", 10)
        assert 2000 < await stage.ledger.standing.waiting_bytes(address("NCB-QM")) <= 6000
        await stage.ledger.expire(int(stage.clock()) + 90_000, 100, stage.parts.stamps.expired)
        assert await stage.ledger.standing.waiting_bytes(address("NCB-QM")) == 0
        await refused(send(stage, "NCB-QM"))  # the count that this one begins
        stage.clock.jump(shares.SOONEST_S + 60)

        async def again() -> bool:
            try:
                return await send(stage, "NCB-QM") == 202
            except Unavailable:
                return False

        await until(again)


async def fill(stage: Stage) -> None:
    """Submit until that is refused."""
    for _ in range(10):
        await send(stage, "NCB-QM")


def test_a_look_at_a_share_costs_little() -> None:
    """The way of an accepted message is not made longer: some microseconds at most, on a busy machine too."""
    clock, counts = Clock(), []

    def once(name: str, work: Callable[[], Awaitable[None]]) -> None:
        counts.append((name, work))

    subject = Shares(None, Limits(), clock.ticks, once)  # type: ignore[arg-type]
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(1000):
            subject.take(address("NCB-QM"), 5000)
        best = min(best, time.perf_counter() - started)
    assert best / 1000 < 10e-6
    assert len(counts) == 1


async def test_a_flood_of_one_leaves_others_their_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No starvation: while one sender floods over many lines, another's messages take about as long as before."""
    limits = Limits(poll_s=0.2, session_check_s=0.05, sender_per_s=5.0, sender_burst=20)
    async with staged(tmp_path, limits=limits) as stage:
        flood = [stage.sealed("NCB-QM", ["GN-QN"]).submission for _ in range(128)]
        monkeypatch.setattr(submit, "HELD_BACK_S", shares.HELD_BACK_S)
        refusals = 0

        async def pour(body: bytes) -> None:
            nonlocal refusals
            taken = False
            while not taken:
                try:
                    await stage.exchange.submit_sealed(body)
                    taken = True
                except Unavailable:
                    refusals += 1

        quiet = await timed(stage, 15)
        tasks = [asyncio.create_task(pour(body)) for body in flood]
        await asyncio.sleep(1.0)
        loaded = await timed(stage, 15)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert refusals >= 32
        assert loaded < max(3 * quiet, quiet + 0.05)


async def timed(stage: Stage, count: int) -> float:
    """Return the median seconds of so many submissions of a healthy participant."""
    took = []
    for _ in range(count):
        body = stage.sealed("NCB-XA", ["GN-QN"], os.urandom(16).hex().encode()).submission
        started = time.perf_counter()
        await stage.exchange.submit_sealed(body)
        took.append(time.perf_counter() - started)
        await asyncio.sleep(0.1)
    return sorted(took)[count // 2]


async def test_who_floods_waits_for_himself_and_nobody_for_him() -> None:
    """Turns of one sender are handed on in order, also past one who gave up; another's are not concerned."""
    limits = Limits(sender_at_once=2)
    subject = Shares(None, limits, time.monotonic, lambda *_: None)  # type: ignore[arg-type]
    qm, xa = address("NCB-QM"), address("NCB-XA")
    for _ in range(2):
        await subject.turn(qm)
    order: list[int] = []

    async def wait(number: int) -> None:
        await subject.turn(qm)
        order.append(number)

    tasks = [asyncio.create_task(wait(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await subject.turn(xa)
    assert order == []
    for expected in ([0], [0, 2], [0, 2, 3]):
        subject.done(qm)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == expected
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(2):
        subject.done(qm)
    assert subject._shares[qm].at_work == 0


async def test_a_turn_that_comes_to_who_gives_up_goes_on_to_the_next() -> None:
    """However a request ends, its turn is not lost."""
    subject = Shares(None, Limits(sender_at_once=1), time.monotonic, lambda *_: None)  # type: ignore[arg-type]
    qm = address("NCB-QM")
    await subject.turn(qm)
    one, other = (asyncio.create_task(subject.turn(qm)) for _ in range(2))
    await asyncio.sleep(0)
    subject.done(qm)  # the turn of `one`, who is cancelled before it wakes
    one.cancel()
    async with asyncio.timeout(1):
        await other
    subject.done(qm)
    assert subject._shares[qm].at_work == 0
