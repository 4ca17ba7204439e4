"""
What only a broker on a network can suffer: cut and silent lines, dead hosts, a killed node, queues that vanish.

Whatever happens, STORED parcels are in the mailbox, and the adapter recovers by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import aiormq
import pytest

from gateway.broker import consumer as consumer_module
from gateway.broker import line as line_module
from gateway.broker.base import Outcome, Parcel
from gateway.broker.line import LineLimits
from gateway.broker.publisher import WINDOW
from gateway.broker.rabbitmq import RabbitBroker
from gateway.errors import Unavailable
from gateway.ops import logs
from tests.broker.parcels import BOX, SOON_S, fill, numbers, parcel, parcels, take, until
from tests.support.ports import free_port
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.support.rabbitmq import RabbitNode

    Connect = Callable[..., Awaitable[RabbitBroker]]

pytestmark = pytest.mark.broker

LIMITS = LineLimits(connect_s=4, call_s=3, probe_s=1, heartbeat_s=1, first_pause_s=0.05, longest_pause_s=0.2)
LIMIT_BYTES = 50_000_000
# RabbitMQ 3.10 writes down that a queue exists half a second later. Killed before, a single node comes back with an empty
# queue that elects no leader and answers to nothing until the node starts once more.
SETTLED_S = 1.5


@pytest.fixture
async def proxy(rabbit_node: RabbitNode) -> AsyncIterator[Proxy]:
    """A proxy before the shared node."""
    async with Proxy(rabbit_node.port) as proxy:
        yield proxy


@pytest.fixture
async def connect(prefix: str) -> AsyncIterator[Connect]:
    """Return a function that starts a broker over these ports, tried in turn."""
    async with AsyncExitStack() as stack:

        async def start(*ports: int, limits: LineLimits = LIMITS, limit_bytes: int = LIMIT_BYTES) -> RabbitBroker:
            urls = [f"amqp://guest:guest@127.0.0.1:{port}/" for port in ports]
            broker = RabbitBroker(urls, limit_bytes, prefix, limits)
            stack.push_async_callback(broker.close)
            await broker.start()
            return broker

        yield start


class Watched(list[Parcel]):
    """Parcels that know how many of them have an answer: one is taken when an earlier one leaves the window."""

    taken = 0

    def __getitem__(self, turn: Any) -> Any:
        self.taken = max(self.taken, turn + 1)
        return super().__getitem__(turn)

    async def has_stored(self, count: int) -> None:
        """Wait until so many were confirmed."""

        async def enough() -> bool:
            return self.taken >= WINDOW + count

        await until(enough, pause_s=0)


async def ready(broker: RabbitBroker) -> None:
    """Wait until the broker has recovered."""

    async def is_ready() -> bool:
        return broker.ready

    await until(is_ready)


async def found(broker: RabbitBroker) -> list[int]:
    """Read a mailbox to its end; a loaded machine may need a while for each parcel."""
    seen = []
    async with broker.consume(BOX, 1000) as consumer:
        while (arrived := await consumer.get(0.5)) is not None or await broker._queues.count(BOX):
            if arrived is not None:
                seen.append(arrived.ref[0])
                await consumer.ack([arrived.tag])
    return seen


async def test_a_line_cut_while_publishing_tells_what_is_uncertain(connect: Connect, proxy: Proxy) -> None:
    """When the line breaks in the middle, what is told as STORED is there, the rest is UNCERTAIN, and soon all goes on."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.delay_s = 0.02
    wanted = Watched(parcels(1000))
    publishing = asyncio.create_task(broker.publish(wanted))
    await wanted.has_stored(100)
    proxy.cut()
    outcomes = await publishing
    proxy.heal()
    assert set(outcomes) == {Outcome.STORED, Outcome.UNCERTAIN}
    await ready(broker)
    stored = {turn + 1 for turn, outcome in enumerate(outcomes) if outcome is Outcome.STORED}
    assert stored <= set(await found(broker))


async def test_a_cut_reader_is_told_and_a_new_one_gets_everything(connect: Connect, proxy: Proxy) -> None:
    """A reader whose line breaks hears of it at once; the parcels that it held come again to the next."""
    broker = await connect(proxy.port)
    await fill(broker, parcels(3))
    async with broker.consume(BOX, 10) as consumer:
        held = await take(consumer, 2)
        waiting = asyncio.create_task(consumer.get(30))
        await asyncio.sleep(0.02)
        assert (await waiting) is not None
        waiting = asyncio.create_task(consumer.get(30))
        await asyncio.sleep(0.02)
        proxy.cut()
        with pytest.raises(Unavailable):
            async with asyncio.timeout(SOON_S):
                await waiting
        with pytest.raises(Unavailable):
            await consumer.ack([held[0].tag])
    await ready(broker)
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 3)) == [1, 2, 3]


