"""
The engine of a ledger: where connections come from, what they are set to, and the lock on a file.

SQLite is a file of this one process: WAL, every commit synced, read back at each connection, locked by a file beside it.
PostgreSQL has a limit on every wait. An engine serves all threads, and has not connected when it is made.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from gateway.errors import Corrupt, Rejected, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ["STATEMENT_MS", "Lock", "lock_of", "make_engine"]

CONNECT_S: Final = 3  # a host that does not answer sooner is away
STATEMENT_MS: Final = 10_000  # the longest statement is the requeue at start
LOCK_MS: Final = 5_000  # another process's group takes milliseconds
IDLE_MS: Final = 15_000  # a process that was stopped in mid-transaction gives the counter row back
SILENT_MS: Final = 10_000  # a line on which sent bytes are not confirmed is cut
BUSY_MS: Final = 5_000  # a backup program may hold the file for a moment
CACHE_KIB: Final = 4096  # pages that each SQLite connection keeps
WAL_BYTES: Final = 64 << 20  # what the log file shrinks to after a long transaction

_SETTINGS: Final = {
    "statement_timeout": STATEMENT_MS,
    "lock_timeout": LOCK_MS,
    "idle_in_transaction_session_timeout": IDLE_MS,
    "client_min_messages": "error",
    # Rows of a queue come and go faster than statistics: a plan made for an empty table must not meet a full one. Every
    # statement here has its index, in the order that it needs (measured: 0.4 ms a page against 60 ms).
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_incremental_sort": "off",
    "jit": "off",
}


class Lock:
    """Keeps other processes away from a SQLite ledger as long as this one lives; a crash releases it."""

    def __init__(self, path: str) -> None:
        self._file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(self._file)
            raise Unavailable(f"another process has {path}", code="ledger-locked") from exc
        # Who talks to whom is in it: made here, because SQLite would let everyone on the machine read it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def release(self) -> None:
        """Let the next one in; the file stays, because removing it would let two in."""
        os.close(self._file)


def lock_of(url: str) -> Lock | None:
    """
    Lock a SQLite ledger to this process; None for a server, which serves many.

    Raises:
        Unavailable: `ledger-locked`; the other process goes on undisturbed.
        Unavailable: The folder cannot be written.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    try:
        return Lock(str(parsed.database))
    except OSError as exc:
        raise Unavailable(f"{parsed.database}.lock: {exc.strerror}") from exc


def make_engine(url: str, connections: int) -> sa.Engine:
    """
    Make an engine that has not connected yet.

    Args:
        url: `sqlite:///FILE` or `postgresql://...`; never shown, because it may hold a password.
        connections: At most so many at once.

    Raises:
        Rejected: `config`; not such an address.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        args: dict[str, object] = {"isolation_level": None, "check_same_thread": False, "cached_statements": 256}
        paramstyle, prepare = "qmark", _prepare_sqlite
    else:
        args = {
            "autocommit": True,
            "connect_timeout": CONNECT_S,
            "tcp_user_timeout": SILENT_MS,
            "application_name": "gateway",
            "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
        }
        paramstyle, prepare = "format", _prepare_postgresql
    engine = sa.create_engine(
        parsed, connect_args=args, paramstyle=paramstyle, poolclass=QueuePool, pool_size=connections, max_overflow=0
    )
    event.listen(engine, "connect", prepare)
    return engine


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as exc:
        raise Rejected("ledger.url is not an address", code="config") from exc
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed.set(drivername="sqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise Rejected("ledger.url must be sqlite:///FILE or postgresql://...", code="config")


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    """Set what a ledger needs, and read it back: SQLite ignores what it cannot do."""
    cursor = connection.cursor()
    # temp_store: what a statement over many rows needs to undo itself would be spilled to a file in another folder.
    # secure_delete: what is deleted or replaced is overwritten with zeros, here and not by whoever gets the page next.
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "temp_store": 2, "secure_delete": 1}
    for name, value in {"busy_timeout": BUSY_MS, **wanted, "cache_size": -CACHE_KIB, "journal_size_limit": WAL_BYTES}.items():
        cursor.execute(f"PRAGMA {name} = {value}")
    for name, value in wanted.items():
        cursor.execute(f"PRAGMA {name}")
        (seen,) = cursor.fetchone() or (None,)
        if seen != value:
            raise Corrupt(f"sqlite has {name} = {seen!r}, not {value!r}: not a local disk")
    cursor.close()


def _prepare_postgresql(connection: DBAPIConnection, _record: object) -> None:
    """Send every integer as 8 bytes: a statement is prepared for its types, and types must not vary with the values."""
    from psycopg.types.numeric import Int8Dumper  # noqa: PLC0415  # an embedded ledger does not load psycopg

    connection.adapters.register_dumper(int, Int8Dumper)
