"""
One state of a ledger as a SQLite file, taken while others write.

SQLite is copied by its backup interface, in one step: readers disturb nobody there. PostgreSQL is read row by row in one
transaction that sees one moment, and written into an empty ledger of the same schema: so every backup can be read and proved
without a server, and a ledger can move from one database to the other.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from gateway.errors import Rejected, Unavailable
from gateway.ledger import migrate
from gateway.ledger.engine import make_engine
from gateway.ledger.migrate import check_version
from gateway.ledger.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

__all__ = ["BATCH", "columns_of", "postgresql", "remove_lock", "take_snapshot", "types_of"]

BATCH: Final = 1000  # rows
_BUSY_S: Final = 30.0  # a checkpoint of a large write-ahead log
# Longer than a statement of a gateway may take, and read as it comes.
_PATIENT: Final = "statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"
_TYPES: Final = (
    (sa.Boolean, "bool"),
    (sa.BigInteger, "int8"),
    (sa.Integer, "int4"),
    (sa.LargeBinary, "bytea"),
    (sa.Text, "text"),
)


def take_snapshot(url: str, file: Path) -> None:
    """
    Copy a ledger into a new SQLite file. Blocks.

    Args:
        url: Of the ledger; a gateway may be using it.
        file: Must not be there; its folder must.

    Raises:
        Rejected: `config`: there is no ledger.
        Corrupt: `schema-version`: of PostgreSQL, a ledger of another schema than this program's; nothing was changed.
        Unavailable: The ledger does not answer, or the file cannot be written.
    """
    file.touch(mode=0o600, exist_ok=False)
    try:
        if url.startswith("sqlite:"):
            _copy_file(Path(str(sa.make_url(url).database)), file)
        else:
            _copy_rows(url, file)
    except (sqlite3.Error, sa.exc.OperationalError) as exc:
        raise Unavailable(f"the ledger cannot be copied: {exc}") from exc


def columns_of(table: sa.Table) -> str:
    """Return the names of a table's columns, as SQL."""
    return ", ".join(column.name for column in table.columns)


def types_of(table: sa.Table) -> list[str]:
    """Return the types of a table's columns, as PostgreSQL names them."""
    return [next(name for kind, name in _TYPES if isinstance(column.type, kind)) for column in table.columns]


@contextmanager
def postgresql(url: str, begin: str) -> Iterator[psycopg.Connection]:
    """Give a line of the driver to a PostgreSQL ledger of this schema, in a transaction that takes its time."""
    engine = make_engine(url, 1)
    try:
        check_version(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql(begin)
            for name in _PATIENT:
                connection.exec_driver_sql(f"SET LOCAL {name} = 0")
            line: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            yield line
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()


def remove_lock(file: Path) -> None:
    """Remove the lock file that a migration leaves beside a copy; nobody serves from it."""
    file.with_name(f"{file.name}.lock").unlink(missing_ok=True)


def _copy_file(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Rejected(f"no ledger {source}", code="config", hint="mend ledger.url")
    # Not `mode=ro`: a reader of a write-ahead log needs its index, and may have to make it.
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=_BUSY_S)) as live:
        live.execute("PRAGMA query_only = ON")
        with closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it


def _copy_rows(url: str, target: Path) -> None:
    migrate(f"sqlite:///{target}")
    remove_lock(target)
    with postgresql(url, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as live, closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("PRAGMA synchronous = OFF")  # it is hashed, and synced before the manifest is written
        with copy:
            for table in metadata.sorted_tables:
                _copy_table(live, copy, table)


def _copy_table(live: psycopg.Connection, copy: sqlite3.Connection, table: sa.Table) -> None:
    names = columns_of(table)
    places = ", ".join("?" * len(table.columns))
    copy.execute(f"DELETE FROM {table.name}")  # noqa: S608  names of our own tables
    with live.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) TO STDOUT (FORMAT BINARY)".encode()) as rows:
        rows.set_types(types_of(table))
        copy.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows.rows())  # noqa: S608
