"""
Confirmed publishing to RabbitMQ.

Parcels of one call are on their way together, up to a window; each outcome is the broker's own answer to that parcel.
The `message_id` on the wire is made here and never used twice: aiormq finds the parcel that a return belongs to by it, and
swaps the results of two that share one. What was on its way when the line was lost is UNCERTAIN; so is the rest of the call.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Final

import aiormq

from gateway.broker.base import Outcome
from gateway.broker.line import Line, open_channel
from gateway.broker.wire import properties_of
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.broker.base import Parcel
    from gateway.broker.line import LineLimits
    from gateway.broker.queues import Queues

__all__ = ["Publisher"]

# On their way together: hides the broker's 1-2 ms for a confirm, and its disk syncs many parcels at once.
WINDOW: Final = 64
# Larger bodies wait until the socket has taken them: bounds what is buffered to the window times this, and one body.
BUFFERED_BYTES: Final = 65_536


class Publisher:
    """
    Publishes on a line and a channel of its own: what consumers do never holds it up.

    Args:
        urls: Hosts, tried in turn.
        limits: Times; `call_s` is for each confirm.
    """

    def __init__(self, urls: Sequence[str], limits: LineLimits) -> None:
        self.line = Line("publish", urls, limits, self._open)
        self._channel: aiormq.Channel | None = None
        self._attempts = itertools.count()

    async def publish(self, parcels: Sequence[Parcel], queues: Queues) -> list[Outcome]:
        """Store each parcel; see `Broker.publish`."""
        channel = self._channel
        if not self.line.up or channel is None or channel.is_closed:
            raise Unavailable("there is no line to the broker")
        outcomes = [Outcome.UNCERTAIN] * len(parcels)
        # The turns are shared: whoever has an answer takes the next one, so there is a task for each place in the window only.
        turns = iter(range(len(parcels)))

        async def work() -> None:
            for turn in turns:
                if channel.is_closed:
                    return
                outcomes[turn] = await self._attempt(channel, parcels[turn], queues)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(parcels), WINDOW) - 1):
                group.create_task(work())
            await work()
        return outcomes

    async def _open(self, connection: aiormq.Connection) -> None:
        channel = await open_channel(connection, confirms=True)
        channel.closing.add_done_callback(lambda _: self.line.drop(connection, "the publishing channel was closed"))
        self._channel = channel

    async def _attempt(self, channel: aiormq.Channel, parcel: Parcel, queues: Queues) -> Outcome:
        try:
            async with self.line.call("confirm"):
                return await self._publish(channel, parcel, queues)
        except Unavailable:
            return Outcome.UNCERTAIN

    async def _publish(self, channel: aiormq.Channel, parcel: Parcel, queues: Queues) -> Outcome:
        try:
            await channel.basic_publish(
                parcel.body,
                routing_key=queues.name(parcel.mailbox, urgent=parcel.urgent),
                properties=properties_of(parcel, f"{parcel.id.hex()}-{next(self._attempts)}"),
                mandatory=True,
                wait=len(parcel.body) > BUFFERED_BYTES,
            )
        except aiormq.PublishError:  # returned: `mandatory`, and no queue of this name
            queues.forget(parcel.mailbox)
            return Outcome.ABSENT
        except aiormq.DeliveryError:  # refused: `reject-publish`, or a queue that cannot store now
            return Outcome.FULL
        return Outcome.STORED
