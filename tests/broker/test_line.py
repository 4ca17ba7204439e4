"""The line to a broker, without one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

import pytest

from gateway.broker.line import Line, LineLimits

if TYPE_CHECKING:
    import aiormq


@pytest.mark.parametrize("fault", [None, OSError("reset"), RuntimeError("closed")])
async def test_a_cancellation_is_not_lost_in_a_call(fault: Exception | None) -> None:
    """A task that is told to stop while the broker's library answers or fails at the same moment does stop."""
    line = Line("test", [], LineLimits())
    line._connection = cast("aiormq.Connection", object())

    async def call() -> None:
        async with line.call("answer"):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            if fault is not None:
                raise fault

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_pauses_between_rounds_grow_up_to_a_limit() -> None:
    """A broker that stays away is asked less and less often, and many gateways do not ask at the same moment."""
    limits = LineLimits(first_pause_s=0.1, longest_pause_s=5)
    late = Line("test", [], limits, jitter=lambda: 0.0)
    early = Line("test", [], limits, jitter=lambda: 1.0)
    assert [late._pause_s(misses) for misses in (1, 2, 3, 6, 7, 1000)] == [0.1, 0.2, 0.4, 3.2, 5, 5]
    assert [early._pause_s(misses) for misses in (1, 7)] == [0.05, 2.5]
