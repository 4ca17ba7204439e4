"""
One contact point at work in a process of its own, through the SDK as an application uses it.

    python -m tests.bench.correspondent send HOME PASSPHRASE COUNT AT_ONCE PAUSE_S TO
    python -m tests.bench.correspondent read HOME PASSPHRASE COUNT

Prints `ready`, then waits for a line on standard input, works, and prints a list of `Seen` as JSON. A sender's time is when it
called `send`; a reader's is when the gateway had said that the `opened` receipt is recorded.
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
    from collections.abc import Sequence

    from gateway.client.arrivals import Due
    from gateway.client.delivery import Delivery
    from gateway.client.receipts import ReceiptPost
    from gateway.protocol.frames import Recorded

__all__ = ["Seen"]

EXAMPLE: Final = "examples/information.report/open-source-video.json"
LIMIT_S: Final = 120.0


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
        for row in self._post._waiting.get(frame.request_id, ()):
            self._done[row].set()
        self._recorded(frame)

    async def wait(self) -> None:
        """Wait until the last receipt of the current task is recorded."""
        row = self._rows.pop(asyncio.current_task())
        await self._done[row].wait()
        del self._done[row]


async def send(me: ContactPoint, count: int, at_once: int, pause_s: float, to: str) -> list[Seen]:
    """Send so many messages."""
    _, content, _ = read_message_file((schemas_path() / EXAMPLE).read_bytes())
    seen: list[Seen] = []
    turns = iter(range(count))

    async def work() -> None:
        for _ in turns:
            started = time.time()
            receipt = await me.send(content, to=[to])
            seen.append(Seen(format_id(receipt.message_id), started))
            await asyncio.sleep(pause_s)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return seen


async def read(me: ContactPoint, count: int) -> list[Seen]:
    """Acknowledge so many messages, each in a task of its own."""
    watch = Watch(me._parts.post)
    seen: list[Seen] = []

    async def finish(delivery: Delivery) -> None:
        await delivery.acknowledge()
        await watch.wait()
        seen.append(Seen(format_id(delivery.message_id), time.time()))

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        left = count
        async for delivery in me.inbox(follow=True):
            tasks.create_task(finish(delivery))
            left -= 1
            if not left:
                break
    return seen


async def main(words: list[str]) -> None:
    """Do what the command line says."""
    role, home, passphrase, *rest = words
    async with ContactPoint.open(Path(home), passphrase=passphrase) as me:
        await me.publish_card()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        if role == "read":
            seen = await read(me, int(rest[0]))
        else:
            seen = await send(me, int(rest[0]), int(rest[1]), float(rest[2]), rest[3])
    print(msgspec.json.encode(seen).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
