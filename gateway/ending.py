"""
Ending for certain: background tasks, and a process that is to stop.

One `cancel` is a request that can get lost: `asyncio.wait_for` of Python 3.11 returns its result when both come at once, and a
library's own error may take the place of the cancellation. A task in a loop would then go on, and whoever waits for it too.
A thread that hangs in a system call can be neither cancelled nor waited for, and would hold its process.
"""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["end", "end_process_in"]

AGAIN_S: Final = 5.0  # longer than what a task may need to say goodbye
CUT_OFF: Final = 1  # exit code of a process that could not end by itself


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


def end_process_in(limit_s: float, last: Callable[[], object] = lambda: None) -> None:
    """
    End this process after a time, if it has not ended by itself by then; whatever its threads do.

    Args:
        limit_s: From now.
        last: Called before, in a thread of its own; may log.
    """

    def cut_off() -> None:
        try:
            last()
        finally:
            os._exit(CUT_OFF)

    timer = threading.Timer(limit_s, cut_off)
    timer.daemon = True  # who ends earlier does not wait for it
    timer.start()
