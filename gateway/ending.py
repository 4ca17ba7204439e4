"""
Ending background tasks for certain.

One `cancel` is a request that can get lost: `asyncio.wait_for` of Python 3.11 returns its result when both come at once, and a
library's own error may take the place of the cancellation. A task in a loop would then go on, and whoever waits for it too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["end"]

AGAIN_S: Final = 5.0  # longer than what a task may need to say goodbye


async def end(tasks: Iterable[asyncio.Task[Any]], again_s: float = AGAIN_S) -> None:
    """
    Cancel tasks until all of them have ended; what they raise is nobody's news any more.

    Args:
        tasks: Whatever their state.
        again_s: After so long those that still run are asked again.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        ended, running = await asyncio.wait(running, timeout=again_s)
        for task in ended:
            if not task.cancelled():
                task.exception()
