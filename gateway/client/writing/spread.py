"""
Work that leaves the interpreter's lock alone, shared between this thread and others.

This thread does its own share: threads that only wait for each other's lock end up on one processor (measured: no gain at all
in two of three runs), while one that works keeps its own and sends the others elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

__all__ = ["THREADS", "spread"]

Part = TypeVar("Part")
Result = TypeVar("Result")

THREADS: Final = min(4, os.cpu_count() or 1)


def spread(work: Callable[[Part], Result], parts: Iterable[Part], threads: int = THREADS) -> list[Result]:
    """
    Return what `map` would.

    Args:
        work: Done for each part; what it raises is raised here, when all threads have ended.
        parts: Of about the same size each.
        threads: This one among them.
    """
    first, *others = _shares(list(parts), threads)

    def done(share: Sequence[Part]) -> list[Result]:
        return [work(part) for part in share]

    with ThreadPoolExecutor(max(1, len(others)), thread_name_prefix="spread") as pool:
        waiting = [pool.submit(done, share) for share in others]
        found = done(first)
        for other in waiting:
            found += other.result()
    return found


def _shares(parts: Sequence[Part], threads: int) -> list[Sequence[Part]]:
    """Cut a list into at most so many, in order; one at least."""
    size = max(1, -(-len(parts) // threads))
    return [parts[start : start + size] for start in range(0, len(parts), size)] or [[]]
