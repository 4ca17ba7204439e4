"""
What a message costs a gateway in small and in large networks, and to few and to many recipients.

The network's keys are held here, so that three thousand participants need no homes; the gateway is a process of its own, on
SQLite with the broker in memory. Cost is its processor time for one message of 4 KiB until nothing is left to do; one of the
recipients is there and answers. The slope is that of log cost against log size: 1 is proportional, 0 does not depend on it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.accept import CONNECTIONS, reading
from tests.bench.figures import Figure, slope
from tests.bench.load import post_all
from tests.bench.running import settled
from tests.bench.submissions import CONTENT_BYTES, write_all
from tests.scenario.process import serving
from tests.scenario.town import PASSPHRASE, READER, SENDER, Town

__all__ = ["figures"]

PARTICIPANTS: Final = (10, 200, 3_000)
RECIPIENTS: Final = ((1, 400), (27, 100), (196, 48))  # and how many messages
SMALL: Final = 400  # messages to one recipient
KIND: Final = "information.report"


class _Costs(NamedTuple):
    """What a network costs its gateway: seconds for a message, by recipients, and megabytes."""

    to: list[tuple[float, float]]
    memory_mb: float


def figures() -> Iterator[Figure]:
    """Measure each network once; the one of 200 also with many recipients."""
    found = {size: asyncio.run(_measure(size)) for size in PARTICIPANTS}
    listed = [(float(size), costs.to[0][1]) for size, costs in found.items()]
    addressed = found[PARTICIPANTS[1]].to
    yield _figure("scale_participants_slope", "to one recipient in a network of so many participants", listed)
    yield _figure("scale_recipients_slope", f"to so many of {PARTICIPANTS[1]} participants", addressed)
    memory = [(float(size), costs.memory_mb) for size, costs in found.items()]
    note = f"one process after {SMALL} messages, by participants: " + ", ".join(f"{size:.0f}: {mb:.0f}" for size, mb in memory)
    yield Figure(
        name="rss_3000_participants_mb", value=memory[-1][1], unit="MB", against="none", note=note, points=tuple(memory)
    )


def _figure(name: str, how: str, points: Sequence[tuple[float, float]]) -> Figure:
    costs = ", ".join(f"{size:.0f}: {cost_s * 1e6:.0f}" for size, cost_s in points)
    note = f"CPU to accept and deliver a message of 4 KiB {how}, SQLite, broker in memory; microseconds: {costs}"
    value = slope(points)
    return Figure(
        name=name, value=value, unit="slope", against="log size", note=note, aim="<= 1.1", points=tuple(points)
    )


async def _measure(size: int) -> _Costs:
    names = [SENDER, READER, *(f"UNIT-{number:05}" for number in range(size - 2))]
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        town = Town(folder=Path(folder) / "town", names=names)
        prepared = await town.prepare()
        prepared.fresh = True  # its memory is its own
        async with serving(prepared) as served, town.home(READER), _reader(town):
            wanted = [(count, many) for count, many in RECIPIENTS if count == 1 or size == PARTICIPANTS[1]]
            await _cost_s(town, served.pid, 1, SMALL // 3)  # warms up
            costs = [(float(count), await _cost_s(town, served.pid, count, many)) for count, many in wanted]
            return _Costs(costs, served.rss_bytes / (1 << 20))


@asynccontextmanager
async def _reader(town: Town) -> AsyncIterator[None]:
    with reading(town.folder / "homes" / READER, PASSPHRASE):
        yield


async def _cost_s(town: Town, pid: int, recipients: int, messages: int) -> float:
    """Return the processor time for one message to so many."""
    others = [name for name in town.names if name not in {SENDER, READER}]
    to = [READER, *others[: recipients - 1]]
    sealed = [town.sealed(to, content=os.urandom(CONTENT_BYTES), kind=KIND).submission for _ in range(messages)]
    file = town.folder / f"to-{recipients}-{messages}"
    write_all(file, sealed)
    before = await asyncio.to_thread(settled, [pid])
    load = await asyncio.to_thread(post_all, town.port, min(CONNECTIONS, messages), file, lambda: None)
    assert load.statuses == {"202": messages}, load.statuses
    return (await asyncio.to_thread(settled, [pid]) - before) / messages
