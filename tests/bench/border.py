"""
What a message to another network costs beside one to a neighbour: processor time and waiting.

Both are sent by the same participant through the same gateway, in turn, in the same run, and are delivered and opened.
Processor time is user and system time: of the gateway for a local message; of both gateways and both relays for a relayed one,
until its receipts are home. Waiting is from `send` to the application of the recipient, one message at a time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from tests.bench.border_stand import FAR_RECIPIENT, RECIPIENT, SENDER, BothSides, both_sides
from tests.bench.figures import Figure
from tests.bench.load import post_all
from tests.bench.running import Program, Stand
from tests.bench.submissions import seal_many, write_all
from tests.bench.whole_way import Trips, correspondent, one_by_one

__all__ = ["figures"]

CONNECTIONS: Final = 64
BATCH: Final = 2000
ROUNDS: Final = 3
FIRST: Final = 20  # nobody counts these: caches fill, sessions open
IDLE: Final = 100
QUIET: Final = 0.06  # of one processor, all processes: they keep leases and look for directories
SETTLED_S: Final = 0.5
OPENED_LOCAL: Final = 'gateway_receipts_total{event="opened"}'
OPENED_THERE: Final = 'gateway_relay_receipts_total{event="opened"}'


class Load:
    """Batches to one recipient, and what they cost some programs."""

    def __init__(self, sides: BothSides, recipient: str, programs: Sequence[Program], opened: str) -> None:
        self._sides = sides
        self._recipient = recipient
        self._programs = programs
        self._opened = opened
        self._sent = 0
        self._before: list[float] = []

    def batch(self) -> list[float]:
        """Send a batch; return the seconds of each program for one message, when all were opened and nothing is left to do."""
        file = self._sides.near.stage.folder / "batch"
        write_all(file, seal_many(self._sides.near, SENDER, [self._recipient], BATCH))
        load = post_all(self._sides.near.services.port, CONNECTIONS, file, self._begin)
        assert load.statuses == {"202": BATCH}, load.statuses
        used = self._settled()
        self._sent += BATCH
        self._sides.near_gateway.wait_for(self._opened, self._sent)
        return [(now - before) / BATCH for now, before in zip(used, self._before, strict=True)]

    def _begin(self) -> None:
        self._before = self._used()

    def _used(self) -> list[float]:
        return [program.cpu_s() for program in self._programs]

    def _settled(self) -> list[float]:
        """Wait until nothing is left to do; return what was used."""
        while True:
            seen = self._used()
            time.sleep(SETTLED_S)
            if sum(self._used()) - sum(seen) < QUIET * SETTLED_S:
                return seen


class Round(NamedTuple):
    """Seconds for one message: of the gateway, and of each program that a relayed one needs."""

    local_s: float
    relayed_s: list[float]

    @property
    def ratio(self) -> float:
        """Relayed / local."""
        return sum(self.relayed_s) / self.local_s

    def __str__(self) -> str:
        parts = " + ".join(f"{one * 1e6:.0f}" for one in self.relayed_s)
        return f"{parts} / {self.local_s * 1e6:.0f}"


def figures() -> Iterator[Figure]:
    """Measure with one pair of networks."""
    with both_sides() as sides:
        yield _cost(sides)
        yield _waiting(sides)


def _cost(sides: BothSides) -> Figure:
    with ExitStack() as stack:
        for stand in (sides.near, sides.far):
            stack.enter_context(_reader(stand))
        local = Load(sides, RECIPIENT, [sides.near_gateway], OPENED_LOCAL)
        relayed = Load(sides, FAR_RECIPIENT, sides.programs, OPENED_THERE)
        rounds = [Round(*one) for one in [(sum(local.batch()), relayed.batch()) for _ in range(1 + ROUNDS)][1:]]
    note = (
        f"CPU of gateways and relays for one message of 4 KiB until it is opened, {CONNECTIONS} connections; median of rounds,"
        f" microseconds, near gateway + far gateway + relay + far relay / gateway: {', '.join(map(str, rounds))}"
    )
    value = median(one.ratio for one in rounds)
    return Figure(name="relay_cpu_over_local", value=value, unit="ratio", against="a local message", note=note, aim="<= 2.5")


def _waiting(sides: BothSides) -> Figure:
    local, relayed = _trips(sides.near, sides.near, RECIPIENT), _trips(sides.near, sides.far, FAR_RECIPIENT)
    note = f"p50 from send to handed over through the SDK, one at a time: {relayed.p50_ms:.1f} / {local.p50_ms:.1f} ms"
    tail = f"; p99 {relayed.p99_ms:.1f} / {local.p99_ms:.1f} ms"
    value = relayed.p50_ms / local.p50_ms
    name = "relay_idle_latency_over_local"
    return Figure(name=name, value=value, unit="ratio", against="a local message", note=note + tail, aim="<= 2.5")


def _trips(near: Stand, far: Stand, recipient: str) -> Trips:
    with correspondent(far, "take", RECIPIENT) as taker, correspondent(near, "send", SENDER, recipient) as sender:
        one_by_one(sender, taker, FIRST)
        return one_by_one(sender, taker, IDLE)


@contextmanager
def _reader(stand: Stand) -> Iterator[None]:
    """Keep a recipient connected, who opens everything."""
    home, passphrase = stand.stage.home(RECIPIENT), stand.stage.passphrase.decode()
    words: list[str | Path] = [sys.executable, "-m", "tests.bench.reader", home, passphrase, "opened"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"reading\n"
            yield
        finally:
            process.kill()
