"""A ledger as text: two ledgers are equal when their dumps are, whatever database they stand in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.ledger.engine import make_engine
from gateway.ledger.states import State
from gateway.ledger.tables import metadata
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["dump", "settled"]


def dump(url: str) -> str:
    """
    Return every row of every table, in the order of the primary keys.

    The ledger may be open meanwhile: the whole dump is of one state of it.
    """
    engine = make_engine(url, 1)
    try:
        with engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql("BEGIN" if sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ")
            return "".join(_table(connection, table) for table in sorted(metadata.tables.values(), key=lambda one: one.name))
    finally:
        engine.dispose()


async def settled(url: str) -> str:
    """
    Return the dump of a gateway that is still: it has queued what it accepted, and its audit log has caught up.

    It changes nothing more unless something happens to it.
    """
    await until(lambda: asyncio.to_thread(_has_caught_up, url))
    return dump(url)


def _has_caught_up(url: str) -> bool:
    event, checkpoint = (metadata.tables[name].c for name in ("event", "checkpoint"))
    log = metadata.tables["log_state"].c
    leaves = sa.select(sa.func.count()).where(event.leaf.is_not(None)).scalar_subquery()
    signed = sa.select(sa.func.max(checkpoint.size)).where(checkpoint.note.is_not(None)).scalar_subquery()
    to_queue = sa.exists().where(metadata.tables["delivery"].c.state == State.ACCEPTED)
    engine = make_engine(url, 1)
    try:
        with engine.connect() as connection:
            return bool(
                connection.execute(sa.select(sa.func.count()).where(log.size == leaves, log.size == signed, ~to_queue)).scalar()
            )
    finally:
        engine.dispose()


def _table(connection: sa.Connection, table: sa.Table) -> str:
    rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
    return f"{table.name}: {', '.join(table.c.keys())}\n" + "".join(f"  {_line(row)}\n" for row in rows)


def _line(row: Iterable[object]) -> str:
    return " | ".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)
