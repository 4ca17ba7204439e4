"""
The audit log in the background: what was committed gets its place and comes under a signature, about once a second.

When many leaves wait it is done at once, and when somebody waits for a signature: mail for another network goes with the proof
that it is in the log. A log that is halted, or cannot be reached, never holds up the exchange: it is told
by metrics, and receipts go on with the last view.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.exchange.parts import Parts

__all__ = ["Sequencing"]

AT_ONCE: Final = 256  # changes of the ledger that are not waited on; about as many leaves, and one tile
LEAST_PAUSE_S: Final = 0.01  # between two rounds that were asked for
BUSY: Final = 32  # changes in a round: many come together, and one signature serves them all
BUSY_PAUSE_S: Final = 0.06  # then; a round costs as much as three messages


class Sequencing:
    """
    Lets the audit log grow with the ledger.

    Args:
        parts: Of this process.
        pause_s: Between two looks for leaves, most of all those of other processes.
    """

    def __init__(self, parts: Parts, pause_s: float) -> None:
        self._parts = parts
        self._pause_s = pause_s
        self._waiting = 0  # changes since the last round; nearly all have a leaf
        self._since: float | None = None  # when the first of them was committed
        self._many = asyncio.Event()
        self._may_begin_at = 0.0
        self.on_signed: list[Callable[[], object]] = []
        parts.ledger.on_group(self._count)

    async def run(self) -> None:
        """Go on for ever; raise Unavailable when ledger or memory is away."""
        while True:
            busy = self._waiting >= BUSY
            await self.round()
            self._may_begin_at = self._parts.ticks() + (BUSY_PAUSE_S if busy else LEAST_PAUSE_S)
            try:
                async with asyncio.timeout(self._pause_s):
                    await self._many.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(max(0.0, self._may_begin_at - self._parts.ticks()))

    def ask(self) -> None:
        """Let the next round begin at once: somebody waits for what was committed just now."""
        self._many.set()

    async def round(self) -> None:
        """Let the log grow once, and say where it stands."""
        self._many.clear()
        counted, audit = self._waiting, self._parts.audit
        before = audit.view()
        try:
            await audit.advance()
            if audit.view() != before:
                for tell in self.on_signed:
                    tell()
            if not audit.halted:
                self._waiting -= counted
                self._since = self._parts.clock() if self._waiting else None
        finally:
            self._tell()

    def _count(self, changes: int) -> None:
        self._waiting += changes
        if self._since is None:
            self._since = self._parts.clock()
        if self._waiting > AT_ONCE and self._parts.audit.leads:  # else who leads sees to it within a second
            self._many.set()

    def _tell(self) -> None:
        metrics, view = self._parts.metrics, self._parts.audit.view()
        metrics.log_size.set(0 if view is None else view.size)
        metrics.log_halted.set(self._parts.audit.halted)
        metrics.log_lag_leaves.set(self._waiting)
        metrics.log_lag_seconds.set(0 if self._since is None else max(0.0, self._parts.clock() - self._since))
