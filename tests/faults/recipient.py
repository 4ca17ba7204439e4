"""
A recipient's application: writes what it was handed, acknowledges, writes that.

    python -m tests.faults.recipient HOME PASSPHRASE_FILE LOG

It runs until it is killed; the next run goes on with the same home and the same file.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.client import ContactPoint
from gateway.ids import format_id


async def run(home: Path, passphrase: bytes, log: Path, *, first: bool) -> None:
    """Read for ever; each line is one write, so that a kill cuts at most the last one."""
    async with ContactPoint.open(home, passphrase=passphrase) as me:
        if first:  # a later run may find no gateway
            await me.publish_card()
        with log.open("ab", buffering=0) as out:
            out.write(b"ready\n")
            async for delivery in me.inbox(follow=True):
                name = format_id(delivery.message_id)
                out.write(f"got {name}\n".encode())
                await delivery.acknowledge()
                out.write(f"ack {name}\n".encode())


if __name__ == "__main__":
    facts = Path(sys.argv[3])
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes().strip(), facts, first=not facts.exists()))
