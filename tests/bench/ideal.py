"""
The least that a gateway in Python could do for one message, in one process: what `accept` compares with.

    python -m tests.bench.ideal PORT FILE                     FILE: a `Plan`, in MessagePack

For each request: one signature is checked and two tree hashes are made; the rows that the real gateway wrote for such a message
go through the bare driver, a commit for each group of the size that the real gateway had; one receipt is signed, and aiohttp
echoes the body, after the commit. With an AMQP address one confirmed publish and one consume through bare aio-pika as well, and
the check of one more signature: the rows are then those of a message whose recipient has answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import aio_pika
import msgspec
import psycopg
import uvloop
from aiohttp import web
from nacl import bindings

from gateway.protocol import media
from tests.support.ports import LOOPBACK

__all__ = ["Plan", "Rows"]

Rows = dict[str, list[tuple[Any, ...]]]  # table -> rows, of one message
_SIGNED_BYTES: Final = 47  # label and hash
REST_S: Final = 0.05
_QUEUE: Final = "bench.ideal"


class Plan(msgspec.Struct, frozen=True):
    """
    What to do.

    Args:
        ledger: Address of an empty, migrated ledger.
        columns: Of each table, in the order of the rows.
        messages: The rows of each message.
        amqp: Address of the broker, where there is one.
    """

    ledger: str
    columns: dict[str, list[str]]
    messages: list[Rows]
    amqp: str | None


class Store:
    """Writes rows in groups of `size` messages, on one thread, through the bare driver."""

    def __init__(self, plan: Plan) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._rows = iter(plan.messages)
        self._group: list[tuple[Rows, asyncio.Future[None]]] = []
        self.size = 1
        self._write = _sqlite(plan) if plan.ledger.startswith("sqlite:") else _postgresql(plan)
        self._loop = asyncio.get_running_loop()

    def add(self) -> asyncio.Future[None]:
        """Take the rows of the next message; the future is done when they are committed."""
        future = self._loop.create_future()
        self._group.append((next(self._rows), future))
        if len(self._group) == self.size:
            self._flush()
        return future

    async def flush_rests(self) -> None:
        """Write what is left over at the end of a run: nothing else comes to fill its group."""
        while True:
            seen = self._group
            await asyncio.sleep(REST_S)
            if seen and seen is self._group:
                self._flush()

    def _flush(self) -> None:
        group, self._group = self._group, []
        self._thread.submit(self._commit, group)

    def _commit(self, group: list[tuple[Rows, asyncio.Future[None]]]) -> None:
        self._write([rows for rows, _ in group])
        self._loop.call_soon_threadsafe(_tell, [future for _, future in group])


def _tell(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def _sqlite(plan: Plan) -> Callable[[list[Rows]], None]:
    connection = sqlite3.connect(
        plan.ledger.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    texts = _texts(plan, "?")

    def write(group: list[Rows]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table, text in texts.items():
            connection.executemany(text, [row for rows in group for row in rows[table]])
        connection.execute("COMMIT")

    return write


def _postgresql(plan: Plan) -> Callable[[list[Rows]], None]:
    connection = psycopg.connect(plan.ledger)
    cursor = connection.cursor(binary=True)
    texts = {table: text.encode() for table, text in _texts(plan, "%s").items()}

    def write(group: list[Rows]) -> None:
        for table, text in texts.items():
            cursor.executemany(text, [row for rows in group for row in rows[table]])
        connection.commit()

    return write


def _texts(plan: Plan, mark: str) -> dict[str, str]:
    return {
        table: f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"
        for table, columns in plan.columns.items()
    }


def _tree(leaves: Sequence[bytes]) -> bytes:
    """Hash a tree of one or two leaves, as bare as Python allows."""
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    return sha256(b"\x01" + level[0] + level[1]).digest() if len(level) > 1 else level[0]


class Arithmetic:
    """The signatures and hashes of one message."""

    def __init__(self) -> None:
        self._public, self._secret = bindings.crypto_sign_seed_keypair(os.urandom(32))
        self._signed = bindings.crypto_sign(os.urandom(_SIGNED_BYTES), self._secret)
        self._leaf, self._receipt = os.urandom(128), os.urandom(_SIGNED_BYTES)

    def check(self) -> None:
        """Check the submission: one signature, two tree hashes."""
        self.check_receipt()
        _tree([self._leaf])
        _tree([self._leaf])

    def check_receipt(self) -> None:
        """Check one signature."""
        bindings.crypto_sign_open(self._signed, self._public)

    def sign(self) -> bytes:
        """Sign one receipt."""
        return bindings.crypto_sign(self._receipt, self._secret)


async def _conveying(url: str) -> Callable[[bytes], Any]:
    """Return what publishes one body, confirmed; a consumer of the same process takes it and acknowledges."""
    publishing, consuming = await aio_pika.connect(url), await aio_pika.connect(url)
    channel = await publishing.channel(publisher_confirms=True)
    reading = await consuming.channel()
    await reading.set_qos(prefetch_count=64)
    queue = await reading.declare_queue(_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    await queue.consume(lambda message: message.ack())

    async def convey(body: bytes) -> None:
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, _QUEUE, mandatory=True)

    return convey


async def _serve(port: int, plan: Plan) -> None:
    arithmetic, store = Arithmetic(), Store(plan)
    flushing = asyncio.create_task(store.flush_rests())
    convey = await _conveying(plan.amqp) if plan.amqp else None

    async def echo(request: web.Request) -> web.Response:
        body = await request.read()
        arithmetic.check()
        await store.add()
        arithmetic.sign()
        if convey is not None:
            await convey(body)
            arithmetic.check_receipt()
        return web.Response(body=body)

    app = web.Application()

    async def regroup(request: web.Request) -> web.Response:
        store.size = int(request.match_info["size"])
        return web.Response()

    app.router.add_post(media.MESSAGES, echo)
    app.router.add_put("/group/{size}", regroup)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    flushing.cancel()
    await runner.cleanup()


if __name__ == "__main__":
    made = msgspec.msgpack.decode(Path(sys.argv[2]).read_bytes(), type=Plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running:
        running.run(_serve(int(sys.argv[1]), made))
