"""
A sender's application: sends so many messages and writes down each for which it holds a receipt.

    python -m tests.faults.sender HOME PASSPHRASE_FILE LOG COUNT SECONDS RECIPIENT...

Each message goes to two of the recipients, in turn, spread over so many seconds. What the SDK keeps while no gateway can be
reached is asked for at the end.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import count
from pathlib import Path

from gateway.client import ContactPoint
from gateway.client.outbox import SendReceipt
from gateway.errors import Unavailable, Uncertain
from gateway.ids import format_id
from gateway.message import read_message_file
from gateway.resources import schemas_path

AT_ONCE = 8  # sends under way at once: a contact point's back office, not a load generator
SETTLE_S = 90
EXAMPLES = schemas_path() / "examples"
SEALED = EXAMPLES / "information.report" / "open-source-video.json"
THIN = EXAMPLES / "request.response" / "questions.json"
THIN_EVERY = 10  # messages: one is handed over in clear, for the gateway to seal


async def run(opening: tuple[Path, bytes], log: Path, messages: int, pace_s: float, recipients: list[str]) -> None:
    """Send all, then wait until nothing is kept."""
    home, passphrase = opening
    sealed, thin = (read_message_file(path.read_bytes())[1] for path in (SEALED, THIN))
    pairs = [[recipients[i % len(recipients)], recipients[(i + 1) % len(recipients)]] for i in range(messages)]
    queue = list(enumerate(pairs))[::-1]
    kept: dict[bytes, list[str]] = {}
    started = time.monotonic()
    async with ContactPoint.open(home, passphrase=passphrase) as me:
        await me.publish_card()
        with log.open("ab", buffering=0) as out:
            out.write(b"ready\n")

            def note(message_id: bytes, to: list[str]) -> None:
                out.write(f"accepted {format_id(message_id)} {' '.join(to)}\n".encode())

            async def work() -> None:
                while queue:
                    index, to = queue.pop()
                    await asyncio.sleep(started + index * pace_s / messages - time.monotonic())
                    in_clear = index % THIN_EVERY == 0
                    receipt: SendReceipt = await me.send(thin if in_clear else sealed, to=to, sealed_by_gateway=in_clear)
                    if receipt.kept:
                        kept[receipt.message_id] = to
                        await asyncio.sleep(0.2)
                    else:
                        note(receipt.message_id, to)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            async with asyncio.timeout(SETTLE_S):
                await settle(me, kept, note)


async def settle(me: ContactPoint, kept: dict[bytes, list[str]], note: object) -> None:
    """Ask until every kept message was accepted; asking sends what is kept."""
    assert callable(note)
    for _ in count():
        for message_id in list(kept):
            try:
                status = await me.status(format_id(message_id))
            except (Unavailable, Uncertain):
                break
            if status.state == "accepted":
                note(message_id, kept.pop(message_id))
        if not kept:
            return
        await asyncio.sleep(0.3)


if __name__ == "__main__":
    HOME, SECRET, LOG, COUNT, PACE, *TO = sys.argv[1:]
    asyncio.run(run((Path(HOME), Path(SECRET).read_bytes().strip()), Path(LOG), int(COUNT), float(PACE), TO))
