"""A ledger as text: two ledgers are equal when their dumps are, whatever database they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.ledger.line import make_engine
from gateway.ledger.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["dump"]


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


def _table(connection: sa.Connection, table: sa.Table) -> str:
    rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
    return f"{table.name}: {', '.join(table.c.keys())}\n" + "".join(f"  {_line(row)}\n" for row in rows)


def _line(row: Iterable[object]) -> str:
    return " | ".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)
