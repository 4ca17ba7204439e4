"""
Confirmed publishing to RabbitMQ.

Parcels of one call are on their way together, up to a window; each outcome is the broker's own answer to that parcel.
The `message_id` on the wire is made here and never used twice: aiormq finds the parcel that a return belongs to by it, and
swaps the results of two that share one. What was on its way when the line was lost is UNCERTAIN; so is the rest of the call.
A queue that does not answer is set apart: `gateway.broker.doubts`.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Final

import aiormq

from gateway.broker.base import Outcome
from gateway.broker.doubts import Doubts
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
        self._flying: dict[int, str] = {}  # queue of each attempt without an answer yet
        self._doubts = Doubts(self.line, self._send)

    async def publish(self, parcels: Sequence[Parcel], queues: Queues) -> list[Outcome]:
        """Store each parcel; see `Broker.publish`."""
        channel = self._channel
        if not self.line.up or channel is None or channel.is_closed:
            raise Unavailable("there is no line to the broker")
        ways = [queues.name(parcel.mailbox, urgent=parcel.urgent) for parcel in parcels]
        outcomes = await self._try_doubtful(parcels, ways)
        # What a queue said to one parcel goes for the rest of the call: a later one must not overtake it.
        refusing = {ways[turn]: outcome for turn, outcome in outcomes.items() if outcome is not Outcome.STORED}
        # The turns are shared: whoever has an answer takes the next one, so there is a task for each place in the window only.
        turns = iter([turn for turn in range(len(parcels)) if turn not in outcomes])

        async def work() -> None:
            for turn in turns:
                queue = ways[turn]
                outcome = refusing.get(queue) or await self._attempt(channel, parcels[turn], queue)
                outcomes[turn] = outcome
                if outcome is not Outcome.STORED:
                    refusing[queue] = outcome

        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(parcels), WINDOW) - 1):
                group.create_task(work())
            await work()
        self._forget_absent(parcels, outcomes, queues)
        return [outcomes[turn] for turn in range(len(parcels))]

    @staticmethod
    def _forget_absent(parcels: Sequence[Parcel], outcomes: dict[int, Outcome], queues: Queues) -> None:
        for turn, outcome in outcomes.items():
            if outcome is Outcome.ABSENT:
                queues.forget(parcels[turn].mailbox)

    async def _open(self, connection: aiormq.Connection) -> None:
        channel = await open_channel(connection, confirms=True)
        channel.closing.add_done_callback(lambda _: self.line.drop(connection, "the publishing channel was closed"))
        self._channel = channel

    async def _try_doubtful(self, parcels: Sequence[Parcel], ways: Sequence[str]) -> dict[int, Outcome]:
        """Try each doubtful queue with the first parcel for it; return the outcomes of these."""
        first: dict[str, int] = {}
        for turn, queue in enumerate(ways):
            if queue in self._doubts:
                first.setdefault(queue, turn)
        trials = [self._doubts.try_with(parcels[turn], queue) for queue, turn in first.items()]
        return dict(zip(first.values(), await asyncio.gather(*trials), strict=True))

    async def _attempt(self, channel: aiormq.Channel, parcel: Parcel, queue: str) -> Outcome:
        attempt = next(self._attempts)
        self._flying[attempt] = queue
        try:
            async with self.line.call("confirm"):
                return await self._send(channel, parcel, queue)
        except Unavailable as exc:
            if isinstance(exc.__cause__, TimeoutError):
                self._blame(channel)
            return Outcome.UNCERTAIN
        finally:
            del self._flying[attempt]

    def _blame(self, channel: aiormq.Channel) -> None:
        """Doubt every queue on the way when a channel hangs on a line that is good, and begin with a new line."""
        if channel is self._channel and self.line.up:
            self._channel = None
            self._doubts.add(self._flying.values())
            self.line.drop(self.line.connection(), "a queue does not answer")

    async def _send(self, channel: aiormq.Channel, parcel: Parcel, queue: str) -> Outcome:
        try:
            await channel.basic_publish(
                parcel.body,
                routing_key=queue,
                properties=properties_of(parcel, f"{parcel.id.hex()}-{next(self._attempts)}"),
                mandatory=True,
                wait=len(parcel.body) > BUFFERED_BYTES,
            )
        except aiormq.PublishError:  # returned: `mandatory`, and no queue of this name
            return Outcome.ABSENT
        except aiormq.DeliveryError:  # refused: `reject-publish`, or a queue that cannot store now
            return Outcome.FULL
        return Outcome.STORED
