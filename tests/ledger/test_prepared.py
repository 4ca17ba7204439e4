"""Statements over batches: every row once, in as few statements as there can be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from gateway.ledger import Ref, migrate
from gateway.ledger.engine import make_engine
from gateway.ledger.prepared import Transaction, single
from gateway.ledger.statements import accepting, conveying
from gateway.ledger.tables import delivery, message
from tests.ledger.samples import NOW, QN, sample

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = single(sa.select(message.c.number).order_by(message.c.number))
STATES = single(sa.select(delivery.c.state).order_by(delivery.c.number))


@contextmanager
def writing(url: str) -> Iterator[tuple[Transaction, list[str]]]:
    """Give a transaction that is the writer, and what it says to the database."""
    migrate(url)
    engine = make_engine(url, 1)
    line = engine.raw_connection()
    said: list[str] = []
    transaction = Transaction(line.cursor(), engine.dialect, NOW)
    transaction.lock()
    line.dbapi_connection.set_trace_callback(said.append)  # type: ignore[union-attr]
    yield transaction, said
    line.close()
    engine.dispose()


@pytest.mark.parametrize("count", [1, 7, 16, 17, 63, 64, 65, 150])
def test_every_message_of_a_group_is_kept_once(sqlite_url: str, count: int) -> None:
    """Whatever number of rows their texts have."""
    with writing(sqlite_url) as (transaction, _):
        accepting.accept(transaction, [sample([QN]) for _ in range(count)])
        assert [number for (number,) in transaction.run(NUMBERS)] == list(range(1, count + 1))


def test_a_group_takes_one_statement_for_each_table(sqlite_url: str) -> None:
    """Each statement hands the interpreter's lock to the event loop and back: a look, three inserts and the counts."""
    with writing(sqlite_url) as (transaction, said):
        accepting.accept(transaction, [sample([QN]) for _ in range(7)])
        transaction.flush()
        assert [one.split()[0] for one in said] == ["SELECT", "INSERT", "INSERT", "INSERT", "UPDATE"]


def test_a_change_that_is_filled_up_changes_what_it_names(sqlite_url: str) -> None:
    """Absent keys equal nothing: seven rows of eight places move, in one statement, and no other row does."""
    with writing(sqlite_url) as (transaction, said):
        accepting.accept(transaction, [sample([QN]) for _ in range(9)])
        said.clear()
        conveying.mark_queued(transaction, [[Ref(number, 0) for number in range(2, 9)]])
        assert sum(one.startswith("WITH given") and "UPDATE delivery" in one for one in said) == 1
        assert [state for (state,) in transaction.run(STATES)] == ["accepted", *["queued"] * 7, "accepted"]
