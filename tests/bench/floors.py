"""
What a message cannot do without on its way, each measured alone on this machine: seconds of one.

`open_floors` keeps everything ready, so that one of each can be measured between two messages: what a message meets is a
processor that just did something else, and not one that does the same a thousand times in a row.
`python -m tests.bench.floors PORT` is the other end of the round trips: bare aiohttp that echoes, by HTTP and by WebSocket.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import aio_pika
import aiohttp
import psycopg
from aiohttp import web
from nacl import bindings

from tests.support.ports import LOOPBACK, free_port, wait_for_port

__all__ = ["BROKER", "CHECK", "DATABASE", "DISK", "HTTP", "SIGNATURE", "SOCKET", "open_floors"]

DISK: Final = "disk sync"
SIGNATURE: Final = "signature"
CHECK: Final = "check"
HTTP: Final = "HTTP round trip"
SOCKET: Final = "WebSocket round trip"
DATABASE: Final = "PostgreSQL commit"
BROKER: Final = "publish until consumed"

BODY: Final = os.urandom(5000)


@contextmanager
def open_floors(folder: Path, database: str | None, broker: str | None) -> Iterator[dict[str, Callable[[], float]]]:
    """
    Yield what measures one of each, by name; the first of each is done already.

    Args:
        folder: On the disk that counts.
        database: An empty PostgreSQL database, if it is on the way.
        broker: A RabbitMQ node, if it is.
    """
    with ExitStack() as stack:
        floors: dict[str, Callable[[], float]] = {
            name: lambda work=work: _timed(work)  # type: ignore[misc]  # a value of this round
            for name, work in {DISK: stack.enter_context(_disk(folder)), **_signatures()}.items()
        }
        if database is not None:
            commit = stack.enter_context(_database(database))
            floors[DATABASE] = lambda: _timed(commit)
        port, runner, lines = stack.enter_context(_echoing()), stack.enter_context(asyncio.Runner()), AsyncExitStack()
        stack.callback(lambda: runner.run(lines.aclose()))
        for name, work in runner.run(_lines(lines, port, broker)).items():
            floors[name] = lambda work=work: runner.run(_timed_of(work))  # type: ignore[misc]
        for measure in floors.values():
            measure()
        yield floors


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


async def _timed_of(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


@contextmanager
def _disk(folder: Path) -> Iterator[Callable[[], None]]:
    """Append 5 KB to a file and wait until it is on disk."""
    with (folder / "floor").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(BODY)
            os.fdatasync(file.fileno())

        yield append


def _signatures() -> dict[str, Callable[[], object]]:
    """Make one Ed25519 signature; check one."""
    public, secret = bindings.crypto_sign_seed_keypair(os.urandom(32))
    signed = bindings.crypto_sign(b"x" * 48, secret)
    return {
        SIGNATURE: lambda: bindings.crypto_sign(b"x" * 48, secret),
        CHECK: lambda: bindings.crypto_sign_open(signed, public),
    }


@contextmanager
def _database(url: str) -> Iterator[Callable[[], None]]:
    """Insert one row of 5 KB and commit it."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE floor (data bytea)")
        connection.commit()
        cursor = connection.cursor(binary=True)

        def insert() -> None:
            cursor.execute("INSERT INTO floor VALUES (%s)", [BODY])
            connection.commit()

        yield insert


@contextmanager
def _echoing() -> Iterator[int]:
    """Let another process echo; yield its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.floors", str(port)]) as process:
        try:
            wait_for_port(port)
            yield port
        finally:
            process.terminate()


async def _lines(stack: AsyncExitStack, port: int, broker: str | None) -> dict[str, Callable[[], Awaitable[object]]]:
    """Open lines: 5 KB to the other process and back; 5 KB to a quorum queue until a consumer of this process has them."""
    session = await stack.enter_async_context(aiohttp.ClientSession())
    socket = await stack.enter_async_context(session.ws_connect(f"http://{LOOPBACK}:{port}/socket"))

    async def http() -> None:
        async with session.post(f"http://{LOOPBACK}:{port}/echo", data=BODY) as response:
            await response.read()

    async def websocket() -> None:
        await socket.send_bytes(BODY)
        await socket.receive()

    found: dict[str, Callable[[], Awaitable[object]]] = {HTTP: http, SOCKET: websocket}
    if broker is not None:
        found[BROKER] = await stack.enter_async_context(_broker(broker))
    return found


@asynccontextmanager
async def _broker(url: str) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue("floor", durable=True, arguments={"x-queue-type": "quorum"})
        arrived: asyncio.Queue[None] = asyncio.Queue()

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            arrived.put_nowait(None)
            await message.ack()

        await queue.consume(take)

        async def hop() -> None:
            message = aio_pika.Message(BODY, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, "floor", mandatory=True)
            await arrived.get()

        yield hop


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/echo", _echo)
    app.router.add_get("/socket", _socket)
    web.run_app(app, host=LOOPBACK, port=int(sys.argv[1]), print=None, access_log=None)
