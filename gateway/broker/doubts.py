"""
Queues that did not answer on a line that does.

A quorum queue without a leader (most of its nodes are down, or its only node was killed in the second in which it was made)
blocks the whole channel that publishes to it, for half a minute and more. Mail for others must not wait behind it: whatever
was on its way then is in doubt, and each doubtful queue gets its next parcel on a channel of its own. An answer clears it;
silence lets it rest, and its mail is FULL meanwhile: it stays in the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.broker.base import Outcome
from gateway.broker.line import open_channel
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    import aiormq

    from gateway.broker.base import Parcel
    from gateway.broker.line import Line

    Send = Callable[[aiormq.Channel, Parcel, str], Awaitable[Outcome]]

__all__ = ["Doubts"]

REST_S: Final = 30.0  # a leader is elected within seconds of the nodes' return


@dataclass(slots=True)
class _Doubt:
    not_before: float = 0.0  # of the event loop's clock
    channel: aiormq.Channel | None = None  # kept while it may hang: the broker ends it only when the queue lets go


class Doubts:
    """
    The doubtful queues of one line.

    Args:
        line: Where the trial channels are opened.
        send: Publishes a parcel on a channel to a queue.
    """

    def __init__(self, line: Line, send: Send) -> None:
        self._line = line
        self._send = send
        self._doubts: dict[str, _Doubt] = {}

    def __contains__(self, queue: str) -> bool:
        return queue in self._doubts

    def add(self, queues: Iterable[str]) -> None:
        """Doubt these queues from now on."""
        for queue in queues:
            self._doubts.setdefault(queue, _Doubt())

    async def try_with(self, parcel: Parcel, queue: str) -> Outcome:
        """Try a doubtful queue with a parcel for it; FULL without trying while it rests."""
        doubt = self._doubts.setdefault(queue, _Doubt())
        clock = asyncio.get_running_loop().time
        if clock() < doubt.not_before:
            return Outcome.FULL
        doubt.not_before = clock() + REST_S
        try:
            async with self._line.call("confirm at last") as connection:
                if doubt.channel is None or doubt.channel.is_closed:
                    doubt.channel = await open_channel(connection, confirms=True)
                outcome = await self._send(doubt.channel, parcel, queue)
        except Unavailable as exc:
            if not isinstance(exc.__cause__, TimeoutError):
                doubt.not_before = 0.0  # the line was lost: nothing is known of the queue
            return Outcome.UNCERTAIN
        self._doubts.pop(queue, None)
        with contextlib.suppress(Unavailable):
            async with self._line.call("close a channel"):
                await doubt.channel.close()
        return outcome
