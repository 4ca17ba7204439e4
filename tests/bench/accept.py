"""
What accepting costs the gateway process, beside the least that Python could do for it.

Efficiency is ideal / actual, both user and system time of one process for one message of 4 KiB, measured in turn under the same
load generator: see `ideal` for what the ideal does. The actual is `gateway serve` with its default configuration: every check,
log lines, metrics, and the conveying to the recipient's mailbox. On RabbitMQ the recipient is connected as well, so the actual
has what a session costs, and the rows of his receipts are among those that the ideal writes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from gateway.ledger import Ledger
from tests.bench.figures import Figure
from tests.bench.ideal import Plan, Rows
from tests.bench.load import post_all
from tests.bench.running import GatewayProcess, Stand, cpu_s, standing
from tests.bench.submissions import publish_cards, seal_many, write_all
from tests.support.ports import free_port, wait_for_port

__all__ = ["figures"]

CONNECTIONS: Final = 64
BATCH: Final = 600  # with the warm-up three thousand: what the broker in memory holds of a mailbox that nobody reads
ROUNDS: Final = 4
SENDER: Final = "NCB-QM"
RECIPIENT: Final = "NCB-QN"
MAILBOX_BYTES: Final = 64 << 20  # every message is conveyed: the default in memory holds some hundred and leaves the rest
QUIET: Final = 0.02  # of one processor
SETTLED_S: Final = 0.4  # what is put off (marks) is done by then
TABLES: Final = ("message", "delivery", "event")
DISPATCHED: Final = "gateway_deliveries_dispatched_total"
DELIVERED: Final = 'gateway_receipts_total{event="delivered"}'
GROUPS: Final = "gateway_ledger_group_changes"


class Actual:
    """The gateway under load, batch after batch."""

    def __init__(self, stand: Stand, gateway: GatewayProcess, batches: Iterator[Path]) -> None:
        self._stand = stand
        self._gateway = gateway
        self._batches = batches
        self._sent = 0

    def batch(self) -> float:
        """Send a batch; return the seconds of the process for one message."""
        before = self._gateway.cpu_s()
        load = post_all(self._stand.services.port, CONNECTIONS, next(self._batches))
        assert load.statuses == {"202": BATCH}, load.statuses
        self._sent += BATCH
        used_s = self._settled() - before
        # Asked for after the measurement: an answer costs as much as ten messages.
        self._gateway.wait_for(DISPATCHED, self._sent)
        if self._stand.setup == "rabbitmq":
            self._gateway.wait_for(DELIVERED, self._sent)
        return used_s / BATCH

    def _settled(self) -> float:
        """Wait until nothing is left to do (what is put off is done after `SETTLED_S`); return what was used."""
        while True:
            seen = self._gateway.cpu_s()
            time.sleep(SETTLED_S)
            if self._gateway.cpu_s() - seen < QUIET * SETTLED_S:
                return seen

    def group(self) -> float:
        """Return the mean number of changes in one commit so far."""
        seen = self._gateway.metrics()
        return seen[f"{GROUPS}_sum"] / seen[f"{GROUPS}_count"]


class Ideal:
    """The process of `ideal` under the same load."""

    def __init__(self, pid: int, port: int, batches: Iterator[Path]) -> None:
        self._pid = pid
        self._port = port
        self._batches = batches

    def batch(self) -> float:
        """Send a batch; return the seconds of the process for one message."""
        before = cpu_s(self._pid)
        load = post_all(self._port, CONNECTIONS, next(self._batches))
        assert load.statuses == {"200": BATCH}, load.statuses
        time.sleep(SETTLED_S)
        return (cpu_s(self._pid) - before) / BATCH


def figures() -> Iterator[Figure]:
    """Measure both set-ups."""
    for setup in ("sqlite", "rabbitmq"):
        with standing(setup, MAILBOX_BYTES) as stand, stand.gateway() as gateway:
            gateway.wait_ready()
            yield from _measure(stand, gateway)


def _measure(stand: Stand, gateway: GatewayProcess) -> Iterator[Figure]:
    publish_cards(stand, [SENDER, RECIPIENT])
    files = _sealed(stand)
    with ExitStack() as stack:
        if stand.setup == "rabbitmq":
            stack.enter_context(_reader(stand))
        actual = Actual(stand, gateway, iter(files))
        actual.batch()  # warms up, and writes the rows that the ideal copies
        group = round(actual.group())
        ideal = stack.enter_context(_ideal(stand, group, iter(files)))
        ideal.batch()
        pairs = [(actual.batch(), ideal.batch()) for _ in range(ROUNDS)]
    cost, least = min(one for one, _ in pairs), min(one for _, one in pairs)
    costs = f"actual {cost * 1e6:.0f}, ideal {least * 1e6:.0f} microseconds"
    note = f"CPU for one message of 4 KiB to one recipient, {CONNECTIONS} connections, {group} changes a commit; {costs}"
    name = f"accept_{stand.setup}"
    against = "echo, signatures, trees, rows" + (", publish, consume" if stand.setup == "rabbitmq" else "")
    yield Figure(name=f"{name}_efficiency", value=least / cost, unit="ratio", against=against, note=note, aim=">= 0.6")


def _sealed(stand: Stand) -> list[Path]:
    files = []
    for number in range(1 + ROUNDS):
        file = stand.stage.folder / f"batch-{number}"
        write_all(file, seal_many(stand, SENDER, [RECIPIENT], BATCH))
        files.append(file)
    return files


@contextmanager
def _reader(stand: Stand) -> Iterator[None]:
    """Keep the recipient connected."""
    words = [sys.executable, "-m", "tests.bench.reader", str(stand.stage.home(RECIPIENT)), stand.stage.passphrase.decode()]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"reading\n"
            yield
        finally:
            process.kill()


@contextmanager
def _ideal(stand: Stand, group: int, batches: Iterator[Path]) -> Iterator[Ideal]:
    """Run the ideal with the rows that the gateway wrote."""
    ledger = stand.fresh_ledger()
    asyncio.run(_migrate(ledger))
    amqp = next(iter(stand.services.brokers), None)
    plan = stand.stage.folder / "plan"
    plan.write_bytes(msgspec.msgpack.encode(_plan(stand.ledger, (ledger, amqp), group)))
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.ideal", str(port), str(plan)]) as process:
        try:
            wait_for_port(port)
            yield Ideal(process.pid, port, batches)
        finally:
            process.terminate()


async def _migrate(url: str) -> None:
    await (await Ledger.open(url, migrate=True)).close()


def _plan(source: str, to: tuple[str, str | None], group: int) -> Plan:
    """Copy the rows of real messages, each with ids of its own."""
    columns, templates = _read_rows(source)
    messages = [_renumbered(templates[turn % len(templates)], columns, turn + 1) for turn in range(BATCH * (ROUNDS + 1))]
    return Plan(to[0], columns, messages, group, to[1])


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
