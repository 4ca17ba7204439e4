"""Asking the ledger's database, SQLite or PostgreSQL, what `database` judges; and the files of the directory in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from gateway.doctor import database, files, machine
from gateway.doctor.finding import Finding, fail, ok, warn
from gateway.ledger.engine import make_engine

if TYPE_CHECKING:
    from gateway.config import Config

__all__ = ["Seen", "ask"]

MOUNTS: Final = Path("/proc/mounts")
_VERSION: Final = "SELECT version_num FROM alembic_version"
_FILES: Final = "SELECT name, data FROM directory_file"
_LOG: Final = "SELECT size, root FROM log_state"
_SETTINGS: Final = (
    "SELECT name, setting FROM pg_settings WHERE name IN"
    " ('synchronous_commit', 'fsync', 'full_page_writes', 'server_version_num', 'max_connections')"
)
_ROLE: Final = (
    "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb, has_schema_privilege(current_schema(), 'CREATE')"
    " FROM pg_roles WHERE rolname = current_user"
)


@dataclass
class Seen:
    """
    What the ledger showed.

    Args:
        findings: About the database.
        files: Of the directory, by name; empty where there is none.
        log_size: Leaves of the audit log; None where there is no such table.
        log_root: Of that size.
    """

    findings: list[Finding] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)
    log_size: int | None = None
    log_root: bytes = b""


def ask(config: Config) -> Seen:
    """Ask; a database that does not answer is a finding. Blocks."""
    seen = Seen()
    try:
        if config.ledger.embedded:
            _ask_sqlite(Path(config.ledger.url.removeprefix("sqlite:///")), seen)
        else:
            _ask_postgresql(config.ledger.url, seen)
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as exc:
        cause = getattr(exc, "orig", None) or exc
        seen.findings.append(fail("ledger.answers", type(cause).__name__, "see that the database runs and ledger.url is right"))
    return seen


def _ask_sqlite(path: Path, seen: Seen) -> None:
    mounts = MOUNTS.read_text() if MOUNTS.exists() else ""
    seen.findings.append(files.settled("ledger.file-system", files.file_system(path.parent.resolve(), mounts)))
    if not path.exists():
        seen.findings.append(warn("ledger.file", f"no {path} yet", "it is made at the first start"))
        return
    seen.findings.append(files.secret("ledger.file", path))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        seen.findings.append(database.journal(str(mode)))
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        _read(seen, known, lambda text: connection.execute(text).fetchall())


def _ask_postgresql(url: str, seen: Seen) -> None:
    with _connected(url) as connection:
        run = connection.exec_driver_sql
        theirs = float(run("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
        seen.findings += [ok("ledger.answers", "PostgreSQL"), machine.clock("database", theirs, time.time())]
        settings: dict[str, str] = {str(name): str(value) for name, value in run(_SETTINGS).all()}
        seen.findings += database.durable(settings)
        seen.findings.append(database.server_version(int(settings["server_version_num"])))
        used = int(run("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'").scalar_one())
        seen.findings.append(database.connections(int(settings["max_connections"]), used))
        role, above, makes = run(_ROLE).one()
        seen.findings.append(database.privileges(str(role), above=bool(above), makes_tables=bool(makes)))
        ssl = bool(run("SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)").scalar_one())
        seen.findings.append(database.encrypted(sa.make_url(url).host or "", ssl=ssl))
        _read(seen, set(sa.inspect(connection).get_table_names()), lambda text: run(text).all())


def _read(seen: Seen, known: set[str], run: Any) -> None:
    """Read what both kinds have alike."""
    version = run(_VERSION) if "alembic_version" in known else []
    seen.findings.append(database.schema(str(version[0][0]) if version else None))
    if "directory_file" in known:
        seen.files = {str(name): bytes(data) for name, data in run(_FILES)}
    if "log_state" in known:
        rows = run(_LOG)
        seen.log_size, seen.log_root = (int(rows[0][0]), bytes(rows[0][1])) if rows else (0, b"")


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    engine = make_engine(url, 1)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = on")
            yield connection
    finally:
        engine.dispose()
