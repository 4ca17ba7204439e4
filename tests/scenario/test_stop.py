"""A stop while every kind of socket is busy takes the grace that was set, and a little: with 25 s of grace, less than 30 s."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from gateway.protocol import media
from tests.scenario.lines import plain, signed
from tests.scenario.town import READER, SENDER, Town
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GRACE_S: Final = 2.0
BESIDE_S: Final = 4.5  # of the 30 s that are promised, what the longest grace of 25 s leaves
MANY: Final = 400  # answers of 0.1 MiB that nobody takes: more than sockets hold


def upgrade(town: Town, name: str) -> bytes:
    """Return the request that opens a session."""
    fields = signed(town.member(name).keyring, "GET", media.INBOX, host=f"{LOOPBACK}:{town.port}")
    key = base64.b64encode(os.urandom(16)).decode()
    fields |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    return plain("GET", media.INBOX, fields)


@asynccontextmanager
async def line(port: int, said: bytes, times: int = 1) -> AsyncIterator[asyncio.StreamReader]:
    """Connect, say something so often, and read nothing by itself."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=1024)
    for _ in range(times):
        writer.write(said)
    try:
        yield reader
    finally:
        writer.transport.abort()


async def ask_without_end(port: int) -> int:
    """Ask one thing after the other until nobody answers; return how often somebody did."""
    answered = 0
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            writer.write(plain("GET", media.HEALTH))
            await reader.readuntil(b"}")
            answered += 1
    writer.close()
    return answered


async def test_a_stop_with_busy_sockets_keeps_its_time(tmp_path: Path) -> None:
    """Silent lines, requests that never end, answers that nobody takes, sessions that do not say goodbye, and a load."""
    town = Town(folder=tmp_path, limits=f"stop_s = {GRACE_S}")
    body = plain("POST", media.MESSAGES, {"Content-Type": media.SEALED, "Content-Length": "1000"}) + b"half"
    async with town.served() as served, AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for port, said, times in [
            (town.port, b"", 1),
            (town.port, b"GET /healthz HTTP/1.1\r\n", 1),
            (town.port, body, 1),
            (town.port, plain("GET", media.OPENAPI), MANY),
            (town.operations_port, plain("GET", media.METRICS), MANY),
        ]:
            await stack.enter_async_context(line(port, said, times))
        for name in (SENDER, READER):
            reader = await stack.enter_async_context(line(town.port, upgrade(town, name)))
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        loads = [tasks.create_task(ask_without_end(town.port)) for _ in range(4)]
        await asyncio.sleep(0.3)
        started = time.monotonic()
        assert await asyncio.to_thread(served.stop) == 0
        assert GRACE_S < time.monotonic() - started < GRACE_S + BESIDE_S
    assert all(load.result() for load in loads)
