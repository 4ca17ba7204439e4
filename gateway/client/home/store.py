"""
The one SQLite file of a home, used by several processes at once.

Statements run on one thread of this process, but for looks at single rows. Each change is one `BEGIN IMMEDIATE ... COMMIT`
that is on disk when it returns (WAL, synchronous=FULL): what a change decides from, it reads inside. What only saves repeated
work (`later`) rides on the next change. Ids, hashes, states, times and numbers stand in clear so that they can be searched;
all else is encrypted before it comes here. What is deleted or replaced is overwritten with zeros in the file (secure_delete).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from gateway.client.home import schema
from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable

__all__ = ["BUSY_S", "FILE", "HomeStore", "Work", "connect", "create", "transact"]

FILE: Final = "home.sqlite"
BUSY_S: Final = 20.0  # another process holds the file for one commit, milliseconds; a backup may hold it for seconds

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


def create(folder: Path, fill: Work[object]) -> None:
    """
    Make the file, readable by its owner alone, and fill it in one transaction.

    Raises:
        Rejected: `home-exists`; nothing was changed.
    """
    path = folder / FILE
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as exc:
        raise Rejected(f"{path} exists", code="home-exists") from exc
    connection = _open(path)
    try:
        transact(connection, schema.migrate)
        transact(connection, fill)
    except BaseException:
        path.unlink()
        raise
    finally:
        connection.close()


def connect(folder: Path) -> sqlite3.Connection:
    """
    Open the file of a home.

    Raises:
        Rejected: `home-missing`.
        Corrupt: It is not a home that this version reads; older ones are brought up to date.
    """
    path = folder / FILE
    if not path.is_file():
        raise Rejected(f"no home in {folder}", code="home-missing")
    connection = _open(path)
    try:
        if 0 < schema.format_of(connection) < schema.FORMAT:
            transact(connection, schema.migrate)
        schema.require(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def transact(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run `work` in one transaction: on disk when this returns, else nothing of it happened."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
        except BaseException:
            if connection.in_transaction:  # a full disk ends it by itself
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.Error as exc:
        raise _translated(exc, connection) from exc
    return result


class HomeStore:
    """
    A home's file for asyncio: one connection on one thread.

    Changes that are asked for while a commit runs are committed together, each in a savepoint of its own.

    Args:
        connection: From `connect`; this object closes it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._looking: sqlite3.Connection | None = None  # of the event loop's thread
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="home")
        self._asked: list[_Change] = []
        self._committing = False
        self._later: list[Work[object]] = []
        self._closed = False

    async def read(self, work: Work[T]) -> T:
        """Run a query and return what it returns."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, work)

    async def look(self, work: Work[T]) -> T:
        """Run a query that finds single rows by their keys, on the event loop: a thread costs ten times as much."""
        self._require_open()
        try:
            self._looking = self._looking or _second(self._connection)
            with self._looking:  # one state of the file
                self._looking.execute("BEGIN")
                return work(self._looking)
        except sqlite3.OperationalError:  # another process is in the way: here nothing waits for it
            return await self.read(work)

    async def write(self, work: Work[T], then: Callable[[T], object] | None = None) -> T:
        """
        Run a change in a transaction; when this returns it survives a crash of the machine.

        Args:
            work: The change. It is made even if the one who waits for it is cancelled.
            then: Called on the event loop with what the change returned, once it is on disk, whoever went away meanwhile: for
                what memory must know of the file from then on. Raises nothing.

        Raises:
            Unavailable: Nothing was changed: the disk is full, or another process held the file too long.
            Corrupt: The file is damaged.
        """
        self._require_open()
        return await self._change(work, then)

    async def _change(self, work: Work[T], then: Callable[[T], object] | None = None) -> T:
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.append(_Change(work, result, then))
        if not self._committing:
            self._commit()
        return await result

    def later(self, work: Work[object]) -> None:
        """Run a small change with the next `write` or at `close`; losing it costs work done twice, nothing else."""
        self._later.append(work)

    async def scrub(self) -> None:
        """Empty the write-ahead file, which keeps what was erased from its place; one that is being read is emptied later."""
        self._require_open()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._read, _empty_log)

    async def close(self) -> None:
        """Write what waits for company, and end the thread."""
        self._closed = True
        if self._committing or self._later:
            with suppress(GatewayError):  # only repeated work is lost, and a closing home must close
                await self._change(lambda _connection: None)  # it comes after all that was asked for
        if self._looking is not None:
            self._looking.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    def _require_open(self) -> None:
        if self._closed:
            raise Unavailable("the home was closed")

    def _commit(self) -> None:
        """Hand all that was asked for to the thread; on the event loop."""
        group, self._asked = self._asked, []
        riders, self._later = self._later, []
        self._committing = True
        pieces = [*riders, *(change.work for change in group)]
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._run, pieces)
        done.add_done_callback(lambda future: self._committed(future, riders, group))

    def _committed(self, future: asyncio.Future[list[_Outcome]], riders: list[Work[object]], group: list[_Change]) -> None:
        if error := future.exception():
            self._later = riders + self._later
            outcomes = [_Outcome(None, error)] * len(group)
        else:
            outcomes = future.result()[len(riders) :]
        for change, outcome in zip(group, outcomes, strict=True):
            change.settle(outcome)
        self._committing = False
        if self._asked:
            self._commit()

    def _run(self, pieces: list[Work[object]]) -> list[_Outcome]:
        return transact(self._connection, lambda connection: [_piece(connection, piece) for piece in pieces])

    def _read(self, work: Work[T]) -> T:
        try:
            return work(self._connection)
        except sqlite3.Error as exc:
            raise _translated(exc, self._connection) from exc


class _Outcome(NamedTuple):
    """What a change returned, or what it raised; then nothing of it happened."""

    result: Any
    error: BaseException | None


class _Change(NamedTuple):
    """A change that somebody waits for."""

    work: Work[Any]
    result: asyncio.Future[Any]
    then: Callable[[Any], object] | None = None

    def settle(self, outcome: _Outcome) -> None:
        """Tell the one who waits, unless he went away."""
        if self.then is not None and outcome.error is None:
            self.then(outcome.result)
        if self.result.done():
            return
        if outcome.error is not None:
            self.result.set_exception(outcome.error)
        else:
            self.result.set_result(outcome.result)


def _piece(connection: sqlite3.Connection, work: Work[object]) -> _Outcome:
    connection.execute("SAVEPOINT piece")
    try:
        outcome = _Outcome(work(connection), None)
    except sqlite3.Error:
        raise  # the file is in trouble: nothing of this transaction counts
    except Exception as exc:  # noqa: BLE001  # it belongs to the one who asked, and not to the others of the group
        connection.execute("ROLLBACK TO piece")
        outcome = _Outcome(None, exc)
    connection.execute("RELEASE piece")
    return outcome


def _empty_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON")
    except sqlite3.Error as exc:
        connection.close()
        raise Corrupt(f"{path} is not a home: {exc}") from exc
    return connection


def _second(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Open the same file once more, to read; it never waits for a lock."""
    ((_, _, path),) = connection.execute("PRAGMA database_list")
    return sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None)


def _translated(exc: sqlite3.Error, connection: sqlite3.Connection) -> GatewayError:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    if isinstance(exc, sqlite3.OperationalError):
        return Unavailable(f"the home's file: {exc}")
    return Corrupt(f"the home's file: {exc}")
