"""
Watches how late the event loop wakes a sleeper: whatever holds the loop makes everybody wait.

The aim is that nothing holds it for more than 50 ms; the histogram in the metrics shows it in operation, and
`LoopLag.worst_s` lets a test prove it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Self

__all__ = ["LoopLag"]

INTERVAL_S: Final = 0.05  # 20 wake-ups a second cost less than 0.1 % of a core


class LoopLag:
    """
    An async context manager that measures while it is open.

    Args:
        observe: Gets each lag in seconds, e.g. a histogram's `observe`; None keeps only the worst.
        interval_s: Time between two measurements; a hold is seen when it is longer than this, or straddles a wake-up.
    """

    def __init__(self, observe: Callable[[float], None] | None = None, interval_s: float = INTERVAL_S) -> None:
        self._observe = observe
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0  # of the event loop's clock
        self.worst_s = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch(), name="loop-lag")
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            if (late_s := asyncio.get_running_loop().time() - self._due) > 0:
                self._count(late_s)  # a hold just before the end: its wake-up did not come

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._due = clock() + self._interval_s
            await asyncio.sleep(self._interval_s)
            self._count(max(0.0, clock() - self._due))

    def _count(self, lag_s: float) -> None:
        self.worst_s = max(self.worst_s, lag_s)
        if self._observe is not None:
            self._observe(lag_s)
