"""
`gateway serve --workers N`: several processes on one socket.

One that dies is replaced, none outlives its parent, and what drains one drains all.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.client.examples import content
from tests.scenario.asking import read_until
from tests.scenario.lines import Line, plain
from tests.scenario.process import Served, run
from tests.scenario.town import READER, SENDER, Town
from tests.support.ports import free_row
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.scenario.conftest import Setup

WORKERS: Final = 2
START_S: Final = 30.0


def children(pid: int) -> list[int]:
    """Return the workers of a process."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie, which nobody waited for yet, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def shows_metrics(port: int) -> bool:
    """Whether a worker serves its operators."""
    try:
        with Line(port, timeout_s=2.0) as line:
            return b"gateway_log_size" in line.ask(plain("GET", "/metrics")).body
    except OSError:
        return False


def drained(port: int) -> bool | None:
    """Whether the worker with this operations port says that it is drained; None while it says nothing."""
    try:
        with Line(port, timeout_s=2.0) as line:
            told: dict[str, str] = json.loads(line.ask(plain("GET", "/readyz")).body)["parts"]
            return told.get("operator") == "draining"
    except (OSError, json.JSONDecodeError):  # it died just now, at worst within its answer
        return None


async def order(town: Town, place: int, *words: str) -> None:
    """Give an order to one of the workers."""
    url = f"http://127.0.0.1:{town.operations_port + place}"
    line = ["operate", *words, "--reason", "a restart", "--config", str(town.folder / "gateway.toml"), "--url", url]
    ran = await asyncio.to_thread(run, *line)
    assert ran.code == 0, ran.err


@asynccontextmanager
async def working(town: Town) -> AsyncIterator[Served]:
    """Serve a network by two workers."""
    town.operations_port = free_row(WORKERS)
    served = await town.prepare()
    served.fresh = True
    await asyncio.to_thread(served.start, "--workers", str(WORKERS))
    workers: list[int] = []
    try:
        await until(lambda: shows_metrics(town.operations_port + WORKERS - 1), START_S)
        workers = children(served.pid)
        yield served
    finally:
        served.kill()
        await until(lambda: not any(lives(one) for one in workers), START_S)


@pytest.mark.broker
@pytest.mark.postgres
async def test_a_worker_that_dies_is_replaced_and_a_stop_ends_all(services: Setup) -> None:
    """Each worker shows its metrics on its own port; messages flow while one is killed; SIGTERM ends parent and workers."""
    town = services.town()
    async with working(town) as served:
        first = children(served.pid)
        assert len(first) == WORKERS
        assert shows_metrics(town.operations_port)
        async with town.home(SENDER) as sender:
            sent = [await sender.send(content(), to=[READER]) for _ in range(3)]
            os.kill(first[0], signal.SIGKILL)
            sent += [await sender.send(content(), to=[READER]) for _ in range(3)]
            await until(lambda: len(set(children(served.pid)) - {first[0]}) == WORKERS, START_S)
            wanted = {bytes(one.envelope_hash or b"") for one in sent}
            found = await read_until(town, READER, wanted)
        await until(lambda: shows_metrics(town.operations_port), START_S)
        assert await asyncio.to_thread(served.stop) == 0
        assert not any(lives(one) for one in first)
    assert sorted(found) == sorted(wanted)


@pytest.mark.broker
@pytest.mark.postgres
async def test_workers_share_a_drain_and_end_with_their_parent(services: Setup) -> None:
    """
    Whichever worker an operator drains, all are, and so is who takes a dead one's place; `--off` ends it for all.

    A parent that is killed can tell nobody; its workers stop all the same.
    """
    town = services.town()
    async with working(town) as served:
        ports = range(town.operations_port, town.operations_port + WORKERS)
        assert [drained(port) for port in ports] == [False] * WORKERS
        await order(town, 0, "drain")
        await until(lambda: all(drained(port) for port in ports))
        os.kill(children(served.pid)[1], signal.SIGKILL)
        await until(lambda: not drained(ports[1]))
        await until(lambda: bool(drained(ports[1])), START_S)
        await order(town, 1, "drain", "--off")
        await until(lambda: [drained(port) for port in ports] == [False] * WORKERS)
        workers = children(served.pid)
        served.kill()
        await until(lambda: not any(lives(one) for one in workers), START_S)
    assert len(workers) == WORKERS


@pytest.mark.parametrize(
    ("ledger", "told"),
    [("", "SQLite serves one process"), ("postgresql://nobody@127.0.0.1/none", "a broker in memory serves one process")],
)
async def test_what_processes_cannot_share_is_refused(tmp_path: Path, ledger: str, told: str) -> None:
    """A file, or a broker in the memory of one process: refused before anything starts, with what to do."""
    town = Town(folder=tmp_path)
    await town.prepare()
    config = tmp_path / "gateway.toml"
    if ledger:
        config.write_text(config.read_text().replace(town.ledger_url, ledger))
    ran = await asyncio.to_thread(run, "serve", str(config), "--workers", "2")
    assert told in ran.err
    assert "leave out --workers" in ran.err
    assert ran.code != 0
