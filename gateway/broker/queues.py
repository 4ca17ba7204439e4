"""
Mailboxes as RabbitMQ queues: names, arguments, declaring.

A mailbox is two quorum queues, `urgent.<address>` and `inbox.<address>`: quorum queues of RabbitMQ 3.10 know no priorities.
They are bounded and refuse what does not fit (`reject-publish`): dropping the oldest would lose silently.
A declaration costs 5-8 ms, so it happens when a publish was returned or a consumer opens, and is remembered for a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiormq import ChannelNotFoundEntity, ChannelPreconditionFailed

from gateway.broker.line import open_channel
from gateway.errors import Unavailable

if TYPE_CHECKING:
    import aiormq
    from pamqp.common import Arguments

    from gateway.broker.line import Line

__all__ = ["URGENT_THEN_NORMAL", "Queues"]

URGENT_THEN_NORMAL: Final = (True, False)

# Out of the way: each reconnect of a consumer counts as an attempt for all that it held, and what passes the limit is dropped.
# 4.x has a limit of 20 unless told otherwise. -1 lifts it there; 3.10 takes -1 for a limit and drops at the first return.
DELIVERY_LIMIT: Final = 2_000_000_000


class Queues:
    """
    The queues of all mailboxes.

    Args:
        line: Where declarations go; each on a channel of its own, because a refused one closes its channel.
        prefix: Before every queue name, e.g. to share a broker between networks.
        limit_bytes: Bodies that wait in one queue.
    """

    def __init__(self, line: Line, prefix: str, limit_bytes: int) -> None:
        self._line = line
        self._prefix = prefix
        self._limit_bytes = limit_bytes
        self._known: set[str] = set()
        self._known_on: aiormq.Connection | None = None

    def name(self, mailbox: str, *, urgent: bool) -> str:
        """Return the queue's name."""
        return f"{self._prefix}{'urgent' if urgent else 'inbox'}.{mailbox}"

    def forget(self, mailbox: str) -> None:
        """Remember no longer that the mailbox exists: somebody found that it does not."""
        self._known.discard(mailbox)

    async def declare(self, mailbox: str) -> None:
        """Make sure that both queues exist; raise Unavailable if that is not certain."""
        connection = self._line.connection()
        if connection is not self._known_on:
            self._known, self._known_on = set(), connection
        if mailbox in self._known:
            return
        for urgent in URGENT_THEN_NORMAL:
            await self._declare(self.name(mailbox, urgent=urgent))
        self._known.add(mailbox)

    async def count(self, mailbox: str) -> int:
        """Return how many parcels wait in both queues, without those that consumers hold; 0 when they do not exist."""
        try:
            async with self._line.call("count") as connection:
                channel = await open_channel(connection)
                names = [self.name(mailbox, urgent=urgent) for urgent in URGENT_THEN_NORMAL]
                found = [await channel.queue_declare(name, passive=True) for name in names]
                await channel.close()
        except Unavailable as exc:
            if isinstance(exc.__cause__, ChannelNotFoundEntity):
                return 0
            raise
        return sum(answer.message_count or 0 for answer in found)

    async def _declare(self, queue: str) -> None:
        try:
            async with self._line.call("declare") as connection:
                channel = await open_channel(connection)
                await channel.queue_declare(queue, durable=True, arguments=self._arguments())
                await channel.close()
        except Unavailable as exc:
            # It exists with other arguments: declared under an older configuration. A new bound counts for new queues only.
            if not isinstance(exc.__cause__, ChannelPreconditionFailed):
                raise

    def _arguments(self) -> Arguments:
        return {
            "x-queue-type": "quorum",
            "x-max-length-bytes": self._limit_bytes,
            "x-overflow": "reject-publish",
            "x-delivery-limit": DELIVERY_LIMIT,
        }
