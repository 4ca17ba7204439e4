"""
Everybody in both networks, each in an open home: they send and read, and what happened is counted.

Names stand for participants of either network; no name is in both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.client import ContactPoint
from gateway.demo.story import Failed
from gateway.demo.tally import Tally
from gateway.demo.two.script import content_for
from gateway.errors import Rejected

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.client.sent.status import MessageStatus
    from gateway.demo.script import Line
    from gateway.demo.view import View
    from gateway.ids import EnvelopeHash
    from gateway.message import Content

__all__ = ["People", "hash_of", "tries"]

SOON_S: Final = 30.0  # for what takes a few seconds while the machine is idle
LOOK_S: Final = 0.25  # between two looks
_UNKNOWN_YET: Final = frozenset({"recipient-key", "recipient-unknown", "directory-stale", "peer-unknown"})


class People:
    """
    Open homes, and the count.

    Args:
        view: Shows what they do.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._open = AsyncExitStack()
        self.points: dict[str, ContactPoint] = {}
        self.sent: dict[str, SendReceipt] = {}  # by example
        self.said: list[Content] = []
        self.tally = Tally()

    async def close(self) -> None:
        """Close every home."""
        await self._open.aclose()

    async def arrive(self, name: str, home: Path, passphrase: bytes) -> None:
        """Open a home and publish its delivery card."""
        self.points[name] = await self._open.enter_async_context(ContactPoint.open(home, passphrase=passphrase))
        await self.points[name].publish_card()
        self._view.arrived(name)

    async def say(self, line: Line) -> SendReceipt:
        """Send what a line says, as soon as the directory of the other network has come."""
        content = content_for(line, {example: hash_of(receipt) for example, receipt in self.sent.items()})
        receipt = await self._sent(line, content)
        self.sent[line.example] = receipt
        self.said.append(content)
        self.count(receipt)
        self._view.sent(line, receipt, approved=False)
        return receipt

    def count(self, receipt: SendReceipt) -> None:
        """Count what a gateway accepted."""
        if receipt.kept:
            raise Failed("no gateway took a message")
        self.tally.accept(hash_of(receipt), receipt.recipients)

    async def read_all(self, *, but: tuple[EnvelopeHash, str] | None = None) -> None:
        """Read and acknowledge until everybody has everything; `but` this delivery, which is to be refused."""
        async for _ in tries("something was accepted and nobody got it"):
            await self._read_once()
            if self.tally.waiting <= {but}:
                return

    async def nobody_reads_twice(self) -> None:
        """Look into every inbox once more; Failed where something comes again."""
        before = self.tally.opened.total()
        await self._read_once()
        if self.tally.opened.total() != before:
            raise Failed("a message was handed over after its acknowledgement")

    async def status(self, line: Line) -> MessageStatus:
        """Return what the sender of a line knows of it."""
        return await self.points[line.sender].status(self.sent[line.example].message_id)

    async def until(self, line: Line, *states: str) -> MessageStatus:
        """Wait until each recipient of a line is in one of some states, by signed receipts."""
        async for _ in tries(f"{line.example}: not {' or '.join(states)}"):
            status = await self.status(line)
            if all(one.state in states and one.proved for one in status.recipients):
                return status
        raise AssertionError  # it ends in one of two ways

    async def _sent(self, line: Line, content: Content) -> SendReceipt:
        async for _ in tries(f"{line.example}: a recipient stays unknown"):
            try:
                return await self.points[line.sender].send(
                    content, to=line.to, sealed_by_gateway=line.sealed_by_gateway, inherit=True
                )
            except Rejected as exc:
                if exc.code not in _UNKNOWN_YET:
                    raise
        raise AssertionError  # it ends in one of two ways

    async def _read_once(self) -> None:
        for name, point in self.points.items():
            async for delivery in point.inbox():
                await delivery.acknowledge()
                self.tally.open(delivery.envelope_hash, point.address)
                self._view.read(name, delivery)

    def decoded(self) -> Iterator[object]:
        """Yield what was said so far, decoded."""
        return (msgspec.json.decode(content.raw)["body"] for content in self.said)


def hash_of(receipt: SendReceipt) -> EnvelopeHash:
    """Return what a receipt names."""
    if receipt.envelope_hash is None:
        raise Failed("a receipt that names no envelope")
    return receipt.envelope_hash


async def tries(otherwise: str) -> AsyncIterator[None]:
    """Yield until the caller stops looking; Failed, with these words, after `SOON_S`."""
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        yield
        await asyncio.sleep(LOOK_S)
    raise Failed(f"{otherwise} after {SOON_S:.0f} s")
