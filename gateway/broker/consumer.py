"""
Reading a mailbox from RabbitMQ: both queues on one channel, urgent ones handed over first.

Every consumer has a channel of its own: closing it gives back all that it held, in order, whatever state it was in, and a
refused call (a queue that is gone) ends this consumer alone. The broker admits 2047 channels on a connection; so sessions are
spread over lines of `CHANNELS_EACH`, opened when the others are full. Prefetch is for each queue: quorum queues refuse one
for the whole channel.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from gateway.broker.base import Arrived
from gateway.broker.line import Line, line_errors, open_channel
from gateway.broker.queues import URGENT_THEN_NORMAL
from gateway.broker.wire import ref_of
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiormq import Channel
    from aiormq.abc import DeliveredMessage

    from gateway.broker.line import LineLimits
    from gateway.broker.queues import Queues

__all__ = ["ConsumerLines", "RabbitConsumer"]

CHANNELS_EACH: Final = 1000  # far below `channel_max`: channels that close still count until the broker has said so


class ConsumerLines:
    """
    The lines that consumers share.

    Args:
        urls: Hosts, tried in turn.
        limits: Times.
    """

    def __init__(self, urls: Sequence[str], limits: LineLimits) -> None:
        self._urls = urls
        self._limits = limits
        self._lines = [Line("consume", urls, limits)]
        self._growing = asyncio.Lock()

    @property
    def up(self) -> bool:
        """Whether the first line is up."""
        return self._lines[0].up

    async def start(self) -> None:
        """Open the first line."""
        await self._lines[0].start()

    async def close(self) -> None:
        """Close all lines."""
        await asyncio.gather(*(line.close() for line in self._lines))

    async def pick(self) -> Line:
        """Return a line with room for another channel; a new one if all are full. It may be down."""
        async with self._growing:
            for line in self._lines:
                if line.channels < CHANNELS_EACH:
                    return line
            line = Line(f"consume {len(self._lines) + 1}", self._urls, self._limits)
            self._lines.append(line)
            await line.start()
            return line


class RabbitConsumer:
    """`Consumer` over RabbitMQ; see there."""

    def __init__(self, lines: ConsumerLines, queues: Queues, mailbox: str, prefetch: int) -> None:
        self._lines = lines
        self._queues = queues
        self._mailbox = mailbox
        self._prefetch = prefetch
        self._line: Line | None = None
        self._channel: Channel | None = None
        self._here: dict[bool, deque[Arrived]] = {urgent: deque() for urgent in URGENT_THEN_NORMAL}
        self._held: dict[int, None] = {}  # tags of the channel that are not acknowledged, in the order of the broker
        self._wake = asyncio.Event()
        self._lost = False

    async def __aenter__(self) -> Self:
        await self._queues.declare(self._mailbox)
        self._line = await self._lines.pick()
        try:
            async with self._line.call("open a consumer") as connection:
                self._channel = await open_channel(connection)
                self._channel.closing.add_done_callback(self._on_closed)
                self._channel.on_consumer_cancel_callbacks.add(self._on_cancelled)
                await self._channel.basic_qos(prefetch_count=self._prefetch)
                for urgent in URGENT_THEN_NORMAL:
                    await self._subscribe(self._channel, urgent=urgent)
        except BaseException:
            self._queues.forget(self._mailbox)  # it may be that somebody deleted a queue: look the next time
            await self._leave()
            raise
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._leave()

    async def get(self, timeout_s: float) -> Arrived | None:
        """Return the next parcel, or None when none came in time."""
        arrived = self._next()
        if arrived is not None:
            return arrived
        try:
            async with asyncio.timeout(timeout_s):
                while arrived is None:
                    self._wake.clear()
                    await self._wake.wait()
                    arrived = self._next()
        except TimeoutError:
            return None
        return arrived

    async def ack(self, tags: Sequence[int]) -> None:
        """Take parcels out of the mailbox for good."""
        channel, line = self._open()
        wanted = {tag for tag in tags if tag in self._held}
        if not wanted:
            return
        upto = self._oldest_run(wanted)
        with line_errors("acknowledge"):  # no `Line.call`: the broker answers to none of this
            async with asyncio.timeout(line.limits.call_s):
                if upto:
                    await channel.basic_ack(upto, multiple=True, wait=False)
                for tag in sorted(tag for tag in wanted if tag > upto):
                    await channel.basic_ack(tag, wait=False)
        for tag in wanted:
            del self._held[tag]

    def _oldest_run(self, wanted: set[int]) -> int:
        """Return the tag up to which everything held is to be acknowledged, so that one frame does for all; 0 for none."""
        upto = 0
        for tag in self._held:
            if tag not in wanted:
                break
            upto = tag
        return upto

    def _open(self) -> tuple[Channel, Line]:
        if self._lost or self._channel is None or self._line is None:
            raise Unavailable("the consumer is not open, or its line was lost")
        return self._channel, self._line

    def _next(self) -> Arrived | None:
        self._open()
        for urgent in URGENT_THEN_NORMAL:
            if self._here[urgent]:
                return self._here[urgent].popleft()
        return None

    async def _subscribe(self, channel: Channel, *, urgent: bool) -> None:
        async def on_message(message: DeliveredMessage) -> None:
            await self._arrive(channel, message, self._here[urgent])

        await channel.basic_consume(self._queues.name(self._mailbox, urgent=urgent), on_message)

    async def _arrive(self, channel: Channel, message: DeliveredMessage, here: deque[Arrived]) -> None:
        tag = message.delivery_tag or 0
        ref = ref_of(message.header.properties)
        if ref is None:
            # Not of ours, and in the way for ever if it went back.
            await channel.basic_reject(tag, requeue=False, wait=False)
            return
        self._held[tag] = None
        here.append(Arrived(ref, message.body, tag, bool(message.redelivered)))
        self._wake.set()

    def _on_closed(self, _: object) -> None:
        self._lost = True
        self._wake.set()

    def _on_cancelled(self, _: object) -> None:
        # The queue was deleted, or its leader is gone: the broker sends nothing more, and the channel stays open.
        self._queues.forget(self._mailbox)
        self._on_closed(_)

    async def _leave(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None and self._line is not None and not channel.is_closed:
            with contextlib.suppress(Unavailable):  # then the line is lost, and everything goes back by that
                async with self._line.call("close a consumer"):
                    await channel.close()
