"""
A sender's application at a border: sends to both networks, and tells at the end how each delivery stands at home.

    python -m tests.faults.border_sender HOME PASSPHRASE_FILE LOG COUNT SECONDS RELEASED RECIPIENT...

It writes `accepted ID RECIPIENT...` for each 202, and `told ID RECIPIENT STATE` once a signed receipt that its SDK verified says
so, `unproved` instead of the state where none does.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.client import ContactPoint
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.message import read_message_file
from tests.faults.sender import AT_ONCE, SEALED, SETTLE_S, Pace, Post

if TYPE_CHECKING:
    from io import FileIO

    from gateway.message import Content

FIRST_S: Final = 60  # until the other network's directory, with the keys of its recipients, is at home
KNOCK_S: Final = 1.0
ASK_S: Final = 1.0
TELL_S: Final = 150  # a relay pauses up to a minute after what it suffered


async def reach(me: ContactPoint, content: Content, to: list[str]) -> None:
    """Send one message as soon as there is somebody to seal for; nobody counts it."""
    async with asyncio.timeout(FIRST_S):
        while True:
            try:
                await me.send(content, to=to)
            except (Rejected, Unavailable):
                await asyncio.sleep(KNOCK_S)
                with suppress(GatewayError):
                    await me.directory()
            else:
                return


async def tell(me: ContactPoint, log: Path, out: FileIO) -> None:
    """Ask how each delivery stands until all were opened, or the limit; then write it down."""
    lines = [line.split() for line in log.read_text().splitlines()]
    left = {words[1]: tuple[str, ...]() for words in lines if words[0] == "accepted"}
    with suppress(TimeoutError):
        async with asyncio.timeout(TELL_S):
            while left:
                for name in list(left):
                    with suppress(Unavailable, Uncertain):
                        left[name], ended = await _standing(me, name)
                        if ended:
                            _write(out, name, left.pop(name))
                await asyncio.sleep(ASK_S)
    for name, told in left.items():
        _write(out, name, told)


async def _standing(me: ContactPoint, name: str) -> tuple[tuple[str, ...], bool]:
    status = await me.status(name)
    told = tuple(f"{one.recipient} {one.state if one.proved else 'unproved'}" for one in status.recipients)
    return told, all(one.state == "opened" and one.proved for one in status.recipients)


def _write(out: FileIO, name: str, told: tuple[str, ...]) -> None:
    for one in told:
        out.write(f"told {name} {one}\n".encode())


async def run(opening: tuple[Path, bytes], log: Path, pace: tuple[int, float, Path], recipients: list[str]) -> None:
    """Send all, wait until nothing is kept, and tell."""
    content = read_message_file(SEALED.read_bytes())[1]
    count = len(recipients)
    queue = [(i, [recipients[i % count], recipients[(i + 1) % count]]) for i in range(pace[0])][::-1]
    async with ContactPoint.open(opening[0], passphrase=opening[1]) as me:
        await me.publish_card()
        await reach(me, content, recipients)
        with log.open("ab", buffering=0) as out:
            post, due = Post(me, out), Pace(*pace)
            out.write(b"ready\n")

            async def work() -> None:
                while queue:
                    index, to = queue.pop()
                    await due.due(index)
                    await post.send(index, content, to)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            async with asyncio.timeout(SETTLE_S):
                await post.settle()
            await tell(me, log, out)


if __name__ == "__main__":
    HOME, SECRET, LOG, COUNT, SECONDS, RELEASED, *TO = sys.argv[1:]
    PACE = int(COUNT), float(SECONDS), Path(RELEASED)
    asyncio.run(run((Path(HOME), Path(SECRET).read_bytes().strip()), Path(LOG), PACE, TO))
