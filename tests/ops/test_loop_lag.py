"""The watcher over the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.ops import LoopLag


async def test_a_quiet_loop_shows_no_lag() -> None:
    """Nothing that holds the loop means next to no lag."""
    seen: list[float] = []
    async with LoopLag(seen.append, interval_s=0.01) as lag:
        await asyncio.sleep(0.05)
    assert seen
    assert lag.worst_s < 0.05


@pytest.mark.filterwarnings("ignore")
async def test_what_holds_the_loop_is_seen() -> None:
    """Work of 100 ms on the loop shows as a lag of that size."""
    async with LoopLag(interval_s=0.01) as lag:
        await asyncio.sleep(0.02)
        time.sleep(0.1)  # noqa: ASYNC251  this is what must be seen
    assert lag.worst_s > 0.08