async def test_a_silent_line_is_found_while_publishing(connect: Connect, proxy: Proxy) -> None:
    """A half-open line keeps a publisher no longer than its time limit; then calls fail at once until it is back."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.freeze()
    async with asyncio.timeout(LIMITS.call_s + SOON_S):
        assert await broker.publish(parcels(3)) == [Outcome.UNCERTAIN] * 3
    with pytest.raises(Unavailable):
        await broker.publish(parcels(3))
    assert not broker.ready
    proxy.heal()
    await ready(broker)
    assert await broker.publish(parcels(1, first=10)) == [Outcome.STORED]
    assert 10 in await found(broker)


async def test_a_silent_line_with_a_full_socket_is_let_go(connect: Connect, proxy: Proxy) -> None:
    """Megabytes that a silent line does not take keep neither the publisher nor closing."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.freeze()
    async with asyncio.timeout(30):
        large = [parcel(number, body=bytes(1_000_000)) for number in range(30)]
        assert await broker.publish(large) == [Outcome.UNCERTAIN] * 30
        await broker.close()


@pytest.mark.slow
async def test_a_silent_line_is_found_while_waiting(connect: Connect, proxy: Proxy) -> None:
    """A reader on a half-open line is told by the heartbeats, without having asked for anything."""
    broker = await connect(proxy.port)
    async with broker.consume(BOX, 10) as consumer:
        proxy.freeze()
        with pytest.raises(Unavailable):
            async with asyncio.timeout(20):
                await consumer.get(60)
        proxy.heal()
    await ready(broker)
    await fill(broker, parcels(1))
    assert await found(broker) == [1]


async def test_closing_on_a_silent_line_ends(connect: Connect, proxy: Proxy) -> None:
    """A gateway can stop while its broker is silent."""
    broker = await connect(proxy.port)
    async with broker.consume(BOX, 10):
        proxy.freeze()
    async with asyncio.timeout(30):
        await broker.close()
    assert not broker.ready


async def test_a_broker_that_is_away_at_the_start_is_found_later(connect: Connect, proxy: Proxy) -> None:
    """A gateway starts without its broker, says that it is not ready, and finds it when it is there."""
    proxy.refuse()
    broker = await connect(proxy.port)
    assert not broker.ready
    with pytest.raises(Unavailable):
        await broker.publish(parcels(1))
    proxy.heal()
    await ready(broker)
    await fill(broker, parcels(1))
    assert await found(broker) == [1]


async def test_the_next_host_is_tried_when_the_first_is_dead(connect: Connect, rabbit_node: RabbitNode) -> None:
    """With several hosts a dead one costs a moment only."""
    broker = await connect(free_port(), free_port(), rabbit_node.port)
    assert broker.ready
    await fill(broker, parcels(1))
    assert await found(broker) == [1]


async def test_the_next_host_is_tried_when_the_first_is_silent(connect: Connect, proxy: Proxy, rabbit_node: RabbitNode) -> None:
    """A host that accepts and says nothing is left for the next one within the time limit."""
    proxy.freeze()
    broker = await connect(proxy.port, rabbit_node.port)
    assert broker.ready
    await fill(broker, parcels(1))
    assert await found(broker) == [1]


@pytest.mark.slow
async def test_a_killed_node_keeps_what_it_confirmed(connect: Connect, rabbit_node: RabbitNode) -> None:
    """SIGKILL of the node in the middle of publishing loses nothing that was told as STORED."""
    broker = await connect(rabbit_node.port, limits=LineLimits(call_s=2, longest_pause_s=1))
    await broker.declare(BOX)
    await asyncio.sleep(SETTLED_S)
    publishing = asyncio.create_task(broker.publish(parcels(20_000)))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(rabbit_node.kill)
    outcomes = await publishing
    with pytest.raises(Unavailable):
        await broker.declare(BOX)
    await asyncio.to_thread(rabbit_node.start)
    await ready(broker)
    stored = {turn + 1 for turn, outcome in enumerate(outcomes) if outcome is Outcome.STORED}
    assert 0 < len(stored) < 20_000

    async def stores_again() -> bool:
        with contextlib.suppress(Unavailable):
            return await broker.publish([parcel(0)]) == [Outcome.STORED]
        return False

    await until(stores_again)
    await ready(broker)
    assert stored <= set(await found(broker))


@pytest.mark.slow
async def test_a_mailbox_that_does_not_work_holds_up_no_other(connect: Connect, rabbit_node: RabbitNode) -> None:
    """A queue that answers to nothing is set apart: its mail waits in the ledger, and the mail of others is stored."""
    broken = "TRIB-QX@icn"
    before = await connect(rabbit_node.port)
    await before.declare(broken)
    await asyncio.to_thread(rabbit_node.kill)
    await asyncio.to_thread(rabbit_node.start)
    broker = await connect(rabbit_node.port)
    await broker.declare(BOX)
    async with asyncio.timeout(2 * LIMITS.call_s + SOON_S):
        outcomes = await broker.publish([*parcels(100), *parcels(500, mailbox=broken), *parcels(500, first=101)])
    assert set(outcomes) <= {Outcome.STORED, Outcome.UNCERTAIN}
    await ready(broker)
    for answer in (Outcome.UNCERTAIN, Outcome.FULL):
        async with asyncio.timeout(2 * LIMITS.call_s + SOON_S):
            outcomes = await broker.publish([*parcels(3, mailbox=broken), *parcels(500)])
        assert set(outcomes[:3]) == {answer}
        assert set(outcomes[3:]) == {Outcome.STORED}


