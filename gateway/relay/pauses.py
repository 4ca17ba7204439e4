"""
Time in the relay: the clock it is given, pauses after failures, and the rate that its operator allows.

Nothing here reads a clock of its own, so a test can play 48 hours at once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

__all__ = ["LONGEST_S", "Backoff", "Pace", "Time"]

FIRST_S: Final = 0.5
LONGEST_S: Final = 60.0  # after an outage of days everything moves again within a minute
_MOST_DOUBLINGS: Final = 20


class Time(NamedTuple):
    """Unix seconds, and how to let some pass."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


class Backoff:
    """
    Pauses after failures: doubled with each, at most `LONGEST_S`, and spread, so that processes do not ask in step.

    Args:
        spread: A number from 0 to 1, another each time.
    """

    def __init__(self, spread: Callable[[], float] = random.random) -> None:
        self._spread = spread
        self._failures = 0

    def well(self) -> None:
        """Note that something moved."""
        self._failures = 0

    def failed(self) -> float:
        """Note that nothing did, and return for how many seconds to wait."""
        full_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        return full_s * (0.5 + 0.5 * self._spread())


class Pace:
    """
    Lets so many messages pass in a second, a page at once.

    Args:
        per_s: None for as many as come.
        time: Its clock.
    """

    def __init__(self, per_s: float | None, time: Time) -> None:
        self._per_s = per_s
        self._time = time
        self._free_at = 0.0

    async def take(self, count: int) -> None:
        """Wait until what passed before is paid for, and count these."""
        if self._per_s is None:
            return
        now = self._time.clock()
        wait_s = self._free_at - now
        self._free_at = max(self._free_at, now) + count / self._per_s
        if wait_s > 0:
            await self._time.sleep(wait_s)
