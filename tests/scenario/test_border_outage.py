"""An outage of 48 hours between two networks: the backlog drains, neighbours notice nothing, and the relay stays small."""

from __future__ import annotations

import asyncio
import os
import time
import tracemalloc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from gateway.envelope import Event
from gateway.ops.metrics import RelayMetrics
from gateway.protocol.relaying import MAX_FORWARDS
from gateway.relay.lane import Lines
from gateway.relay.pauses import LONGEST_S
from gateway.relay.relay import Relay
from tests.support.local_line import LocalLine, clocked
from tests.support.two_networks import Pair, said, send, two_networks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.envelope import Sealed

QM, NEIGHBOUR, FAR = "NCB-QM@icn", "NCB-QN", "GN-QN@eu-network"
HOUR, DAY = 3600, 86_400
EACH_HOUR: Final = 14  # messages: 672 in 48 hours, ten pages and a half
CONTENT_BYTES: Final = 8192
SAMPLES: Final = 40
DRAINED_S: Final = 40.0
LOOK_S: Final = 0.5  # a look at all memory takes a second by itself
MUCH, SLACK_S = 10, 0.5  # a busy machine is slower by itself
MOST_ASKED: Final = 48 * 60 * 4  # requests in 48 hours: four tasks that pause up to a minute each
RELAYS: Final = [tracemalloc.Filter(True, one) for one in ("*/gateway/relay/*", "*/protocol/relaying.py")]  # noqa: FBT003


@asynccontextmanager
async def relaying(pair: Pair) -> AsyncIterator[LocalLine]:
    """Relay from `icn` to `eu-network`; gives the line between them."""
    icn, eu = pair.icn.world.network, pair.eu.world.network
    home, other = LocalLine(pair.icn, icn), LocalLine(pair.eu, icn)
    relay = Relay(icn, eu, Lines(home, other), RelayMetrics(), holder="one", time=clocked(pair.icn.clock))
    running = asyncio.create_task(relay.run())
    try:
        yield other
    finally:
        running.cancel()
        await asyncio.wait([running])


async def latency_s(pair: Pair) -> float:
    """Let one neighbour write to another, and return how long it took until it was there."""
    session = await pair.icn.open(NEIGHBOUR)
    started = time.perf_counter()
    sealed = await send(pair.icn, QM, [NEIGHBOUR])
    await session.next()
    took = time.perf_counter() - started
    events = (Event.DELIVERED, Event.OPENED)
    await session.record([pair.icn.receipt(NEIGHBOUR, sealed.envelope_hash, event) for event in events])
    return took


def p95(values: list[float]) -> float:
    """Return what 95 of 100 are below."""
    return sorted(values)[int(len(values) * 0.95)]


def held_bytes() -> int:
    """Return what the relay's code allocated and still holds."""
    found = tracemalloc.take_snapshot().filter_traces(RELAYS)
    return sum(one.size for one in found.statistics("filename"))


async def outage(pair: Pair) -> list[Sealed]:
    """Let two days pass in which the line is down, and people write all the same."""
    written = []
    for _ in range(48):
        for _ in range(EACH_HOUR):
            expires = int(pair.icn.clock()) + 7 * DAY
            written.append(await send(pair.icn, QM, [FAR], content=os.urandom(CONTENT_BYTES), expires=expires))
        pair.icn.clock.jump(HOUR)
        await asyncio.sleep(0)
    return written


def heal(pair: Pair, line: LocalLine) -> None:
    """End the outage, and the pause that each task of the relay makes."""
    line.down = False
    pair.icn.clock.jump(LONGEST_S)


async def test_after_48_hours_the_backlog_drains_and_neighbours_notice_nothing(tmp_path: Path) -> None:
    """Everything arrives, and is told at home; a local message takes about as long as on a quiet day."""
    async with two_networks(tmp_path) as pair, relaying(pair) as line:
        idle = [await latency_s(pair) for _ in range(SAMPLES)]
        line.down = True
        written = await outage(pair)
        assert line.asked < MOST_ASKED
        assert (await pair.icn.totals())["outbound"] == len(written)
        heal(pair, line)
        busy = [await latency_s(pair)]
        started = time.monotonic()
        while (await pair.icn.totals())["outbound"]:
            assert time.monotonic() - started < DRAINED_S
            busy.append(await latency_s(pair))
        for sealed in written:
            await said(pair.eu, "GN-QN", sealed, Event.OPENED)
        await pair.icn.reached("opened", len(written) + len(idle) + len(busy))
    assert p95(busy) < MUCH * p95(idle) + SLACK_S, (p95(busy), p95(idle))


async def test_a_relay_keeps_nothing_of_a_backlog(tmp_path: Path) -> None:
    """While it drains, a few pages are in memory, however much waits; afterwards nothing is."""
    async with two_networks(tmp_path) as pair, relaying(pair) as line:
        line.down = True
        await outage(pair)
        held = []
        tracemalloc.start()
        try:
            heal(pair, line)
            while (await pair.icn.totals())["outbound"]:
                held.append(held_bytes())
                await asyncio.sleep(LOOK_S)
            after = held_bytes()
        finally:
            tracemalloc.stop()
    page_bytes = MAX_FORWARDS * CONTENT_BYTES
    assert max(held) > 0
    assert max(held) < 6 * page_bytes  # as answered, as read, as brought, and once more at each gateway
    assert after < page_bytes / 2
