"""
From `send` to `opened`: an application calls `send`, another one's acknowledgement is recorded by the gateway.

Sender, gateway and recipient are processes of their own, as applications use the SDK. Idle, one message is under way at a
time; loaded, `AT_ONCE` sends are. The floor is the sum of what lies on the path of an idle message and waits for what was
before it, each measured alone (`floors`) between two messages; what runs beside it (the sender's receipt, `delivered`) is not
in the floor. What the floor is when each part is done over and over, and so faster than any message meets it, is told too.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import IO, Final

import msgspec

from tests.bench import floors
from tests.bench.correspondent import Seen
from tests.bench.figures import Figure
from tests.bench.running import SETUPS, Stand, standing

__all__ = ["Trips", "correspondent", "figures", "one_by_one"]

SENDER: Final = "NCB-QM"
RECIPIENT: Final = "NCB-QN"
FIRST: Final = 20  # nobody counts these: caches fill, the session opens
IDLE: Final = 280  # each part of the floor is measured some forty times between them
IN_A_ROW: Final = 200
LOADED: Final = 800
AT_ONCE: Final = 16


class Correspondent:
    """A process of `correspondent`."""

    def __init__(self, stand: Stand, role: str, name: str, *rest: object) -> None:
        words = [role, stand.stage.home(name), stand.stage.passphrase.decode(), *rest]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.correspondent", *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[str] = self._process.stdin
        self._stdout: IO[str] = self._process.stdout
        assert self._stdout.readline() == "ready\n"

    def send(self, count: int, at_once: int) -> None:
        """Let it send so many messages."""
        self._stdin.write(f"{count} {at_once}\n")
        self._stdin.flush()

    def seen(self, count: int) -> dict[str, float]:
        """Wait for so many messages; return when each was seen."""
        found = (msgspec.json.decode(self._stdout.readline(), type=Seen) for _ in range(count))
        return {one.message_id: one.at for one in found}

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Trips:
    """What came of a number of messages."""

    waits_ms: list[float]
    rate: float

    @classmethod
    def of(cls, sent: dict[str, float], opened: dict[str, float]) -> Trips:
        """Join what both ends saw."""
        waits_ms = sorted((opened[message_id] - at) * 1e3 for message_id, at in sent.items())
        seconds = max(opened[message_id] for message_id in sent) - min(sent.values())
        return cls(waits_ms, len(sent) / seconds)

    @classmethod
    def joined(cls, several: Sequence[Trips]) -> Trips:
        """Take several numbers of messages as one; the rate is that of the slowest."""
        return cls(sorted(wait_ms for one in several for wait_ms in one.waits_ms), min(one.rate for one in several))

    @property
    def p50_ms(self) -> float:
        """The median."""
        return median(self.waits_ms)

    @property
    def p99_ms(self) -> float:
        """Of a hundred, ninety-nine are faster."""
        return self.waits_ms[len(self.waits_ms) * 99 // 100]


def figures() -> Iterator[Figure]:
    """Measure both set-ups."""
    for setup in SETUPS:
        with standing(setup) as stand:
            with stand.gateway() as gateway:
                gateway.wait_ready()
                trips = _trips(stand)
            yield from trips.table(stand.setup)


class Floor:
    """
    What lies on the path of an idle message.

    Args:
        measures: Each measures one, seconds.
        counts: How often each is on the path: the syncs are those of the sender's home, the ledger, the recipient's home
            twice, and the ledger again.
    """

    def __init__(self, measures: dict[str, Callable[[], float]], *, served: bool) -> None:
        of_ledger = {floors.DISK: 3, floors.DATABASE: 2, floors.BROKER: 1} if served else {floors.DISK: 5}
        self._counts = {**of_ledger, floors.HTTP: 1, floors.SOCKET: 1, floors.SIGNATURE: 5, floors.CHECK: 5}
        self._measures = measures
        self._turns = itertools.cycle(self._counts)
        self._between: dict[str, list[float]] = {name: [] for name in self._counts}
        self.row_s = 0.0  # when each part is done over and over

    def one(self) -> None:
        """Measure the part whose turn it is."""
        name = next(self._turns)
        self._between[name].append(self._measures[name]())

    def in_a_row(self) -> None:
        """Measure each part over and over."""
        self.row_s = self._sum({name: [self._measures[name]() for _ in range(IN_A_ROW)] for name in self._counts})

    def sum_s(self) -> float:
        """Return all of it, seconds."""
        return self._sum(self._between)

    def __str__(self) -> str:
        parts = (f"{count} {name} of {median(self._between[name]) * 1e3:.2f}" for name, count in self._counts.items())
        return f"{', '.join(parts)}; over and over {self.row_s * 1e3:.2f} in all"

    def _sum(self, seconds: dict[str, list[float]]) -> float:
        return sum(count * median(seconds[name]) for name, count in self._counts.items())


@dataclass(frozen=True, slots=True)
class Measured:
    """One set-up."""

    idle: Trips
    loaded: Trips
    floor: Floor

    def table(self, setup: str) -> Iterator[Figure]:
        """Return the figures."""
        name = "whole_way_idle_over_floor" + ("" if setup == SETUPS[0] else f"_{setup}")
        note = f"p50 from send to opened, {setup}, {self.idle.p50_ms:.2f} ms; the floor in ms: {self.floor}"
        value = self.idle.p50_ms / self.floor.sum_s() / 1e3
        yield Figure(name=name, value=value, unit="ratio", against="its path, part by part", note=note, aim="<= 4")
        yield from _rows(self.idle, f"whole_way_{setup}_idle", "one message at a time")
        yield from _rows(self.loaded, f"whole_way_{setup}_loaded", f"{AT_ONCE} sends at once")


def _rows(trips: Trips, name: str, how: str) -> Iterator[Figure]:
    note = f"send to opened through the SDK, {how}; sender, gateway, reader and servers share the machine"
    yield Figure(name=f"{name}_p50_ms", value=trips.p50_ms, unit="ms", against="none", note=note)
    yield Figure(name=f"{name}_p99_ms", value=trips.p99_ms, unit="ms", against="none", note=note)
    yield Figure(name=f"{name}_rate", value=trips.rate, unit="messages/s", against="none", note=note)


def _trips(stand: Stand) -> Measured:
    with correspondent(stand, "read", RECIPIENT) as reader, correspondent(stand, "send", SENDER, RECIPIENT) as sender:
        one_by_one(sender, reader, FIRST)
        database = None if stand.cluster is None else stand.fresh_ledger()
        with floors.open_floors(stand.stage.folder, database, next(iter(stand.services.brokers), None)) as measures:
            floor = Floor(measures, served=stand.cluster is not None)
            floor.in_a_row()
            idle = one_by_one(sender, reader, IDLE, floor.one)
        sender.send(LOADED, AT_ONCE)
        loaded = Trips.of(sender.seen(LOADED), reader.seen(LOADED))
    return Measured(idle, loaded, floor)


def one_by_one(sender: Correspondent, reader: Correspondent, count: int, between: Callable[[], object] = lambda: None) -> Trips:
    """Send each message when the one before it was opened, and something was done between."""
    sent: dict[str, float] = {}
    opened: dict[str, float] = {}
    for _ in range(count):
        sender.send(1, 1)
        opened |= reader.seen(1)
        sent |= sender.seen(1)
        between()
    return Trips.of(sent, opened)


@contextmanager
def correspondent(stand: Stand, role: str, name: str, *rest: object) -> Iterator[Correspondent]:
    process = Correspondent(stand, role, name, *rest)
    try:
        yield process
    finally:
        process.end()
