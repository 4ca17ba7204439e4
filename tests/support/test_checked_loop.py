"""The loop of the tests refuses what it is there to refuse."""

from __future__ import annotations

import asyncio

import pytest


async def test_a_call_from_another_thread_is_refused() -> None:
    """And one that says that it comes from there is not."""
    loop = asyncio.get_running_loop()
    with pytest.raises(RuntimeError, match="Non-thread-safe"):
        await asyncio.to_thread(loop.call_soon, print)
    called = asyncio.Event()
    await asyncio.to_thread(loop.call_soon_threadsafe, called.set)
    await called.wait()
