"""Opening: schema versions, the lock of a file, and what must be set."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.errors import Corrupt, Rejected, Unavailable
from gateway.ledger import Ledger, migrate
from gateway.ledger.engine import make_engine
from gateway.ledger.migrate import FOLDER
from gateway.ledger.peer_tables import peer_file, peer_version
from gateway.ledger.tables import SCHEMA_VERSION, metadata
from tests.ledger.samples import QM, accept, sample
from tests.support.ledger_dump import dump
from tests.support.ports import free_port
from tests.support.postgres import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without a schema."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    cluster.execute("CREATE DATABASE empty TEMPLATE template0")
    yield cluster.url("empty")
    cluster.drop("empty")


async def test_an_empty_database_is_refused_until_it_is_migrated(empty_url: str) -> None:
    """`serve` never changes a schema by itself, and says what to do."""
    with pytest.raises(Corrupt, match="schema-version") as refused:
        await Ledger.open(empty_url, migrate=False)
    assert refused.value.row.hint == "run gateway migrate"
    assert migrate(empty_url) == SCHEMA_VERSION
    async with await Ledger.open(empty_url, migrate=False) as ledger:
        assert (await ledger.waiting(1, 1)).messages == []


async def test_a_ledger_of_a_newer_program_says_which_program_to_start(ledger_url: str) -> None:
    """After an upgrade that went half-way an old process does not start, changes nothing, and does not say to migrate back."""
    migrate(ledger_url)
    engine = make_engine(ledger_url, 1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for work in (Ledger.open(ledger_url, migrate=False), asyncio.to_thread(migrate, ledger_url)):
        with pytest.raises(Corrupt, match="the ledger has schema 9999") as refused:
            await work
        assert "a later one" in refused.value.hint


async def test_migrating_again_changes_nothing(ledger_url: str) -> None:
    """`gateway migrate` may run at every deployment."""
    async with await Ledger.open(ledger_url, migrate=True) as ledger:
        await accept(ledger, sample())
    before = dump(ledger_url)
    migrate(ledger_url)
    assert dump(ledger_url) == before


async def test_a_newer_schema_is_refused(ledger_url: str) -> None:
    """A program that was rolled back does not touch what a newer one wrote."""
    migrate(ledger_url)
    engine = make_engine(ledger_url, 1)
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for upgrade in (True, False):
        with pytest.raises(Corrupt, match="the ledger has schema 9999"):
            await Ledger.open(ledger_url, migrate=upgrade)


def test_migrations_give_the_tables_that_statements_use(empty_url: str) -> None:
    """The schema that migrations make is the one that the code knows."""
    migrate(empty_url)
    assert {peer_file.name, peer_version.name} < set(metadata.tables)
    engine = make_engine(empty_url, 1)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_code_knows_the_newest_migration() -> None:
    """A migration cannot be forgotten in the version that a start asks for."""
    assert ScriptDirectory(str(FOLDER)).get_heads() == [SCHEMA_VERSION]


async def test_a_file_has_one_process(sqlite_url: str) -> None:
    """A second gateway on the same file is stopped at its start, and the first one goes on."""
    async with await Ledger.open(sqlite_url, migrate=True) as ledger:
        program = f"from gateway.ledger import migrate; migrate({sqlite_url!r})"
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
        _, errors = await other.communicate()
        assert b"ledger-locked" in errors
        with pytest.raises(Unavailable, match="another process has"):
            await Ledger.open(sqlite_url, migrate=True)
        await accept(ledger, sample())
    async with await Ledger.open(sqlite_url, migrate=False) as ledger:
        assert len((await ledger.waiting(1 << 20, 10)).messages) == 1


async def test_a_refused_start_lets_go_of_the_file(sqlite_url: str) -> None:
    """After a refusal the operator can migrate at once."""
    with pytest.raises(Corrupt, match="schema-version"):
        await Ledger.open(sqlite_url, migrate=False)
    assert migrate(sqlite_url) == SCHEMA_VERSION


async def test_a_ledger_file_is_its_owners_alone(sqlite_url: str) -> None:
    """Who talks to whom stands in the ledger: other users of the machine cannot read it."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    async with await Ledger.open(sqlite_url, migrate=True) as ledger:
        await accept(ledger, sample())
        modes = {path.suffix: path.stat().st_mode & 0o777 for path in file.parent.glob(f"{file.name}*")}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 4


async def test_every_sqlite_connection_syncs_each_commit(sqlite_url: str) -> None:
    """The settings that promise 1 rests on are read back, not hoped for."""
    migrate(sqlite_url)
    engine = make_engine(sqlite_url, 1)
    with engine.connect() as connection:
        seen = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert seen == ["wal", 2, 1]


@pytest.mark.parametrize("url", ["", "nothing", "sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
async def test_other_addresses_are_refused(url: str) -> None:
    """A ledger is a file or a PostgreSQL database, and nothing that forgets."""
    with pytest.raises(Rejected, match="config"):
        await Ledger.open(url, migrate=True)


async def test_an_absent_server_is_unavailable() -> None:
    """A start without its database says so, and can be tried again."""
    with pytest.raises(Unavailable):
        await Ledger.open(f"postgresql://gateway@127.0.0.1:{free_port()}/ledger", migrate=False)


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    """A missing folder is told by name."""
    with pytest.raises(Unavailable, match="missing"):
        await Ledger.open(f"sqlite:///{tmp_path / 'missing' / 'ledger.db'}", migrate=True)


async def test_closing_commits_what_was_handed_over(ledger_url: str) -> None:
    """A graceful stop loses nothing, and whoever comes later is told to come back."""
    ledger = await Ledger.open(ledger_url, migrate=True)
    message = sample()
    await ledger.accept(message)
    await ledger.close()
    await ledger.close()
    with pytest.raises(Unavailable, match="closing"):
        await ledger.accept(sample())
    async with await Ledger.open(ledger_url, migrate=False) as again:
        assert await again.find(QM, message.message_id) is not None


def test_a_missing_cluster_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer without PostgreSQL learns what to install."""
    monkeypatch.setattr("pathlib.Path.glob", lambda *_: iter(()))
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(RuntimeError, match="install the package postgresql"):
        Cluster()


def test_no_statement_reads_through_history(sqlite_url: str) -> None:
    """Every statement finds its rows through an index, so a ledger does not slow down with the years."""
    migrate(sqlite_url)
    engine = make_engine(sqlite_url, 1)
    scans = []
    with engine.connect() as connection:
        for name, text, values in _statements(engine.dialect):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            scans += [f"{name}: {row[3]}" for row in plan if row[3].split(" USING")[0] in _LARGE]
    engine.dispose()
    assert scans == []


_LARGE = {f"SCAN {table}" for table in ("message", "delivery", "event", "nonce", "outcome", "log_leaf", "log_tile")}


def _statements(dialect: sa.Dialect) -> Iterator[tuple[str, str, tuple[None, ...]]]:
    from gateway.ledger import statements  # noqa: PLC0415
    from gateway.ledger.prepared import Statement  # noqa: PLC0415

    for found in pkgutil.iter_modules(statements.__path__, f"{statements.__name__}."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            for statement in value if isinstance(value, tuple) else (value,):
                if isinstance(statement, Statement):
                    text = statement.text(dialect, 4)
                    yield f"{module.__name__}.{name}", text, (None,) * text.count("?")
