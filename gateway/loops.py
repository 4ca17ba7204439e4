"""The event loop of a process that serves: uvloop where it is installed, and Python's own elsewhere."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["loop_factory"]


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's loop, for `asyncio.Runner`; None without it. Every request is cheaper with it."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415  not there on every system

    return uvloop.new_event_loop