async def test_a_queue_that_vanishes_is_declared_again(connect: Connect, rabbit_node: RabbitNode, prefix: str) -> None:
    """When somebody deletes a queue its reader is told, mail for it is ABSENT, and reading or declaring makes a new one."""
    broker = await connect(rabbit_node.port)
    async with broker.consume(BOX, 10) as consumer, aiormq.connect(rabbit_node.url) as other:
        channel = await other.channel()
        for kind in ("inbox", "urgent"):
            await channel.queue_delete(f"{prefix}{kind}.{BOX}")
        with pytest.raises(Unavailable):
            await consumer.get(SOON_S)
    assert await broker.publish(parcels(1)) == [Outcome.ABSENT]
    await fill(broker, parcels(1))
    assert await found(broker) == [1]


async def test_a_mailbox_of_an_older_configuration_is_used(connect: Connect, rabbit_node: RabbitNode) -> None:
    """A new bound for mailboxes does not lock the gateway out of those that exist."""
    older = await connect(rabbit_node.port, limit_bytes=1_000_000)
    await fill(older, parcels(1))
    newer = await connect(rabbit_node.port, limit_bytes=2_000_000)
    await fill(newer, parcels(1, first=2))
    assert await found(newer) == [1, 2]


async def test_what_is_not_a_parcel_is_thrown_out(connect: Connect, rabbit_node: RabbitNode, prefix: str) -> None:
    """A stranger's message in a mailbox neither reaches a recipient nor stops his mail."""
    broker = await connect(rabbit_node.port)
    await broker.declare(BOX)
    async with aiormq.connect(rabbit_node.url) as other:
        channel = await other.channel()
        await channel.basic_publish(b"hello", routing_key=f"{prefix}inbox.{BOX}")
    await fill(broker, parcels(1))
    assert await found(broker) == [1]
    assert await found(broker) == []


async def test_a_cancelled_publish_stays_cancelled(connect: Connect, proxy: Proxy) -> None:
    """Whoever gives up a publish is free at once, and the broker goes on."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.delay_s = 0.2
    publishing = asyncio.create_task(broker.publish(parcels(100)))
    await asyncio.sleep(0.1)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    proxy.heal()
    assert await broker.publish(parcels(1, first=500)) == [Outcome.STORED]


async def test_a_slow_line_is_not_a_dead_one(connect: Connect, proxy: Proxy) -> None:
    """A line that takes its time, within the limits, carries everything."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.delay_s = 0.1
    await fill(broker, parcels(300))
    assert await found(broker) == list(range(1, 301))


async def test_a_trickling_line_carries_a_little(connect: Connect, proxy: Proxy) -> None:
    """A line that lets a few kilobytes a second through is slow, and good."""
    broker = await connect(proxy.port)
    await broker.declare(BOX)
    proxy.bytes_per_s = 5000
    await fill(broker, parcels(5))
    proxy.heal()
    assert await found(broker) == [1, 2, 3, 4, 5]


async def test_readers_come_and_go_on_few_channel_numbers(connect: Connect, rabbit_node: RabbitNode) -> None:
    """Sessions that overlap for months never use up the channel numbers of a connection."""
    broker = await connect(rabbit_node.port)
    async with AsyncExitStack() as older:
        await older.enter_async_context(broker.consume(BOX, 1))
        for _ in range(20):
            async with AsyncExitStack() as newer:
                await newer.enter_async_context(broker.consume(BOX, 1))
                await older.aclose()
                older.push_async_exit(newer.pop_all())
        line = await broker._consumers.pick()
        assert max(line.connection().channels) <= 3


async def test_many_readers_are_spread_over_lines(
    connect: Connect, rabbit_node: RabbitNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the channels of one connection are taken, the next readers get another connection."""
    monkeypatch.setattr(consumer_module, "CHANNELS_EACH", 2)
    broker = await connect(rabbit_node.port)
    boxes = [f"NCB-Q{letter}@icn" for letter in "MNOPQ"]
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(broker.consume(box, 5)) for box in boxes]
        assert len(broker._consumers._lines) == 3
        for reader, box in zip(readers, boxes, strict=True):
            await fill(broker, parcels(1, mailbox=box))
            assert numbers(await take(reader, 1)) == [1]


async def test_the_log_names_hosts_and_no_passwords(
    connect: Connect, rabbit_node: RabbitNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator reads which host did not answer, and never a password."""
    file = io.BytesIO()
    logs.configure("info", file)
    monkeypatch.setattr(line_module, "_log", logs.logger())  # a logger that was used before keeps its first file
    broker = await connect(free_port(), rabbit_node.port)
    await until_said(file, "broker-line-up")
    await broker.close()
    assert {json.loads(line)["event"] for line in file.getvalue().splitlines()} >= {"broker-no-answer", "broker-line-up"}
    assert b"guest" not in file.getvalue()


async def until_said(file: io.BytesIO, event: str) -> None:
    """Wait for a line in the log."""

    async def said() -> bool:
        return event.encode() in file.getvalue()

    await until(said)
