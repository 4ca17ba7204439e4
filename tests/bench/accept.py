"""
What accepting costs the gateway process, beside the least that Python could do for it.

Efficiency is ideal / actual, both user and system time of one process for one message of 4 KiB, measured in turn under the same
load generator: see `ideal` for what the ideal does. The actual is `gateway serve` with its default configuration: every check,
log lines, metrics. On SQLite nobody reads: the mailbox in memory is full soon, and the rest waits in the ledger. On RabbitMQ
every message is published, and its recipient is connected and answers, so the actual has what a session costs as well; the rows
of his receipts are among those that the ideal writes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from gateway.ledger import Ledger
from tests.bench.figures import Figure
from tests.bench.ideal import Plan, Rows
from tests.bench.load import post_all
from tests.bench.running import SETTLED_S, GatewayProcess, Stand, cpu_s, settled, standing
from tests.bench.submissions import publish_cards, seal_many, write_all
from tests.support.ports import LOOPBACK, free_port, wait_for_port

__all__ = [
    "CONNECTIONS",
    "RECIPIENT",
    "SENDER",
    "Actual",
    "figures",
    "reading",
    "sealed_batches",
]

CONNECTIONS: Final = 64
BATCH: Final = 2000
ROUNDS: Final = 9  # one round differs from the next by a tenth
SENDER: Final = "NCB-QM"
RECIPIENT: Final = "NCB-QN"
TABLES: Final = ("message", "delivery", "event")
ACCEPTED: Final = 'gateway_messages_accepted_total{kind="information.report"}'
DELIVERED: Final = 'gateway_receipts_total{event="delivered"}'
GROUPS: Final = "gateway_ledger_group_changes"


class Actual:
    """The gateway under load, batch after batch."""

    def __init__(self, stand: Stand, gateway: GatewayProcess, batches: Iterator[Path]) -> None:
        self._stand = stand
        self._gateway = gateway
        self._batches = batches
        self._sent = 0
        self._groups = (0.0, 0.0)
        self._before = 0.0

    def batch(self) -> tuple[float, int]:
        """Send a batch; return the seconds of the process for one message, and the mean number of changes in a commit."""
        self._group()
        load = post_all(self._stand.services.port, CONNECTIONS, next(self._batches), self._begin)
        assert load.statuses == {"202": BATCH}, load.statuses
        self._sent += BATCH
        used_s = self._settled() - self._before
        # Asked for after the measurement: an answer costs as much as ten messages.
        self._gateway.wait_for(ACCEPTED, self._sent)
        if self._stand.setup == "rabbitmq":
            self._gateway.wait_for(DELIVERED, self._sent)
        return used_s / BATCH, self._group()

    def _begin(self) -> None:
        self._before = self._gateway.cpu_s()

    def _settled(self) -> float:
        return settled([self._gateway.pid])

    def _group(self) -> int:
        """Return the mean number of changes in a commit since the last call."""
        metrics = self._gateway.metrics()
        (changes, commits), self._groups = self._groups, (metrics[f"{GROUPS}_sum"], metrics[f"{GROUPS}_count"])
        return max(1, round((self._groups[0] - changes) / max(1, self._groups[1] - commits)))


class Ideal:
    """The process of `ideal` under the same load."""

    def __init__(self, pid: int, port: int, batches: Iterator[Path]) -> None:
        self._pid = pid
        self._port = port
        self._batches = batches
        self._before = 0.0

    def batch(self, group: int) -> float:
        """Send a batch, committed in groups of that size; return the seconds of the process for one message."""
        url = f"http://{LOOPBACK}:{self._port}/group/{group}"
        urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10).close()
        load = post_all(self._port, CONNECTIONS, next(self._batches), self._begin)
        assert load.statuses == {"200": BATCH}, load.statuses
        time.sleep(SETTLED_S)
        return (cpu_s(self._pid) - self._before) / BATCH

    def _begin(self) -> None:
        self._before = cpu_s(self._pid)


class Round(NamedTuple):
    """One batch for each, one after the other."""

    actual_s: float
    ideal_s: float
    group: int

    @classmethod
    def of(cls, actual: Actual, ideal: Ideal) -> Round:
        """Measure; the ideal commits in groups of the size that the actual had."""
        actual_s, group = actual.batch()
        return cls(actual_s, ideal.batch(group), group)

    @property
    def efficiency(self) -> float:
        """Ideal / actual."""
        return self.ideal_s / self.actual_s

    def __str__(self) -> str:
        return f"{self.ideal_s * 1e6:.0f} / {self.actual_s * 1e6:.0f} (groups of {self.group})"


def figures() -> Iterator[Figure]:
    """Measure both set-ups."""
    for setup in ("sqlite", "rabbitmq"):
        with standing(setup) as stand, stand.gateway() as gateway:
            gateway.wait_ready()
            yield from _measure(stand, gateway)


def _measure(stand: Stand, gateway: GatewayProcess) -> Iterator[Figure]:
    publish_cards(stand, [SENDER, RECIPIENT])
    files = sealed_batches(stand)
    with ExitStack() as stack:
        if stand.setup == "rabbitmq":
            stack.enter_context(reading(stand.stage.home(RECIPIENT), stand.stage.passphrase))
        actual = Actual(stand, gateway, iter(files))
        _, group = actual.batch()  # warms up, and writes the rows that the ideal copies
        ideal = stack.enter_context(_ideal(stand, iter(files)))
        ideal.batch(group)
        rounds = [Round.of(actual, ideal) for _ in range(ROUNDS)]
    costs = ", ".join(map(str, rounds))
    note = f"CPU for one message of 4 KiB to one recipient, {CONNECTIONS} connections; median of rounds, microseconds: {costs}"
    name = f"accept_{stand.setup}"
    against = "echo, signatures, trees, rows" + (", publish, consume, receipt" if stand.setup == "rabbitmq" else "")
    value = median(one.efficiency for one in rounds)
    yield Figure(name=f"{name}_efficiency", value=value, unit="ratio", against=against, note=note, aim=">= 0.6")


def sealed_batches(stand: Stand) -> list[Path]:
    """Seal one batch to warm up, and one for each round."""
    files = []
    for number in range(1 + ROUNDS):
        file = stand.stage.folder / f"batch-{number}"
        write_all(file, seal_many(stand, SENDER, [RECIPIENT], BATCH))
        files.append(file)
    return files


@contextmanager
def reading(home: Path, passphrase: bytes) -> Iterator[None]:
    """Keep a recipient connected, who takes and answers everything."""
    words = [sys.executable, "-m", "tests.bench.reader", str(home), passphrase.decode()]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"reading\n"
            yield
        finally:
            process.kill()


@contextmanager
def _ideal(stand: Stand, batches: Iterator[Path]) -> Iterator[Ideal]:
    """Run the ideal with the rows that the gateway wrote."""
    ledger = stand.fresh_ledger()
    asyncio.run(_migrate(ledger))
    amqp = next(iter(stand.services.brokers), None)
    plan = stand.stage.folder / "plan"
    plan.write_bytes(msgspec.msgpack.encode(_plan(stand.ledger, ledger, amqp)))
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.ideal", str(port), str(plan)]) as process:
        try:
            wait_for_port(port)
            yield Ideal(process.pid, port, batches)
        finally:
            process.terminate()


async def _migrate(url: str) -> None:
    await (await Ledger.open(url, migrate=True)).close()


def _plan(source: str, ledger: str, amqp: str | None) -> Plan:
    """Copy the rows of real messages, each with ids of its own."""
    columns, templates = _read_rows(source)
    messages = [_renumbered(templates[turn % len(templates)], columns, turn + 1) for turn in range(BATCH * (ROUNDS + 1))]
    return Plan(ledger, columns, messages, amqp)


def _read_rows(source: str) -> tuple[dict[str, list[str]], list[Rows]]:
    """Return the columns of each table but the database's own, and the rows of each message."""
    connection: Any = (
        sqlite3.connect(source.removeprefix("sqlite:///")) if source.startswith("sqlite") else psycopg.connect(source)
    )
    columns: dict[str, list[str]] = {}
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        keep = [at for at, name in enumerate(names) if name not in {"seq", "leaf"}]
        columns[table] = [names[at] for at in keep]
        found[table] = [tuple(row[at] for at in keep) for row in cursor.fetchall()]
    connection.close()
    return columns, _by_message(columns, found)


def _by_message(columns: dict[str, list[str]], found: dict[str, list[tuple[Any, ...]]]) -> list[Rows]:
    number, envelope = columns["message"].index("number"), columns["message"].index("envelope_hash")
    messages: dict[object, Rows] = {}
    for row in found["message"]:
        messages[row[number]] = messages[bytes(row[envelope])] = {"message": [row], "delivery": [], "event": []}
    for row in found["delivery"]:
        messages[row[columns["delivery"].index("number")]]["delivery"].append(row)
    envelope = columns["event"].index("envelope_hash")
    for row in found["event"]:
        if row[envelope] is not None:  # else the directory changed
            messages[bytes(row[envelope])]["event"].append(row)
    return [rows for key, rows in messages.items() if isinstance(key, int)]


def _renumbered(rows: Rows, columns: dict[str, list[str]], number: int) -> Rows:
    """Give a message's rows another number, id and hash."""
    fresh = {"number": number, "message_id": number.to_bytes(6, "big") + os.urandom(10), "envelope_hash": os.urandom(32)}
    return {
        table: [tuple(fresh.get(name, value) for name, value in zip(columns[table], row, strict=True)) for row in rows[table]]
        for table in TABLES
    }
