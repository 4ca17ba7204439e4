"""
Event loops that refuse to be called from another thread, in every test.

It is the check of asyncio's debug mode that finds real faults; the rest of that mode keeps a traceback for each callback, which
costs a fifth of the suite's processor time and asserts nothing.
"""

from __future__ import annotations

from asyncio import BaseEventLoop
from functools import wraps
from typing import Any

__all__ = ["check_threads"]


def check_threads() -> None:
    """Let `call_soon` and `call_at` of all loops be for their own thread; others use `call_soon_threadsafe`."""
    for name in ("call_soon", "call_at"):
        setattr(BaseEventLoop, name, _checked(getattr(BaseEventLoop, name)))


def _checked(method: Any) -> Any:
    @wraps(method)
    def checked(loop: Any, *args: Any, **options: Any) -> Any:
        loop._check_thread()
        return method(loop, *args, **options)

    return checked
