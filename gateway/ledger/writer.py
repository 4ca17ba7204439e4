"""
The one thread that writes.

A group is what arrived until the ledger was ours to write, behind the last commit and those of other processes: no timer, a
bounded size. A group that fails is tried member by member, so
that one bad member costs the others nothing. A lost line is made anew, with bounded pauses; a commit whose outcome is not
known is repeated, because each operation answers a repeat like the first time - those that cannot are told so.
The event loop is woken once for a group.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple, TypeVar

from gateway.errors import GatewayError, Unavailable, Uncertain
from gateway.ledger.line import Failed, Line
from gateway.ledger.prepared import Transaction

__all__ = ["MAX_GROUP", "Operation", "Writer"]

T = TypeVar("T")
R = TypeVar("R")
Operation = Callable[[Transaction, Sequence[T]], Sequence[R | GatewayError]]

MAX_GROUP: Final = 256  # a commit of so many takes some 30 ms; more would only make the first wait for the last
MAX_PENDING: Final = 8192  # beyond it the database is slower than the world, and waiting helps nobody
PAUSES_S: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)  # before each repeat on a new line; then the caller decides
PATIENCE_S: Final = 5.0  # after so long no repeat is begun


class _Job(NamedTuple):
    operation: Operation[Any, Any]
    item: Any
    future: asyncio.Future[Any]
    repeatable: bool


Outcome = tuple[_Job, Any]  # an exception is an outcome


class Writer:
    """
    Commits what callers hand over, in groups.

    Args:
        line: Used by this thread alone.
        loop: Where the callers wait.
    """

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._line = line
        self._loop = loop
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = threading.Event()
        self.on_group: list[Callable[[int], object]] = []  # told the size of each group, on the event loop
        self.on_commit: list[Callable[[float], object]] = []  # told how many seconds it took, on the event loop
        self.on_told: list[Callable[[], object]] = []  # called after a group in which an author is told something
        self._tells = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Operation[T, R], item: T, *, repeatable: bool = True) -> asyncio.Future[R]:
        """
        Hand one member over; its future is done after the commit.

        Args:
            operation: What it is a member of; members of one operation are worked on together.
            item: The member.
            repeatable: Whether a commit whose outcome is not known may be repeated.

        Raises:
            Unavailable: Too much waits already, or the ledger is closing; nothing happened.
        """
        if self._closing.is_set():
            raise Unavailable("the ledger is closing")
        if self._jobs.qsize() >= MAX_PENDING:
            raise Unavailable(f"more than {MAX_PENDING} changes wait for the ledger", code="busy")
        future: asyncio.Future[R] = self._loop.create_future()
        self._jobs.put(_Job(operation, item, future, repeatable))
        return future

    def close(self) -> None:
        """Commit what was handed over, then end; blocks."""
        self._closing.set()
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            self._tells, began = False, time.perf_counter()
            outcomes = self._settle(group)
            with suppress(RuntimeError):  # the loop was closed before the ledger: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, outcomes, self._tells, time.perf_counter() - began)

    def _tell(self, outcomes: Sequence[Outcome], tells: bool, took_s: float) -> None:  # noqa: FBT001  called by the loop
        for tell in self.on_group:
            tell(len(outcomes))
        for told in self.on_commit:
            told(took_s)
        if tells:
            for called in self.on_told:
                called()
        _tell(outcomes)

    def _take(self) -> list[_Job]:
        """Wait for one job, and take those that came meanwhile; none when the last one was taken."""
        job = self._jobs.get()
        group = [] if job is None else [job]
        if group:
            self._fill(group)
        return group

    def _fill(self, group: list[_Job]) -> None:
        """Add what waits to a group."""
        with suppress(Empty):
            while len(group) < MAX_GROUP:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)  # it stays the last one
                    return
                group.append(job)

    def _settle(self, group: list[_Job], *, more: bool = True) -> list[Outcome]:
        """Commit a group, with more that comes if wished, or each of its members; an outcome for everyone."""
        try:
            return self._commit(group, more=more)
        except Failed as exc:
            error: Exception = exc.error
            alone = len(group) == 1 or not exc.split
        except Exception as exc:  # noqa: BLE001  # the outermost loop of the thread: a member's own failure is its outcome
            error, alone = exc, len(group) == 1
        if alone:
            return [(job, copy(error)) for job in group]  # each is raised in a task of its own
        return [outcome for job in group for outcome in self._settle([job], more=False)]

    def _commit(self, group: list[_Job], *, more: bool) -> list[Outcome]:
        """Commit a group, on a new line if need be; what came until the first try may write is added to it."""
        told: list[Outcome] = []
        uncertain = False
        pauses, deadline = iter(PAUSES_S), time.monotonic() + PATIENCE_S
        while True:
            try:
                return told + self._line.write(partial(self._work, group, more=more))
            except Failed as exc:
                more = False
                if exc.uncertain:
                    told += [(job, exc.error) for job in group if not job.repeatable]
                    group = [job for job in group if job.repeatable]
                    uncertain = True
                pause_s = next(pauses, None)
                last = pause_s is None or time.monotonic() > deadline
                if not exc.lost or last or self._closing.wait(pause_s):
                    error = Uncertain(exc.error.detail) if uncertain else exc.error
                    raise Failed(error, split=exc.split and not uncertain) from exc

    def _work(self, group: list[_Job], transaction: Transaction, *, more: bool) -> list[Outcome]:
        if more:
            self._fill(group)
        outcomes = _work(group, transaction)
        self._tells = self._tells or transaction.tells
        return outcomes


def _work(group: Sequence[_Job], transaction: Transaction) -> list[Outcome]:
    """Run each operation once, over all of its members."""
    members: dict[Operation[Any, Any], list[_Job]] = {}
    for job in group:
        members.setdefault(job.operation, []).append(job)
    return [
        outcome
        for operation, jobs in members.items()
        for outcome in zip(jobs, operation(transaction, [job.item for job in jobs]), strict=True)
    ]


def _tell(outcomes: Sequence[Outcome]) -> None:
    for job, outcome in outcomes:
        if job.future.done():  # its caller was cancelled; what was committed stays
            continue
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
