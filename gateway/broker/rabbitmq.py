"""
The broker over RabbitMQ 3.10 or later, for several gateways.

Publishing and consuming have separate connections: the broker stops reading from publishers when its memory runs low, and
consumers must go on then. STORED means confirmed by a quorum queue: on the disks of most of its nodes.
Each line comes back by itself (`gateway.broker.line`); a consumer does not: it says `Unavailable` and is opened anew.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.broker.consumer import ConsumerLines, RabbitConsumer
from gateway.broker.drain import look_through
from gateway.broker.line import LineLimits
from gateway.broker.publisher import Publisher
from gateway.broker.queues import Queues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.broker.base import Keep, Outcome, Parcel

__all__ = ["RabbitBroker"]

DEFAULT_LIMITS: Final = LineLimits()


class RabbitBroker:
    """
    `Broker` over RabbitMQ.

    Args:
        urls: One for each host of the cluster, `amqp://user:password@host:port/vhost` or `amqps://` with `cafile`, `certfile`
            and `keyfile` in the query.
        limit_bytes: Bodies that wait in one queue, above which it is FULL. Counts when a queue is first declared.
        prefix: Before every queue name.
        limits: Times of the lines.
    """

    def __init__(self, urls: Sequence[str], limit_bytes: int, prefix: str = "", limits: LineLimits = DEFAULT_LIMITS) -> None:
        self._publisher = Publisher(urls, limits)
        self._consumers = ConsumerLines(urls, limits)
        self._queues = Queues(self._publisher.line, prefix, limit_bytes)

    @property
    def ready(self) -> bool:
        """Whether both lines are up."""
        return self._publisher.line.up and self._consumers.up

    async def start(self) -> None:
        """Open both lines, or go on trying in the background."""
        await asyncio.gather(self._publisher.line.start(), self._consumers.start())

    async def close(self) -> None:
        """Close all lines."""
        await asyncio.gather(self._publisher.line.close(), self._consumers.close())

    async def declare(self, mailbox: str) -> None:
        """Make sure that both queues of the mailbox exist."""
        await self._queues.declare(mailbox)

    async def publish(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Store each parcel; UNCERTAIN when the line is lost on the way."""
        return await self._publisher.publish(parcels, self._queues)

    def consume(self, mailbox: str, prefetch: int) -> RabbitConsumer:
        """Return a consumer that is not open yet."""
        return RabbitConsumer(self._consumers, self._queues, mailbox, prefetch)

    async def drain(self, mailbox: str, keep: Keep, limit: int) -> int:
        """Throw out what nobody wants any more."""
        expected = min(limit, await self._queues.count(mailbox))
        if not expected:
            return 0
        async with self.consume(mailbox, expected) as consumer:
            return await look_through(consumer, keep, expected)
