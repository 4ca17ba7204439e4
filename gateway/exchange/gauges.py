"""
Gauges that are counted now and then: rows by state, age of what waits, what is owed, orders, broker's line, directory's age.

A look costs the ledger a few counts over indexes, so it is taken every `PAUSE_S` and not for each scrape. But for what is of
a process (its broker's line, its drain) all of it is in the ledger, so every process says the same, also after a restart.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError
from gateway.ledger import State

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts
    from gateway.ids import Kind, Network

__all__ = ["Gauges"]

PAUSE_S: Final = 15.0
_UNDELIVERED: Final = (State.ACCEPTED, State.QUEUED, State.HELD)


class Gauges:
    """
    Fills the gauges of one process.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._owing: set[tuple[Kind, str]] = set()  # labels that were not 0 at the last look
        self._bound_for: set[Network] = set()  # the same

    async def run(self) -> None:
        """Look for ever; raise Unavailable when the ledger is away."""
        while True:
            try:
                await self.look()
            except GatewayError:
                self._parts.metrics.ledger_ready.set(0)
                raise
            await asyncio.sleep(PAUSE_S)

    async def look(self) -> None:
        """Take one look."""
        parts, metrics = self._parts, self._parts.metrics
        metrics.broker_ready.set(parts.broker.ready)
        metrics.draining.set(parts.orders.draining)
        metrics.directory_age_seconds.set(parts.directory.age_s())
        parts.directory.peers.measure()
        totals = await parts.ledger.totals()
        metrics.ledger_ready.set(1)
        metrics.suspended.set(len(await parts.ledger.standing.suspended()))
        for state, count in totals.items():
            metrics.waiting(state.value).set(count)
        metrics.receipts_outstanding("delivered").set(sum(totals.get(state, 0) for state in _UNDELIVERED))
        metrics.receipts_outstanding("opened").set(totals.get(State.DELIVERED, 0))
        oldest = await parts.ledger.oldest_waiting()
        metrics.oldest_waiting_seconds.set(self._age_s(oldest))
        await self._owed()
        await self._outbound()

    async def _owed(self) -> None:
        owed, metrics = self._parts.ledger.owed, self._parts.metrics
        answers = await owed.answers()
        for kind, pace in self._owing - set(answers):
            metrics.deadlines(kind, pace).set(0)
        for (kind, pace), count in answers.items():
            metrics.deadlines(kind, pace).set(count)
        self._owing = set(answers)
        for kind, waiting in (await owed.outstanding()).items():
            metrics.outstanding(kind).set(waiting.count)
            metrics.outstanding_oldest_seconds(kind).set(self._age_s(waiting.since))

    async def _outbound(self) -> None:
        """Tell of each network what waits for it; of one that is no peer any more, as long as something does."""
        counts, metrics = await self._parts.ledger.relay.counts(), self._parts.metrics
        networks = set(counts) | set(self._parts.directory.current().borders)
        for network in self._bound_for | networks:
            count, oldest = counts.get(network, (0, None))
            metrics.relay_outbound(network).set(count)
            metrics.relay_oldest_seconds(network).set(self._age_s(oldest))
        self._bound_for = networks

    def _age_s(self, since: int | None) -> float:
        return 0 if since is None else max(0, self._parts.clock() - since)
