"""Background tasks end when they are told to, also those that miss it the first time."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from gateway.ending import end


async def deaf(misses: int) -> None:
    """Let so many cancellations get lost, as a library does whose result came at the same moment."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            misses -= 1
            if misses < 0:
                raise


async def test_a_lost_cancellation_is_repeated() -> None:
    """A task that swallowed its cancellation is asked again, so a stop never hangs on it."""
    task = asyncio.create_task(deaf(2))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end([task], again_s=0.01)
    assert task.cancelled()


async def test_what_a_task_raises_at_its_end_stops_nobody() -> None:
    """One task that fails while it ends keeps the others from nothing."""

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    tasks = [asyncio.create_task(fails()), asyncio.create_task(deaf(0))]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end(tasks)
    assert all(task.done() for task in tasks)


def test_a_process_that_hangs_is_ended() -> None:
    """A thread that waits for ever holds no process beyond its time; the last word is said before."""
    code = """
import threading
from gateway.ending import end_process_in
end_process_in(0.1, lambda: print("last", flush=True))
threading.Event().wait()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (1, "last\n")
