"""
One time limit for many requests or calls at once, with one timer.

`asyncio.timeout` makes a timer for each, which costs more than the metrics of a request; here all have the same limit, so they
run out in the order in which they began, and the one timer waits for the oldest.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Deadline", "Deadlines"]


class Deadlines:
    """
    Makes deadlines of one event loop.

    Args:
        limit_s: From the begin of each.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._running: dict[Deadline, None] = {}  # the oldest first
        self._timer: asyncio.TimerHandle | None = None

    def deadline(self) -> Deadline:
        """Return a context that ends its task's work with TimeoutError when the limit is over."""
        return Deadline(self)

    def begin(self, deadline: Deadline) -> None:
        """Add what runs out last."""
        loop = asyncio.get_running_loop()
        deadline.at = loop.time() + self._limit_s
        self._running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look)

    def end(self, deadline: Deadline) -> None:
        """Take away what has ended; the timer looks for itself."""
        self._running.pop(deadline, None)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._running:
            oldest = next(iter(self._running))
            if oldest.at > loop.time():
                self._timer = loop.call_at(oldest.at, self._look)
                return
            del self._running[oldest]
            oldest.run_out()


class Deadline:
    """One request's; as a context, like `asyncio.timeout`."""

    __slots__ = ("_all", "_cancelling", "_over", "_task", "at")

    def __init__(self, everybody: Deadlines) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.at = 0.0
        self._all = everybody
        self._task = task
        self._over = False
        self._cancelling = 0

    def __enter__(self) -> Self:
        self._cancelling = self._task.cancelling()
        self._all.begin(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._all.end(self)
        # A cancellation that came from elsewhere meanwhile is passed on.
        if self._over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    @property
    def cancelled(self) -> bool:
        """Whether somebody else told the task to end since the beginning, even if the work swallowed it."""
        return self._task.cancelling() > self._cancelling

    def run_out(self) -> None:
        """End the work."""
        self._over = True
        self._task.cancel()
