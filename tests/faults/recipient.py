"""
A recipient's application: writes what it was handed, acknowledges, writes that.

    python -m tests.faults.recipient HOME PASSPHRASE_FILE LOG [timed]

`timed`: it also writes when, see `tests.faults.cluster_pace`. It runs until it is killed; the next run goes on with the same
home and the same file.
"""

from __future__ import annotations

import asyncio
import sys
import time
from io import FileIO
from pathlib import Path

from gateway.client import ContactPoint
from gateway.ids import format_id


async def run(home: Path, passphrase: bytes, log: Path, *, first: bool, timed: bool) -> None:
    """Read for ever; each line is one write, so that a kill cuts at most the last one."""
    async with ContactPoint.open(home, passphrase=passphrase) as me:
        if first:  # a later run may find no gateway
            await me.publish_card()
        with log.open("ab", buffering=0) as out:
            await _say_what_was_cut_off(me, log, out)
            out.write(b"ready\n")
            async for delivery in me.inbox(follow=True):
                name = format_id(delivery.message_id)
                out.write(f"got {name}\n".encode())
                await delivery.acknowledge()
                out.write(f"ack {name}\n".encode())
                if timed:
                    out.write(f"at {name} {time.monotonic():.4f}\n".encode())


async def _say_what_was_cut_off(me: ContactPoint, log: Path, out: FileIO) -> None:
    """A kill between an acknowledgement and its line: the home knows whether it was kept; if not, the message comes again."""
    text = await asyncio.to_thread(log.read_text)
    if text and not text.endswith("\n"):
        out.write(b"\n")
    got = [line.removeprefix("got ") for line in text.splitlines() if line.startswith("got ")]
    if not got or f"ack {got[-1]}\n" in text:
        return
    kept = {format_id(one.turn.message_id) for case in await me.cases.all() for one in case.conversation.history}
    if got[-1] in kept:
        out.write(f"ack {got[-1]}\n".encode())


if __name__ == "__main__":
    HOME, SECRET, LOG, *TIMED = sys.argv[1:]
    facts = Path(LOG)
    asyncio.run(run(Path(HOME), Path(SECRET).read_bytes().strip(), facts, first=not facts.exists(), timed=bool(TIMED)))
