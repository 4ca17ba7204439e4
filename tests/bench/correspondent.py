"""
One contact point at work in a process of its own, through the SDK as an application uses it.

    python -m tests.bench.correspondent send HOME PASSPHRASE TO
    python -m tests.bench.correspondent read HOME PASSPHRASE
    python -m tests.bench.correspondent take HOME PASSPHRASE

Prints `ready`, then a `Seen` as JSON in a line for each message. A sender sends what each line of its standard input says,
`COUNT AT_ONCE`; its time is when it called `send`. A reader tells when the gateway had its `opened` receipt recorded, a taker
when the message was handed to it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.client import ContactPoint
from gateway.ids import format_id
from gateway.message import read_message_file
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.client.receiving.delivery import Delivery
    from gateway.client.receiving.receipts import ReceiptPost
    from gateway.client.records.receipt_rows import Due
    from gateway.ids import MessageId
    from gateway.protocol.frames import Recorded

__all__ = ["Seen"]

EXAMPLE: Final = "examples/information.report/open-source-video.json"


class Seen(msgspec.Struct, frozen=True):
    """When something happened to a message, Unix seconds."""

    message_id: str
    at: float


class Watch:
    """Knows when the gateway has recorded the receipts that a task sent."""

    def __init__(self, post: ReceiptPost) -> None:
        self._post = post
        self._send, self._recorded = post.send, post.recorded
        self._rows: dict[asyncio.Task[object] | None, int] = {}
        self._done: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        post.send, post.recorded = self.send, self.recorded  # type: ignore[method-assign]

    async def send(self, dues: Sequence[Due]) -> None:
        """Remember whose receipt it is."""
        if dues:
            self._rows[asyncio.current_task()] = dues[-1].row
        await self._send(dues)

    def recorded(self, frame: Recorded) -> None:
        """Wake who waits for it."""
        for due in self._post._waiting.get(frame.request_id, ()):
            self._done[due.row].set()
        self._recorded(frame)

    async def wait(self) -> None:
        """Wait until the last receipt of the current task is recorded."""
        row = self._rows.pop(asyncio.current_task())
        await self._done[row].wait()
        del self._done[row]


def tell(message_id: MessageId, at: float) -> None:
    """Print a line."""
    print(msgspec.json.encode(Seen(format_id(message_id), at)).decode(), flush=True)


async def send(me: ContactPoint, to: str) -> None:
    """Send what standard input says."""
    _, content, _ = read_message_file((schemas_path() / EXAMPLE).read_bytes())

    async def work(turns: Iterator[int]) -> None:
        for _ in turns:
            started = time.time()
            receipt = await me.send(content, to=[to])
            tell(receipt.message_id, started)

    while line := await asyncio.to_thread(sys.stdin.readline):
        count, at_once = map(int, line.split())
        turns = iter(range(count))
        await asyncio.gather(*(work(turns) for _ in range(at_once)))


async def read(me: ContactPoint, role: str) -> None:
    """Acknowledge what comes, each in a task of its own."""
    watch = Watch(me._parts.post)

    async def finish(delivery: Delivery) -> None:
        handed_over = time.time()
        await delivery.acknowledge()
        await watch.wait()
        tell(delivery.message_id, handed_over if role == "take" else time.time())

    async with asyncio.TaskGroup() as tasks:
        async for delivery in me.inbox(follow=True):
            tasks.create_task(finish(delivery))


async def main(words: list[str]) -> None:
    """Do what the command line says."""
    role, home, passphrase, *to = words
    async with ContactPoint.open(Path(home), passphrase=passphrase) as me:
        await me.publish_card()
        print("ready", flush=True)
        await (send(me, *to) if to else read(me, role))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
