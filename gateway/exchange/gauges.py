"""
Gauges that are counted now and then: rows by state, the age of what waits, the broker's line, the directory's age.

A look costs the ledger one grouped count, so it is taken every `PAUSE_S` and not for each scrape.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts

__all__ = ["Gauges"]

PAUSE_S: Final = 15.0


class Gauges:
    """
    Fills the gauges of one process.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self) -> None:
        """Look for ever; raise Unavailable when the ledger is away."""
        while True:
            await self.look()
            await asyncio.sleep(PAUSE_S)

    async def look(self) -> None:
        """Take one look."""
        parts, metrics = self._parts, self._parts.metrics
        metrics.broker_ready.set(parts.broker.ready)
        metrics.directory_age_seconds.set(parts.directory.age_s())
        for state, count in (await parts.ledger.totals()).items():
            metrics.waiting(state.value).set(count)
        oldest = await parts.ledger.oldest_waiting()
        metrics.oldest_waiting_seconds.set(0 if oldest is None else max(0, parts.clock() - oldest))
