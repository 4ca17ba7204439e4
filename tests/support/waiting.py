"""Waiting in tests for what another task does: generous, because a loaded machine has time and a good one does not wait."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["SOON_S", "until"]

SOON_S: Final = 10.0  # for what must come


async def until(happens: Callable[[], bool | Awaitable[bool]], limit_s: float = SOON_S) -> None:
    """Look again and again until something holds, and fail if it does not within the limit."""
    async with asyncio.timeout(limit_s):
        while True:
            found = happens()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.005)
