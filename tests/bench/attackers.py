"""
Slow and hostile clients of a gateway: `python -m tests.bench.attackers PORT FILE`; FILE: see `submissions.write_all`.

Runs until it is ended; prints a line when all connections stand. A connection that the gateway closes is made again.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.protocol import media
from tests.bench.submissions import read_all
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

SLOW: Final = 100  # connections of each sort
FORGERS: Final = 4
FORGE_EVERY_S: Final = 0.05  # of each: 80 forged submissions a second
NOISE: Final = 4
NOISE_EVERY_S: Final = 0.05
TRICKLE_S: Final = 1.0
ADDRESSES: Final = 8  # of loopback, from which they come

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_numbers = itertools.count()


async def trickle_header(line: _Line) -> None:
    """Send a byte of a header now and then."""
    line[1].write(b"POST /v1/messages HTTP/1.1\r\nX-Slow: ")
    while True:
        line[1].write(b"x")
        await asyncio.sleep(TRICKLE_S)


async def trickle_body(line: _Line) -> None:
    """Send a byte of a body now and then."""
    line[1].write(_head(100_000))
    while True:
        line[1].write(b"x")
        await asyncio.sleep(TRICKLE_S)


async def read_nothing(line: _Line) -> None:
    """Ask for something large again and again, and do not read."""
    line[1].transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    while True:
        line[1].write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(TRICKLE_S)


def forge(bodies: list[bytes]) -> Callable[[_Line], Coroutine[None, None, None]]:
    """Return who submits what is forged, and reads the refusal."""

    async def submit(line: _Line) -> None:
        for body in itertools.cycle(bodies):
            line[1].write(_head(len(body)) + body)
            await line[0].readuntil(b"\r\n\r\n")
            await asyncio.sleep(FORGE_EVERY_S)

    return submit


async def make_noise(line: _Line) -> None:
    """Send what is no HTTP."""
    line[1].write(b"\x16\x03\x01\x00\xff" * 200)
    await asyncio.sleep(NOISE_EVERY_S)


def _head(length: int) -> bytes:
    fields = f"Host: x\r\nContent-Type: {media.SEALED}\r\nContent-Length: {length}\r\n"
    return f"POST {media.MESSAGES} HTTP/1.1\r\n{fields}\r\n".encode()


async def attack(port: int, act: Callable[[_Line], Coroutine[None, None, None]]) -> None:
    """Connect and act, for ever."""
    source = f"127.0.1.{1 + next(_numbers) % ADDRESSES}"
    while True:
        with suppress(OSError, EOFError):
            line = await asyncio.open_connection(LOOPBACK, port, local_addr=(source, 0))
            try:
                await act(line)
            finally:
                line[1].transport.abort()
        await asyncio.sleep(NOISE_EVERY_S)


async def run(port: int, bodies: list[bytes]) -> None:
    """Let all of them attack."""
    sorts = [trickle_header, trickle_body, read_nothing] * SLOW + [forge(bodies)] * FORGERS + [make_noise] * NOISE
    attacks = [asyncio.create_task(attack(port, act)) for act in sorts]
    await asyncio.sleep(2 * TRICKLE_S)
    print("ready", flush=True)
    await asyncio.gather(*attacks)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), list(read_all(Path(sys.argv[2])))))
