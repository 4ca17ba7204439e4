"""
A sender's application: sends so many messages and writes down each for which it holds a receipt.

    python -m tests.faults.sender HOME PASSPHRASE_FILE LOG COUNT SECONDS RELEASED RECIPIENT...

Each message goes to two of the recipients, in turn, spread over so many seconds, and no faster than the file RELEASED allows:
it holds the share that may have been sent. What the SDK keeps while no gateway can be reached is asked for at the end.
"""

from __future__ import annotations

import asyncio
import sys
import time
from io import FileIO
from pathlib import Path

from gateway.client import ContactPoint
from gateway.client.sending.send_receipt import SendReceipt
from gateway.errors import Unavailable, Uncertain
from gateway.ids import format_id
from gateway.message import Content, read_message_file
from gateway.resources import schemas_path

AT_ONCE = 8  # sends under way at once: a contact point's back office, not a load generator
SETTLE_S = 90
LOOK_S = 0.1
ASK_S = 0.3
EXAMPLES = schemas_path() / "examples"
SEALED = EXAMPLES / "information.report" / "open-source-video.json"
THIN = EXAMPLES / "request.response" / "questions.json"
THIN_EVERY = 10  # messages: one is handed over in clear, for the gateway to seal


class Pace:
    """
    Says when each message is due.

    Args:
        messages: How many there are.
        seconds: Over which they are spread.
        released: The file that holds back.
    """

    def __init__(self, messages: int, seconds: float, released: Path) -> None:
        self._each_s = seconds / messages
        self._messages = messages
        self._file = released
        self._started = time.monotonic()

    async def due(self, index: int) -> None:
        """Wait until the message with this index may be sent."""
        await asyncio.sleep(self._started + index * self._each_s - time.monotonic())
        while index >= float(self._file.read_text()) * self._messages:  # noqa: ASYNC110  # another process says so
            await asyncio.sleep(LOOK_S)


class Post:
    """
    Sends, and writes down what was accepted.

    Args:
        me: Open.
        out: Each line is one write.
        timed: Whether it also writes down when each was sent and was known to be accepted; see `tests.faults.cluster_pace`.
    """

    def __init__(self, me: ContactPoint, out: FileIO, *, timed: bool = False) -> None:
        self._me = me
        self._out = out
        self._timed = timed
        self._kept: dict[bytes, list[str]] = {}

    async def send(self, index: int, content: Content, to: list[str], *, thin: bool = False) -> None:
        """Send; of what is kept every other one is waited for, so that not everything is sent to a gateway that is away."""
        began_s = time.monotonic()
        receipt: SendReceipt = await self._me.send(content, to=to, sealed_by_gateway=thin)
        self._time("sent", receipt.message_id, began_s)
        if not receipt.kept:
            self._note(receipt.message_id, to)
            return
        self._kept[receipt.message_id] = to
        await asyncio.sleep(ASK_S)
        while index % 2 and not await self._accepted(receipt.message_id):  # noqa: ASYNC110  # by asking
            await asyncio.sleep(ASK_S)

    async def settle(self) -> None:
        """Ask until every kept message was accepted."""
        while self._kept:
            for message_id in list(self._kept):
                if not await self._accepted(message_id):
                    break
            await asyncio.sleep(ASK_S)

    async def _accepted(self, message_id: bytes) -> bool:
        """Ask whether it was; asking sends what is kept."""
        try:
            status = await self._me.status(format_id(message_id))
        except (Unavailable, Uncertain):
            return False
        if status.state == "accepted" and message_id in self._kept:
            self._note(message_id, self._kept.pop(message_id))
        return message_id not in self._kept

    def _note(self, message_id: bytes, to: list[str]) -> None:
        self._out.write(f"accepted {format_id(message_id)} {' '.join(to)}\n".encode())
        self._time("at", message_id, time.monotonic())

    def _time(self, fact: str, message_id: bytes, when_s: float) -> None:
        if self._timed:
            self._out.write(f"{fact} {format_id(message_id)} {when_s:.4f}\n".encode())


async def run(opening: tuple[Path, bytes], log: Path, pace: Pace, messages: int, recipients: list[str]) -> None:
    """Send all, then wait until nothing is kept."""
    home, passphrase = opening
    sealed, thin = (read_message_file(path.read_bytes())[1] for path in (SEALED, THIN))
    pairs = [[recipients[i % len(recipients)], recipients[(i + 1) % len(recipients)]] for i in range(messages)]
    queue = list(enumerate(pairs))[::-1]
    async with ContactPoint.open(home, passphrase=passphrase) as me:
        await me.publish_card()
        with log.open("ab", buffering=0) as out:
            post = Post(me, out)
            out.write(b"ready\n")

            async def work() -> None:
                while queue:
                    index, to = queue.pop()
                    await pace.due(index)
                    in_clear = index % THIN_EVERY == 0
                    await post.send(index, thin if in_clear else sealed, to, thin=in_clear)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            async with asyncio.timeout(SETTLE_S):
                await post.settle()


if __name__ == "__main__":
    HOME, SECRET, LOG, COUNT, SECONDS, RELEASED, *TO = sys.argv[1:]
    PACE = Pace(int(COUNT), float(SECONDS), Path(RELEASED))
    asyncio.run(run((Path(HOME), Path(SECRET).read_bytes().strip()), Path(LOG), PACE, int(COUNT), TO))
