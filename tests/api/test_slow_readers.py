"""Clients that ask and do not take the answer, and a stop while clients hold on."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.api.limits import HttpLimits
from gateway.api.listener import Listener
from gateway.protocol import media
from tests.support.http_stage import QUICK, staged
from tests.support.ports import LOOPBACK
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGE = bytes(16 << 20)


@asynccontextmanager
async def large(limits: HttpLimits) -> AsyncIterator[Listener]:
    """Listen, and answer everybody with more than a socket holds."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=LARGE)

    listener = Listener(answer, limits)
    await listener.start(LOOPBACK, 0)
    try:
        yield listener
    finally:
        await listener.stop(0.1)


@asynccontextmanager
async def line(port: int, begun: bytes = b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n") -> AsyncIterator[asyncio.StreamReader]:
    """Connect, say something, and read nothing by itself."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=1024)
    writer.write(begun)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.transport.abort()


async def received(reader: asyncio.StreamReader, pause_s: float = 0.0) -> int:
    """Return how much came, until the answer is whole or the line ends."""
    size = 0
    try:
        while size < len(LARGE) and (piece := await reader.read(1 << 18)):
            size += len(piece)
            await asyncio.sleep(pause_s)
    except ConnectionError:
        pass
    return size


async def test_who_does_not_take_an_answer_is_cut_off() -> None:
    """An answer that nobody reads is not kept: the connection ends, and nothing waits for it."""
    async with large(HttpLimits(send_time_s=0.3)) as listener, line(listener.port) as reader:
        await asyncio.sleep(1.0)
        assert await received(reader) < len(LARGE)


async def test_who_takes_too_little_of_it_is_cut_off_too() -> None:
    """A byte now and then keeps no answer in memory."""
    async with large(HttpLimits(send_time_s=0.3, answer_bytes_s=8 << 20)) as listener, line(listener.port) as reader:
        async with asyncio.timeout(10):
            assert await received(reader, pause_s=0.1) < len(LARGE)


async def test_a_slow_line_gets_its_answer() -> None:
    """Who reads slowly and steadily is served, however long that takes."""
    async with large(HttpLimits(send_time_s=1.5, answer_bytes_s=16 << 10)) as listener, line(listener.port) as reader:
        assert await received(reader, pause_s=0.05) >= len(LARGE)


async def test_answers_that_are_not_taken_are_bounded_together() -> None:
    """Load is shed before memory grows: who waits longest is cut off, and the newest is served."""
    async with large(HttpLimits(send_time_s=20.0, answers_bytes=40 << 20)) as listener, AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line(listener.port)) for _ in range(6)]
        await asyncio.sleep(0.5)
        assert max([await received(reader) for reader in lines[:2]]) < len(LARGE)
        assert await received(lines[-1]) >= len(LARGE)


async def test_a_stop_waits_for_no_client_that_never_ends() -> None:
    """Silent lines, headers and bodies that never end: the stop takes its grace, and no more."""
    slow = replace(QUICK, idle_time_s=60.0, body_time_s=60.0, request_time_s=60.0, send_time_s=60.0)
    head = f"POST {media.MESSAGES} HTTP/1.1\r\nHost: gw\r\nContent-Type: {media.SEALED}\r\n".encode()
    async with staged(slow) as stage, AsyncExitStack() as stack:
        for begun in (b"", head, head + b"Content-Length: 1000\r\n\r\nhalf"):
            await stack.enter_async_context(line(stage.api.port, begun))
        await until(lambda: stage.connections() == 3)
        started = time.monotonic()
        await stage.api.stop(1.0)
        assert time.monotonic() - started < 4.0


async def test_a_stop_waits_once_for_who_takes_no_answer() -> None:
    """Its grace is for the answer and for whoever reads it, together."""
    async with large(HttpLimits()) as listener, line(listener.port):
        await until(lambda: listener.places.taken == 1)
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await listener.stop(1.0)
        assert 0.9 < time.monotonic() - started < 1.9
        await until(lambda: listener.places.taken == 0)
