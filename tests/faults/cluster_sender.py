"""
A sender's application that sends at a steady rate until it is told to end, and writes down what was accepted, and when.

    python -m tests.faults.cluster_sender HOME PASSPHRASE_FILE LOG RATE ENDED RECIPIENT...

Each message goes to two of the recipients, in turn; RATE is in messages for a second; a file ENDED ends it, when what the SDK
keeps is accepted too. Any exception of the SDK ends it at once: that fails the campaign.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.client import ContactPoint
from gateway.message import read_message_file
from tests.faults.sender import AT_ONCE, SEALED, SETTLE_S, THIN, THIN_EVERY, Post

if TYPE_CHECKING:
    from collections.abc import Sequence


HURRY_S: Final = 1.0


async def run(opening: tuple[Path, bytes], log: Path, rate: float, ended: Path, recipients: Sequence[str]) -> None:
    """Send until the end, then wait until nothing is kept."""
    sealed, thin = (read_message_file(path.read_bytes())[1] for path in (SEALED, THIN))
    count = len(recipients)
    async with ContactPoint.open(opening[0], passphrase=opening[1]) as me:
        await me.publish_card()
        with log.open("ab", buffering=0) as out:
            post = Post(me, out, timed=True)
            out.write(b"ready\n")

            async def work(place: int) -> None:
                due, turn, each_s = time.monotonic() + place / rate, place, AT_ONCE / rate
                while not ended.exists():  # noqa: ASYNC240  one system call
                    await asyncio.sleep(due - time.monotonic())
                    # After an outage it does not hurry for long, and goes on in its own turn: together they would be bursts.
                    due += each_s * max(1, math.ceil((time.monotonic() - HURRY_S - due) / each_s))
                    in_clear = turn % THIN_EVERY == 0
                    to = [recipients[turn % count], recipients[(turn + 1) % count]]
                    await post.send(turn, thin if in_clear else sealed, to, thin=in_clear)
                    turn += AT_ONCE

            await asyncio.gather(*(work(place) for place in range(AT_ONCE)))
            async with asyncio.timeout(SETTLE_S):
                await post.settle()


if __name__ == "__main__":
    HOME, SECRET, LOG, RATE, ENDED, *TO = sys.argv[1:]
    asyncio.run(run((Path(HOME), Path(SECRET).read_bytes().strip()), Path(LOG), float(RATE), Path(ENDED), TO))
