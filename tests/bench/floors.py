"""
What a message cannot do without on its way, each measured alone on this machine: seconds of one, the median of many.

`python -m tests.bench.floors PORT` is the other end of the round trips: bare aiohttp that echoes, by HTTP and by WebSocket.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Final

import aio_pika
import aiohttp
import psycopg
from aiohttp import web
from nacl import bindings

from tests.support.ports import LOOPBACK, free_port, wait_for_port

__all__ = ["broker_hop", "disk", "postgresql_commit", "round_trips", "sign", "verify"]

TIMES: Final = 200
BODY: Final = os.urandom(5000)


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


async def _median_of(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await work()
        times.append(time.perf_counter() - started)
    return median(times)


def disk(folder: Path) -> float:
    """Append 5 KB to a file and wait until it is on disk."""
    with (folder / "floor").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(BODY)
            os.fdatasync(file.fileno())

        return _median(append)


def sign() -> float:
    """Make one Ed25519 signature."""
    secret = bindings.crypto_sign_seed_keypair(os.urandom(32))[1]
    return _median(lambda: bindings.crypto_sign(b"x" * 48, secret))


def verify() -> float:
    """Check one Ed25519 signature."""
    public, secret = bindings.crypto_sign_seed_keypair(os.urandom(32))
    signed = bindings.crypto_sign(b"x" * 48, secret)
    return _median(lambda: bindings.crypto_sign_open(signed, public))


def postgresql_commit(url: str) -> float:
    """Insert one row of 5 KB and commit it."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE floor (data bytea)")
        connection.commit()
        cursor = connection.cursor(binary=True)

        def insert() -> None:
            cursor.execute("INSERT INTO floor VALUES (%s)", [BODY])
            connection.commit()

        return _median(insert)


def round_trips() -> tuple[float, float]:
    """Send 5 KB to another process and get them back: by HTTP, by WebSocket."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.floors", str(port)]) as process:
        try:
            wait_for_port(port)
            return asyncio.run(_round_trips(port))
        finally:
            process.terminate()


async def _round_trips(port: int) -> tuple[float, float]:
    async with aiohttp.ClientSession() as session:

        async def http() -> None:
            async with session.post(f"http://{LOOPBACK}:{port}/echo", data=BODY) as response:
                await response.read()

        async with session.ws_connect(f"http://{LOOPBACK}:{port}/socket") as socket:

            async def websocket() -> None:
                await socket.send_bytes(BODY)
                await socket.receive()

            return await _median_of(http), await _median_of(websocket)


def broker_hop(url: str) -> float:
    """Publish 5 KB to a quorum queue until a consumer of the same process has them."""
    return asyncio.run(_broker_hop(url))


async def _broker_hop(url: str) -> float:
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

        return await _median_of(hop)


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
