"""A ledger of an earlier version is brought up to date with what it has."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from gateway.ids import Kind, MessageId
from gateway.ledger import Erasure, Ledger, migrate
from gateway.ledger.engine import make_engine
from gateway.ledger.migrate import FOLDER
from tests.ledger.samples import NOW, QM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.samples import Clock
    from tests.support.postgres import Cluster


def at_version(url: str, version: str) -> None:
    """Give an empty database the schema of an earlier version."""
    engine = make_engine(url, 1)
    with engine.connect() as connection:
        config = Config(stdout=io.StringIO())
        config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
        config.attributes["connection"] = connection
        connection.exec_driver_sql("BEGIN")
        command.upgrade(config, version)
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


def insert(url: str, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Write rows as the earlier version did."""
    engine = make_engine(url, 1)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        for table, values in rows:
            columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in values]
            connection.execute(sa.insert(sa.table(table, *columns)).values(values))
        connection.execute(sa.text("UPDATE counter SET number = 2, rejected = 1, delivered = 1"))
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


def message(number: int, envelope_hash: bytes, state: str, body: bytes | None) -> list[tuple[str, dict[str, Any]]]:
    """Return a message with one delivery and its events."""
    receipt = msgspec.msgpack.encode([msgspec.msgpack.encode([state, envelope_hash, "GN-QN@icn"]), bytes(16), bytes(64)])
    row: dict[str, Any] = {"number": number, "sender": QM, "message_id": bytes([number] * 16), "envelope_hash": envelope_hash}
    row |= {"kind": "cooperation.request", "urgency": "normal", "handling": "amber/restricted", "conversation_id": bytes(16)}
    row |= {"created": NOW, "expires": NOW + 1000, "accepted_at": NOW, "receipt": receipt, "head": b"head", "body": body}
    delivery: dict[str, Any] = {"number": number, "idx": 0, "recipient": "GN-QN@icn", "state": state, "urgent": False}
    delivery |= {"expires": NOW + 1000, "attempts": 0, "changed_at": NOW + 10, "stanza": b"s", "proof": b"p"}
    event = {"at": NOW, "event": state, "envelope_hash": envelope_hash, "subject": "GN-QN@icn", "receipt": receipt}
    told = [("outcome", {"sender": QM, "receipt": receipt})] if state == "rejected" else []
    return [("message", row), ("delivery", delivery), ("event", event), *told]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with the schema of the version before."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        at_version(url, "0002")
        yield url
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    cluster.execute("CREATE DATABASE earlier TEMPLATE template0")
    at_version(cluster.url("earlier"), "0002")
    yield cluster.url("earlier")
    cluster.drop("earlier")


async def test_what_is_here_is_erased_in_its_time_after_the_migration(old_url: str, clock: Clock) -> None:
    """Events and outcomes of before are found by their message, and what ended then has ended then."""
    over, runs = b"o" * 32, b"r" * 32
    insert(old_url, [*message(1, over, "rejected", None), *message(2, runs, "delivered", b"body")])
    migrate(old_url)
    async with await Ledger.open(old_url, migrate=False, clock=clock) as ledger:
        erasure = Erasure(Kind("cooperation.request"), NOW + 10, NOW + 1000, 50, 1000)
        assert await ledger.kept.erase(erasure._replace(ended_by=NOW + 9)) == 0
        assert await ledger.kept.erase(erasure) == 1
        assert await ledger.outcomes(QM, 0, 9) == []
        assert [(one.envelope_hash, one.subject) for one in await ledger.events(0, 9)] == [(None, ""), (runs, "GN-QN@icn")]
        assert await ledger.find(QM, MessageId(bytes([2] * 16))) is not None
        assert await ledger.kept.erase(erasure._replace(ended_by=NOW + 1000)) == 1
