"""
Schema versions: Alembic's migrations stand in the package, and its table says which one a database has.

`serve` refuses a database of another version; `gateway migrate`, or the start of an embedded ledger, brings it up to date.
Two processes that migrate at once wait for each other. Alembic is loaded only where something is to be migrated: it would
take 11 MB of every process that serves.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gateway.errors import Corrupt, Unavailable
from gateway.ledger.engine import lock_of, make_engine
from gateway.ledger.tables import SCHEMA_VERSION

__all__ = ["FOLDER", "bring_up_to_date", "check_version", "migrate"]

_TABLE: Final = "alembic_version"
FOLDER: Final = Path(__file__).resolve().parent / "migrations"
_ONE_AT_A_TIME: Final = 4_851_001  # any number that nothing else in the database locks


def migrate(url: str) -> str:
    """
    Bring a ledger up to date.

    Returns:
        The version that it has now.

    Raises:
        Corrupt: `schema-version` when it is newer than this program; nothing was changed.
        Unavailable: `ledger-locked`, or the database does not answer; nothing was changed.
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
    try:
        with engine.connect() as connection:
            if _version(connection) == SCHEMA_VERSION:
                return
        with engine.connect() as connection:
            _begin(connection)
            _upgrade(connection)
            connection.exec_driver_sql("COMMIT")
    except sa.exc.OperationalError as exc:
        raise Unavailable(f"the ledger cannot be migrated: {exc.orig}") from exc


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _version(connection)
    if found is not None and found not in known:
        raise _refused(found)
    command.upgrade(config, "head")


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
    """Say what is wrong, and what to do about it: migrations go one way."""
    newer = found is not None and found > SCHEMA_VERSION
    hint = "install the program that migrated it, or a later one: deploy/upgrade.md" if newer else "run gateway migrate CONFIG"
    detail = f"the ledger has schema {found or 'none'}, this program has {SCHEMA_VERSION}"
    return Corrupt(detail, code="schema-version", hint=hint)


def _version(connection: sa.Connection) -> str | None:
    """Return the version of the schema; None before the first migration."""
    if not sa.inspect(connection).has_table(_TABLE):
        return None
    found: str | None = connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(_TABLE))).scalar()
    return found
