"""A gong wakes everybody who waits for it; who began to look before it was struck does not sleep through it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

__all__ = ["Gong"]


class Gong:
    """Take `turn` first, then look, then `wait`."""

    def __init__(self) -> None:
        self._turn = asyncio.Event()

    def strike(self) -> None:
        """Wake all."""
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def turn(self) -> asyncio.Event:
        """Return what is set when it is struck the next time."""
        return self._turn

    @staticmethod
    async def wait(turn: asyncio.Event, timeout_s: float) -> None:
        """Wait for it, no longer than some seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, timeout_s)):
                await turn.wait()
