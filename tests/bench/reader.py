"""
A recipient that takes everything at once and answers each delivery with its `delivered` receipt, and keeps nothing.

    python -m tests.bench.reader HOME PASSPHRASE [opened]       opened: and with its `opened` receipt, in a frame after it

The least work that a session can give to a gateway: credit far ahead, the receipts of what came together in one frame.
Runs until it is ended; prints a line when its session stands.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.client.home.home import Home
from gateway.client.line.session import Session
from gateway.client.line.transport import Transport
from gateway.envelope import Event, Receipt, make_receipt
from gateway.envelope.common import Envelope
from gateway.errors import Unavailable
from gateway.protocol import frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import EnvelopeHash

AHEAD = 1 << 30
AT_ONCE = 64


def _receipt(home: Home, envelope_hash: EnvelopeHash, event: Event) -> bytes:
    receipt = Receipt(
        event=event,
        envelope_hash=envelope_hash,
        subject=home.address,
        signer=home.address,
        at=int(time.time()),
        salt=os.urandom(16),
    )
    return make_receipt(receipt, home.keyring)


async def run(home: Home, events: Sequence[Event]) -> None:
    """Read for ever."""
    session = await Session.open(Transport(home.gateways, home.keyring, time.time))
    await session.send(frames.Credit(AHEAD, AHEAD << 10))
    print("reading", flush=True)
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def receive() -> None:
        while True:
            frame = await session.receive()
            if isinstance(frame, frames.Delivery):
                arrived.put_nowait(frame.delivery)

    async def answer() -> None:
        turns = count()
        while True:
            batch = [await arrived.get()]
            while len(batch) < AT_ONCE and not arrived.empty():
                batch.append(arrived.get_nowait())
            hashes = [Envelope(msgspec.msgpack.decode(data)[0], (1,)).envelope_hash for data in batch]
            for event in events:
                await session.send(frames.Receipts(next(turns), [_receipt(home, one, event) for one in hashes]))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(receive())
        tasks.create_task(answer())


if __name__ == "__main__":
    try:
        events = (Event.DELIVERED, *map(Event, sys.argv[3:]))
        asyncio.run(run(Home.unlock(Path(sys.argv[1]), sys.argv[2].encode()), events))
    except* Unavailable:
        sys.exit(0)  # the gateway went away first
