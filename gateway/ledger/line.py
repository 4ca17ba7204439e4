"""
The line to the database: a connection, its transactions, and what a failure means.

Transactions are begun here and not by a driver: SQLite's own would begin without the
write lock. A foreign exception becomes `Failed`, which says whether anything can have happened.
A `Line` belongs to one thread at a time.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa

from gateway.errors import Corrupt, GatewayError, Unavailable, Uncertain
from gateway.ledger.engine import STATEMENT_MS
from gateway.ledger.prepared import Transaction

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import PoolProxiedConnection

__all__ = ["Failed", "Line", "translate"]

T = TypeVar("T")

WAIT_S: Final = 12  # a transaction that takes longer than its statements may has a line on which no answer comes
_OVERTIME: Final = frozenset({"57014", "55P03"})  # query_canceled, lock_not_available: the next try would wait as long
# The server ends the line (shutdown, crash, start, idle), or has become a copy that cannot be written.
_ENDED: Final = frozenset({"57P01", "57P02", "57P03", "25P03", "25006"})


_VACUUM: Final = "VACUUM message, delivery, event, outcome, deadline, refusal"  # the tables that an erasure touches


class Failed(Exception):  # noqa: N818  # named as the errors that it carries
    """
    A transaction that failed.

    Args:
        error: What the caller is told.
        lost: The line is gone; the same may succeed on a new one.
        split: A smaller transaction may succeed where this one did not.
    """

    def __init__(self, error: GatewayError, *, lost: bool = False, split: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.lost = lost
        self.split = split

    @property
    def uncertain(self) -> bool:
        """Whether the transaction may have been committed."""
        return isinstance(self.error, Uncertain)


def translate(exc: BaseException, engine: sa.Engine, connection: DBAPIConnection | None, *, committing: bool) -> Failed | None:
    """
    Say what an exception means; None when it is not one of the database's ways to fail.

    Args:
        exc: Of the driver, or of whoever worked in the transaction.
        engine: Whose driver it is.
        connection: The one that failed; None when it could not be made.
        committing: The commit had been sent.
    """
    dbapi = engine.dialect.loaded_dbapi
    if not isinstance(exc, dbapi.Error):
        return None
    text = f"{type(exc).__name__}: {str(exc).partition(chr(10))[0]}"  # the lines that follow quote values
    name, state = getattr(exc, "sqlite_errorname", "") or "", getattr(exc, "sqlstate", "") or ""
    if name in {"SQLITE_CORRUPT", "SQLITE_NOTADB"} or isinstance(exc, dbapi.IntegrityError):
        return Failed(Corrupt(text), split=True)
    lost = connection is None or state in _ENDED or engine.dialect.is_disconnect(exc, connection, None)
    if committing and (lost or name.startswith("SQLITE_IOERR")):
        return Failed(Uncertain(f"the commit was not confirmed: {text}"), lost=lost)
    if isinstance(exc, dbapi.OperationalError | dbapi.InterfaceError) or lost:
        return Failed(Unavailable(text), lost=lost, split=not lost and state not in _OVERTIME)
    return None


class Line:
    """
    One connection that is made when it is needed, and made anew after it was lost.

    Args:
        engine: Where connections come from.
        clock: Unix seconds.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._sqlite = engine.dialect.name == "sqlite"
        self._connection: PoolProxiedConnection | None = None
        self._busy_since: float | None = None

    def write(self, work: Callable[[Transaction], T]) -> T:
        """
        Do `work` as the only writer, and commit it.

        Raises:
            Failed: Nothing of it is stored, unless `Failed.uncertain`.
            Exception: What `work` raised; nothing of it is stored.
        """

        def locked(transaction: Transaction) -> T:
            transaction.lock()
            result = work(transaction)
            transaction.flush()
            return result

        return self._transact("BEGIN IMMEDIATE" if self._sqlite else "BEGIN", locked)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the ledger; raise `Failed`."""
        return self._transact("BEGIN" if self._sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)

    def look(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`, which is one statement that reads and so needs no transaction around it; raise `Failed`."""
        return self._transact("", work)

    def tidy(self) -> bool:
        """
        Take what was deleted out of the files, outside any transaction; False when somebody is in the way.

        May take minutes on a large server, and nobody waits for it: it has no limit, and is not cut.

        Raises:
            Failed: Nothing is lost; what is left is taken another time.
        """
        connection = self._connected()
        try:
            cursor = connection.cursor()
            if self._sqlite:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy = bool((cursor.fetchone() or (1,))[0])
            else:
                for statement in ("SET statement_timeout = 0", _VACUUM, f"SET statement_timeout = {STATEMENT_MS}"):
                    cursor.execute(statement)
                busy = False
            cursor.close()
        except BaseException as exc:
            failed = translate(exc, self._engine, connection.dbapi_connection, committing=False)
            self._give_up(lost=True)  # its settings are not known any more
            if failed is None:
                raise
            raise failed from exc
        return not busy

    def cut_if_silent(self) -> None:
        """
        Cut a line on which no answer has come for too long; its own thread then finds it lost. For any thread.

        A server that was stopped, or a network that swallows, confirms what is sent to it: only time tells.
        """
        since, connection = self._busy_since, self._connection
        if self._sqlite or since is None or connection is None or time.monotonic() - since < WAIT_S:
            return
        with suppress(self._engine.dialect.loaded_dbapi.Error, AttributeError, OSError):  # it ended meanwhile
            line = socket.socket(fileno=os.dup(connection.dbapi_connection.fileno()))  # type: ignore[union-attr]
            line.shutdown(socket.SHUT_RDWR)
            line.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transact(self, begin: str, work: Callable[[Transaction], T]) -> T:
        connection = self._connected()
        committing = False
        self._busy_since = time.monotonic()
        try:
            cursor = connection.cursor() if self._sqlite else connection.cursor(binary=True)
            if begin:
                cursor.execute(begin)
            result = work(Transaction(cursor, self._engine.dialect, int(self._clock())))
            cursor.close()
            committing = True
            connection.commit()
        except BaseException as exc:
            failed = translate(exc, self._engine, connection.dbapi_connection, committing=committing)
            self._give_up(lost=failed is not None and failed.lost)
            if failed is None:
                raise
            raise failed from exc
        finally:
            self._busy_since = None
        return result

    def _connected(self) -> PoolProxiedConnection:
        if self._connection is None:
            try:
                self._connection = self._engine.raw_connection()
            except self._engine.dialect.loaded_dbapi.Error as exc:
                raise translate(exc, self._engine, None, committing=False) or exc from exc
        return self._connection

    def _give_up(self, *, lost: bool) -> None:
        """Undo the transaction; a connection that cannot even do that is thrown away."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not lost:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                connection.rollback()
                self._connection = connection
                return
        connection.invalidate()
