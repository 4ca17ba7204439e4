"""
Puts the ledger of a backup in an empty place, so that nothing which the lost one may have given is given again.

Acceptance numbers and the places of outcomes begin anew far above: a parcel that the broker still holds, a receipt in a home, a
sender who has read so far, name what was lost and never what comes. All of it is done to a copy beside, which then
takes its place by one rename, or by one transaction.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from gateway.backup.snapshot import BATCH, columns_of, postgresql, remove_lock, types_of
from gateway.errors import Rejected, Unavailable
from gateway.ledger import migrate
from gateway.ledger.engine import lock_of
from gateway.ledger.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

__all__ = ["NUMBERS", "refill"]

NUMBERS: Final = 1 << 32  # more than any gateway has accepted since any backup: 24 days at 2,000 a second
_ELSEWHERE: Final = "restore into an empty database, or an empty folder"
_PLACES: Final = "SELECT setval(pg_get_serial_sequence('{0}', 'seq'), COALESCE(MAX(seq), 1)) FROM {0}"
_NUMBERED: Final = {name: _PLACES.format(name) for name in ("event", "outcome")}  # rows that the server numbers
# Its sender is nobody: it stands for all that may have been told since, and nobody reads it.
_OUTCOME: Final = "INSERT INTO outcome (seq, sender, receipt) SELECT COALESCE(MAX(seq), 0) + ?, '', x'' FROM outcome"


def refill(url: str, backup: Path) -> int:
    """
    Fill an empty ledger. Blocks.

    Args:
        url: Of the ledger.
        backup: The SQLite file of the backup; it is not changed.

    Returns:
        The acceptance number after which the next message is counted.

    Raises:
        Rejected: `home-exists`: there is a ledger already; nothing was changed.
        Unavailable: It does not answer, or the disk is full; there is no ledger, or an empty one.
    """
    try:
        return (
            _refill_file(Path(str(sa.make_url(url).database)), backup)
            if url.startswith("sqlite:")
            else _refill_server(url, backup)
        )
    except (OSError, sqlite3.Error, sa.exc.OperationalError) as exc:
        raise Unavailable(f"the ledger cannot be restored: {exc}", hint="see disk, permissions and database") from exc


def _refill_file(target: Path, backup: Path) -> int:
    if target.exists():
        raise Rejected(f"there is a ledger already: {target}", code="home-exists", hint=_ELSEWHERE)
    lock = lock_of(f"sqlite:///{target}")  # it makes the empty file, so that nobody begins a ledger here meanwhile
    try:
        beside = target.with_name(f"{target.name}.restoring")
        try:
            number = _prepare(backup, beside)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise
        _sync(target.parent)
    finally:
        if lock is not None:
            lock.release()
    return number


def _refill_server(url: str, backup: Path) -> int:
    migrate(url)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / backup.name
        number = _prepare(backup, copy)
        with postgresql(url, "BEGIN") as live, closing(sqlite3.connect(copy)) as rows:
            if _filled(live):
                raise Rejected("there is something in the ledger already", code="home-exists", hint=_ELSEWHERE)
            for table in reversed(metadata.sorted_tables):
                live.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608  rows that its first migration made
            for table in metadata.sorted_tables:
                _pour(rows, live, table)
    return number


def _prepare(backup: Path, copy: Path) -> int:
    """Copy the file, bring it up to date, and begin anew far above all numbers."""
    copy.touch(mode=0o600, exist_ok=True)
    shutil.copyfile(backup, copy)
    migrate(f"sqlite:///{copy}")
    remove_lock(copy)
    with closing(sqlite3.connect(copy)) as ledger:
        with ledger:
            ledger.execute("UPDATE counter SET number = number + ?", (NUMBERS,))
            ledger.execute(_OUTCOME, (NUMBERS,))
        (number,) = ledger.execute("SELECT number FROM counter").fetchone()
        ledger.execute("PRAGMA journal_mode = DELETE")
    _sync(copy)
    return int(number)


def _filled(live: psycopg.Connection) -> bool:
    looks = [f"SELECT 1 FROM {table} LIMIT 1" for table in ("message", "event", "directory_file")]  # noqa: S608  our own
    return any(live.execute(look.encode()).fetchone() for look in looks)


def _pour(rows: sqlite3.Connection, live: psycopg.Connection, table: sa.Table) -> None:
    names, booleans = columns_of(table), [isinstance(column.type, sa.Boolean) for column in table.columns]
    with live.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(types_of(table))
        for row in _rows(rows, f"SELECT {names} FROM {table.name}"):  # noqa: S608  names of our own tables
            copy.write_row([bool(value) if is_boolean else value for value, is_boolean in zip(row, booleans, strict=True)])
    if table.name in _NUMBERED:
        live.execute(_NUMBERED[table.name].encode())


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(query)
    while page := cursor.fetchmany(BATCH):
        yield from page


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
