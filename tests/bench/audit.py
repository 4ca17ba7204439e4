"""
What the audit log costs: of the accepting path, for a proof in a long log, and to verify it as a whole.

The share of the accepting path is taken from two gateways under the same load in turn, one of which has no log. A proof is
made in a ledger of 1,000,000 leaves and in one of 10,000. The whole log is verified as `gateway audit verify` does it, from
entries and tiles in memory, beside a loop that computes the same hashes and nothing else.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any, Final

from gateway.audit.log import AuditLog
from gateway.client.log.tiles import LogTiles
from gateway.client.log.walk import NOTHING, walk
from gateway.envelope import LogView, MemoryKeyring, SigningKey, Use
from gateway.ids import Address
from gateway.ledger import Ledger
from gateway.merkle import leaf_hash
from gateway.tlog.frontier import Appender, leaf_hashes
from gateway.tlog.tiles import TILE_WIDTH, Tile
from tests.bench.accept import BATCH, RECIPIENT, ROUNDS, SENDER, Actual, sealed_batches
from tests.bench.figures import Figure
from tests.bench.running import standing
from tests.bench.submissions import publish_cards

__all__ = ["figures"]

GATEWAY: Final = Address("GW-ICN@icn")
SHORT: Final = 10_000
LONG: Final = 1_000_000
PUBLISHED_AT_ONCE: Final = 10_000
PROOFS: Final = 200  # in a round, of each log
VERIFIED: Final = 200_000
FLAT: Final = (20_000, 200_000)
MIB: Final = 1 << 20


def figures() -> Iterator[Figure]:
    """Measure all."""
    yield _share()
    yield asyncio.run(_proofs())
    yield asyncio.run(_whole())
    yield asyncio.run(_memory())


# --- share of accepting ----------------------------------------------------------------------------------------------


def _share() -> Figure:
    """Measure a gateway with the log and one without it, batch after batch in turn."""
    with ExitStack() as stack:
        sides = []
        for program in ((), (sys.executable, "-m", "tests.bench.without_log")):
            stand = stack.enter_context(standing("sqlite"))
            gateway = stack.enter_context(stand.gateway(program))
            gateway.wait_ready()
            publish_cards(stand, [SENDER, RECIPIENT])
            side = Actual(stand, gateway, iter(sealed_batches(stand)))
            side.batch()  # warms up
            sides.append(side)
        rounds = [tuple(side.batch()[0] for side in sides) for _ in range(ROUNDS)]
    costs = ", ".join(f"{have * 1e6:.0f} / {lack * 1e6:.0f}" for have, lack in rounds)
    return Figure(
        name="audit_share_of_accept",
        value=max(0.0, median(1 - lack / have for have, lack in rounds)),
        unit="share",
        against="the same gateway without its log",
        note=f"CPU of the process for one message of 4 KiB, {BATCH} in a batch, with / without, microseconds: {costs}",
        aim="<= 0.15",
    )


# --- proofs ----------------------------------------------------------------------------------------------------------


async def _proofs() -> Figure:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-audit-")))
        logs = []
        for size in (SHORT, LONG):
            ledger = await stack.enter_async_context(await Ledger.open(f"sqlite:///{folder}/{size}.db", migrate=True))
            logs.append((size, await _filled(ledger, size, folder / f"memory-{size}")))
        rounds = [[await _time_proofs(size, log) for size, log in logs] for _ in range(ROUNDS)]
    short_s, long_s = (min(one[side] for one in rounds) for side in (0, 1))
    return Figure(
        name="proof_1m_over_10k",
        value=long_s / short_s,
        unit="ratio",
        against=f"a log of {SHORT} leaves",
        note=f"a leaf found by its hash and proved, SQLite; best of {ROUNDS}: {long_s * 1e6:.0f} / {short_s * 1e6:.0f} us",
        aim="<= 3",
    )


async def _filled(ledger: Ledger, size: int, memory: Path) -> AuditLog:
    """Put leaves into a ledger and let the log take them up."""
    log = AuditLog(ledger, MemoryKeyring(GATEWAY, [SigningKey.from_seed(GATEWAY, Use.LOG, bytes(31) + b"\x01")]), GATEWAY,
                   memory=memory, patience_s=0)  # fmt: skip
    await log.start()
    for first in range(0, size, PUBLISHED_AT_ONCE):
        leaves = [_leaf(number) for number in range(first, min(size, first + PUBLISHED_AT_ONCE))]
        await ledger.directory.publish(await ledger.directory.version(), {}, leaves)
        await log.advance()
    while (view := log.view()) is None or view.size < size:
        await log.advance()
    return log


async def _time_proofs(size: int, log: AuditLog) -> float:
    """Return seconds for one proof of a leaf anywhere."""
    chance = random.Random(size)
    asked = [leaf_hash(_leaf(chance.randrange(size))) for _ in range(PROOFS)]
    started = time.perf_counter()
    for one in asked:
        assert await log.reader.proof(one, size)
    return (time.perf_counter() - started) / PROOFS


def _leaf(number: int) -> bytes:
    return sha256(b"leaf %d" % number).digest()


# --- the whole log ---------------------------------------------------------------------------------------------------


class _Shelf(LogTiles):
    """A log at hand: hash tiles of all levels, and entries that are kept or made when they are asked for."""

    def __init__(self, size: int, kept: list[bytes] | None = None) -> None:
        self._entries = kept
        self._tiles: dict[tuple[int, int], bytes] = {}
        appender = Appender(0, lambda _: b"")
        for first in range(0, size, TILE_WIDTH):
            self._tiles |= appender.append(leaf_hashes(self._range(first, min(TILE_WIDTH, size - first))))
        self.end = LogView(size, appender.root)

    async def tile(self, tile: Tile) -> bytes:
        return self._tiles[tile.level, tile.index]

    async def entries(self, index: int, width: int) -> list[bytes]:
        return self._range(index * TILE_WIDTH, width)

    def _range(self, first: int, count: int) -> list[bytes]:
        if self._entries is not None:
            return self._entries[first : first + count]
        return [_leaf(number) for number in range(first, first + count)]


async def _verify(shelf: _Shelf) -> None:
    async for _ in walk(shelf, NOTHING, shelf.end):
        pass


def _bare(entries: list[bytes]) -> bytes:
    """Compute the leaf and node hashes of a complete tree, as plainly as hashlib allows."""
    nodes = [sha256(b"\x00" + entry).digest() for entry in entries]
    while len(nodes) > 1:
        paired = [sha256(b"\x01" + nodes[at] + nodes[at + 1]).digest() for at in range(0, len(nodes) - 1, 2)]
        nodes = paired + nodes[len(nodes) & ~1 :]
    return nodes[0]


async def _whole() -> Figure:
    entries = [_leaf(number) for number in range(VERIFIED)]
    shelf = _Shelf(VERIFIED, entries)
    walked, bare = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await _verify(shelf)
        between = time.perf_counter()
        _bare(entries)
        walked.append(between - started)
        bare.append(time.perf_counter() - between)
    return Figure(
        name="verify_over_hashlib",
        value=min(bare) / min(walked),
        unit="ratio",
        against="a bare loop over the same leaf and node hashes",
        note=f"{VERIFIED} entries, tiles compared and roots checked; best of {ROUNDS}: {min(bare):.2f} / {min(walked):.2f} s",
        aim=">= 0.3",
    )


async def _memory() -> Figure:
    peaks = [await _peak(size) for size in FLAT]
    return Figure(
        name="verify_memory_growth",
        value=peaks[1] / peaks[0],
        unit="ratio",
        against=f"a log of {FLAT[0]} leaves",
        note=f"peak while a log of {FLAT[1]} is verified: {peaks[1] / MIB:.2f} MiB, of {FLAT[0]}: {peaks[0] / MIB:.2f} MiB",
        aim="<= 1.2",
    )


async def _peak(size: int) -> int:
    """Return the bytes that verifying takes at most, beside the log itself."""
    shelf: Any = _Shelf(size)
    tracemalloc.start()
    try:
        await _verify(shelf)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
