"""The time limit of requests: it ends what takes too long, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from gateway.ops.deadlines import Deadlines
from tests.support.waiting import SOON_S

LIMIT_S = 0.05


async def test_work_that_ends_in_time_is_left_alone() -> None:
    """A request that is answered in time never hears of the limit, nor does the next one of its connection."""
    deadlines = Deadlines(LIMIT_S)
    with deadlines.deadline():
        await asyncio.sleep(0)
    await asyncio.sleep(2 * LIMIT_S)
    with deadlines.deadline():
        await asyncio.sleep(0)


async def test_each_request_has_its_own_time() -> None:
    """A request that hangs ends after the limit, counted from its own begin; one that began later goes on."""
    deadlines = Deadlines(LIMIT_S)

    async def hang(before_s: float) -> float:
        await asyncio.sleep(before_s)
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError), deadlines.deadline():
            await asyncio.Event().wait()
        return asyncio.get_running_loop().time() - began

    async with asyncio.timeout(SOON_S):
        took = await asyncio.gather(hang(0), hang(LIMIT_S / 2), hang(LIMIT_S * 3))
    assert all(one >= LIMIT_S * 0.9 for one in took)


async def test_a_cancellation_is_no_timeout() -> None:
    """A request that is cancelled because its client left ends as cancelled."""
    deadlines = Deadlines(60)

    async def work() -> None:
        with deadlines.deadline():
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_work_raises_comes_through() -> None:
    """A refusal within the limit is the refusal, not a time-out."""
    deadlines = Deadlines(60)
    with pytest.raises(ValueError, match="refused"), deadlines.deadline():
        raise ValueError("refused")
