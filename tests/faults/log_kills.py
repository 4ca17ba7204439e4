"""
Kill processes that let an audit log grow, at every call through its port and at random, and judge the log after each kill.

SQLite has one process at a time, PostgreSQL two on one log. The judge (`log_count`) imports nothing of `gateway`.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from tests.faults.log_count import Judge, Verdict
from tests.faults.log_victim import Life, live
from tests.support.postgres import Cluster

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

__all__ = ["KILLS", "run"]

KILLS: Final = {"sqlite": 70, "postgresql": 40}
# Each call through the port, and how many of them a life survives at most before it dies there; tiles and entries are read at
# its start.
CALLS: Final = {"look": 5, "advance": 4, "sign_checkpoint": 4, "tiles": 1, "entries": 1}
CALL_WAIT_S: Final = 1.0  # a named call that does not come within this is killed at random instead
RANDOM_S: Final = 0.6
RANDOM_SHARE: Final = 0.3
LAST_S: Final = 30.0
JUDGE_EVERY: Final = 5

_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload(["tests.faults.log_victim"])


class _Campaign:
    """One log under fire."""

    def __init__(self, url: str, folder: Path, processes: int) -> None:
        self._url = url
        self._folder = folder
        self._processes = processes
        self._chance = random.Random(1)
        self._seeds = itertools.count()
        ways = [(call, count) for call, most in CALLS.items() for count in range(1, most + 1)]
        self._deaths = itertools.cycle([f"log.{call}:{side}:{count}" for call, count in ways for side in ("before", "after")])
        self.named = 0

    def start(self, place: int, death: str = "", *, last: bool = False) -> ForkServerProcess:
        """Start a process; the one in the same place before it had the same memory and wrote to the same file."""
        files = self._folder / f"memory-{place}", self._folder / f"{place}.promises"
        life = Life(self._url, *files, death, next(self._seeds), last)
        process = _fork.Process(target=live, args=(life,), daemon=True)
        process.start()
        return process

    def kill(self, place: int) -> None:
        """Let one life end, by its own doom or at random."""
        random_one = self._chance.random() < RANDOM_SHARE
        process = self.start(place, "" if random_one else next(self._deaths))
        process.join(self._chance.uniform(0.05, RANDOM_S) if random_one else CALL_WAIT_S)
        self.named += process.exitcode is not None
        process.kill()
        process.join()

    def settle(self) -> None:
        """Let a last process bring everything under a signature."""
        last = self.start(0, last=True)
        last.join(LAST_S)
        if last.exitcode != 0:
            last.kill()
            last.join()
            raise RuntimeError(f"the last process did not bring the log to an end: {last.exitcode}")

    def run(self, kills: int, judge: Judge) -> Verdict:
        """Kill, judge, and kill again; on several places one of them always lives."""
        for number in range(kills):
            beside = [self.start(place) for place in range(1, self._processes)]
            self.kill(0)
            for process in beside:
                process.kill()
                process.join()
            if number % JUDGE_EVERY == 0 and (verdict := judge.look()).faults:
                return verdict
        self.settle()
        return judge.look(finished=True)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[str], list[tuple[Any, ...]]]]]:
    """Give an address for processes, and what asks the same database for the judge."""
    with ExitStack() as stack:
        if kind == "sqlite":
            path = folder / "ledger.db"
            yield f"sqlite:///{path}", lambda query: _ask_sqlite(path, query)
            return
        cluster = Cluster()
        stack.callback(cluster.remove)
        cluster.start()
        url = cluster.url(cluster.create())
        with psycopg.connect(url, autocommit=True) as line:
            yield url, lambda query: list(line.execute(query.encode()))


def _ask_sqlite(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as line:
        return line.execute(query).fetchall()


def run(kind: str, kills: int, say: Callable[[str], None]) -> bool:
    """
    Run one campaign.

    Args:
        kind: `sqlite` or `postgresql`.
        kills: How many; on PostgreSQL each takes two processes.
        say: Prints a line.

    Returns:
        Whether the log kept its word.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="log-kills-") as name, _database(kind, Path(name)) as (url, ask):
        folder = Path(name)
        processes = 1 if kind == "sqlite" else 2
        campaign = _Campaign(url, folder, processes)
        campaign.settle()  # makes the tables
        verdict = campaign.run(kills // processes, Judge(ask, lambda: folder.glob("*.promises")))
    say(f"log on {kind}: {kills} kills, {campaign.named} of them at a named call, in {time.monotonic() - started:.0f} s")
    say(f"log on {kind}: {verdict.leaves} leaves, {verdict.signed} notes, {verdict.views} views, {len(verdict.faults)} broken")
    for fault in verdict.faults[:5]:
        say(f"log on {kind}: {fault}")
    return not verdict.faults and verdict.views > 0
