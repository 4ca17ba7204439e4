"""The roles of PostgreSQL: who migrates, who serves, who looks; each may do that, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from gateway.backup.refill import NUMBERS, refill
from gateway.backup.snapshot import take_snapshot
from gateway.ledger import Ledger, migrate
from gateway.ledger.tables import metadata
from tests.audit.given import fill, log_over
from tests.ledger.samples import accept, sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import Cluster

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "postgresql" / "roles.sql"
NAMES = ("owner", "service", "reader")
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def cluster(postgres_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster in which the shipped script was run, and the schema made by the owner."""
    psql = shutil.which("psql")
    assert psql is not None, "no psql: install the package postgresql"
    script = (psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={ROLES}", postgres_cluster.url())
    subprocess.run(script, check=True, capture_output=True, timeout=30)
    migrate(url(postgres_cluster, "owner"))
    yield postgres_cluster
    postgres_cluster.drop("gateway")
    for name in NAMES:
        postgres_cluster.execute(f"DROP ROLE gateway_{name}")


def url(cluster: Cluster, role: str) -> str:
    """Return the address of the ledger for a role."""
    return cluster.url("gateway").replace("postgres@", f"gateway_{role}@")


async def test_a_gateway_works_with_the_rights_of_the_service(cluster: Cluster, tmp_path: Path) -> None:
    """It accepts, sequences, signs, is backed up and restored, with a role that owns nothing."""
    async with await Ledger.open(url(cluster, "service"), migrate=False) as ledger:
        log = log_over(ledger, tmp_path)
        await accept(ledger, sample(), sample())
        await fill(ledger, 3)
        await log.advance()
        assert log.view() is not None
        await ledger.kept.tidy()
    take_snapshot(url(cluster, "service"), tmp_path / "ledger.db")
    tables = ", ".join(metadata.tables)
    with psycopg.connect(url(cluster, "owner"), autocommit=True) as line:
        line.execute(f"TRUNCATE {tables}".encode())
    refill(url(cluster, "service"), tmp_path / "ledger.db")
    async with await Ledger.open(url(cluster, "service"), migrate=False) as ledger:
        assert (await accept(ledger, sample()))[0].number > NUMBERS


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (x int)",
        "ALTER TABLE message ADD COLUMN mine int",
        "DROP TABLE nonce",
        "TRUNCATE message CASCADE",
        "UPDATE alembic_version SET version_num = '9999'",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "SET ROLE gateway_owner",
        "COPY message TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
        "ALTER ROLE gateway_owner PASSWORD 'x'",
    ],
)
def test_the_service_can_do_nothing_else(cluster: Cluster, sql: str) -> None:
    """Whoever takes a gateway over reads and writes its rows, which the log would betray; he changes no schema."""
    with psycopg.connect(url(cluster, "service"), autocommit=True) as line, pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute(sql.encode())


@pytest.mark.parametrize(
    "sql", ["DELETE FROM message", "INSERT INTO hold VALUES ('message', '', 1)", "CREATE TABLE mine (x int)"]
)
def test_who_looks_changes_nothing(cluster: Cluster, sql: str) -> None:
    """A person with the reading role cannot change a row, even after switching read-only off."""
    with psycopg.connect(url(cluster, "reader")) as line:
        assert line.execute("SELECT count(*) FROM message").fetchone() is not None
        line.rollback()
        line.execute("SET default_transaction_read_only = off")
        line.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute(sql.encode())


def test_nobody_else_gets_in(cluster: Cluster) -> None:
    """Another role of the same server cannot even connect to the ledger."""
    cluster.execute("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(cluster.url("gateway").replace("postgres@", "stranger@")).close()
    finally:
        cluster.execute("DROP ROLE stranger")
