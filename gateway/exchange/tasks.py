"""
Background tasks: each lives as long as the exchange, whatever happens to one of its rounds.

A fault of the error tree is waited out; anything else is a bug, which is logged with its place and does not end the task
either: a gateway that silently stopped dispatching would be worse than one that says so every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from gateway.ending import end
from gateway.errors import GatewayError
from gateway.ops import Metrics
from gateway.ops.logs import logger

__all__ = ["Tasks", "every"]

AGAIN_S: Final = 1.0  # after a fault; doubled each time that the next one comes at once
LONGEST_AGAIN_S: Final = 10.0  # a revocation that waits for its task is in force within a minute


class Tasks:
    """
    The background tasks of one exchange.

    Args:
        metrics: Counts faults.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._log = logger()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, and again after a pause whenever it fails or ends; longer pauses when that happens again and again."""
        self._tasks.add(asyncio.create_task(self._keep(name, work), name=name))

    def once(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` a single time beside everything else; its faults are only counted."""
        task = asyncio.create_task(self._guard(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel everything and wait for it."""
        await end(self._tasks)
        self._tasks.clear()

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        pause_s = AGAIN_S
        while True:
            started = monotonic()
            await self._guard(name, work)
            if monotonic() - started >= LONGEST_AGAIN_S:
                pause_s = AGAIN_S
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_AGAIN_S, pause_s * 2)

    async def _guard(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except GatewayError as exc:
            self._metrics.faults(name, exc.code).inc()
            self._log.warning("task-waits", task=name, code=exc.code, detail=exc.detail)
        except Exception:  # noqa: BLE001  the outermost loop: see the rules of this file
            self._metrics.faults(name, "internal").inc()
            self._log.exception("task-failed", task=name, code="internal")


def every(pause_s: float, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return what does `work` for ever, with a pause after each time."""

    async def again() -> None:
        while True:
            await work()
            await asyncio.sleep(pause_s)

    return again
