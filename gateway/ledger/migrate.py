"""
Schema versions: Alembic's migrations stand in the package, and its table says which one a database has.

`serve` refuses a database of another version; `gateway migrate`, or the start of an embedded ledger, brings it up to date.
Two processes that migrate at once wait for each other.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.errors import Corrupt, Unavailable
from gateway.ledger.line import lock_of, make_engine
from gateway.ledger.tables import SCHEMA_VERSION

__all__ = ["FOLDER", "bring_up_to_date", "check_version", "migrate"]

FOLDER: Final = Path(__file__).resolve().parent / "migrations"
_ONE_AT_A_TIME: Final = 4_851_001  # any number that nothing else in the database locks


def migrate(url: str) -> str:
    """
    Bring a ledger up to date.

    Returns:
        The version that it has now.

    Raises:
        Corrupt: `ledger-locked`, or `schema-version` when it is newer than this program; nothing was changed.
        Unavailable: The database does not answer; nothing was changed.
        Rejected: `config`; not such an address.
    """
    engine = make_engine(url, 1)
    lock = lock_of(url)
    try:
        bring_up_to_date(engine)
    finally:
        engine.dispose()
        if lock is not None:
            lock.release()
    return SCHEMA_VERSION


def bring_up_to_date(engine: sa.Engine) -> None:
    """Run what is missing, in one transaction."""
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    try:
        with engine.connect() as connection:
            _begin(connection)
            found = _version(connection)
            if found is not None and found not in {
                script.revision for script in ScriptDirectory.from_config(config).walk_revisions()
            }:
                raise _refused(found)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql("COMMIT")
    except sa.exc.OperationalError as exc:
        raise Unavailable(f"the ledger cannot be migrated: {exc.orig}") from exc


def check_version(engine: sa.Engine) -> None:
    """Raise `schema-version` when the database is not of this program's version."""
    try:
        with engine.connect() as connection:
            found = _version(connection)
    except sa.exc.OperationalError as exc:
        raise Unavailable(f"the ledger does not answer: {exc.orig}") from exc
    if found != SCHEMA_VERSION:
        raise _refused(found)


def _begin(connection: sa.Connection) -> None:
    """Begin what the driver does not: connections of a ledger leave that to us."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a migration may take its time
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")


def _refused(found: str | None) -> Corrupt:
    return Corrupt(f"the ledger has schema {found or 'none'}, this program has {SCHEMA_VERSION}", code="schema-version")


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
