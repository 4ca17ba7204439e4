"""
The few threads that read.

Each read runs on one state of the ledger, on a line of its own; a line that was lost is made anew and the read repeated,
because a read changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

from gateway.ledger.line import Failed, Line
from gateway.ledger.prepared import Transaction

__all__ = ["Readers"]

P = ParamSpec("P")
T = TypeVar("T")


class Readers:
    """
    Runs statements that only read.

    Args:
        lines: One for each thread.
        loop: Where the callers wait.
        here: For looks on the event loop, where the ledger is a file of this machine; else None.
    """

    def __init__(self, lines: Sequence[Line], loop: asyncio.AbstractEventLoop, here: Line | None = None) -> None:
        self._loop = loop
        self._here = here
        self._threads = ThreadPoolExecutor(len(lines), thread_name_prefix="ledger-reader")
        self._free: SimpleQueue[Line] = SimpleQueue()
        for line in lines:
            self._free.put(line)

    async def run(self, statement: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a statement and return what it returns; raise `Unavailable`."""

        def work(transaction: Transaction) -> T:
            return statement(transaction, *args, **kwargs)

        return await self._loop.run_in_executor(self._threads, partial(self._on_a_line, Line.read, work))

    async def look(self, statement: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Run a single statement that finds a few rows by their keys and return what it returns; raise `Unavailable`.

        In a file it is run here and now, because a thread costs ten times as much.
        """

        def work(transaction: Transaction) -> T:
            return statement(transaction, *args, **kwargs)

        if self._here is not None:
            with suppress(Failed):  # the threads have more patience
                return self._here.look(work)
        return await self._loop.run_in_executor(self._threads, partial(self._on_a_line, Line.look, work))

    async def tidy(self) -> bool:
        """Take what was deleted out of the files; False when somebody is in the way. Raises `Unavailable`."""
        return await self._loop.run_in_executor(self._threads, self._tidy)

    def close(self) -> None:
        """Let what runs end; blocks."""
        self._threads.shutdown()

    def _tidy(self) -> bool:
        line = self._free.get()
        try:
            return line.tidy()
        except Failed as exc:
            raise exc.error from exc
        finally:
            self._free.put(line)

    def _on_a_line(self, how: Callable[[Line, Callable[[Transaction], T]], T], work: Callable[[Transaction], T]) -> T:
        line = self._free.get()
        try:
            try:
                return how(line, work)
            except Failed as exc:
                if not exc.lost:
                    raise
                return how(line, work)  # the server was restarted: the line is new now
        except Failed as exc:
            raise exc.error from exc
        finally:
            self._free.put(line)
