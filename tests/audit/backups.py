"""A ledger's tables as a backup holds them, and what an attacker at the database can do: put rows back, or others."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gateway.ledger.engine import make_engine
from gateway.ledger.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Backup", "restore", "run_sql", "save"]

Backup = dict[str, list[dict[str, Any]]]


def save(url: str) -> Backup:
    """Return every row of every table, of one state of the ledger."""
    with _transaction(url) as connection:
        found = {table.name: connection.execute(sa.select(table)) for table in metadata.sorted_tables}
        return {name: [dict(row) for row in rows.mappings()] for name, rows in found.items()}


def restore(url: str, backup: Backup) -> None:
    """Put a backup in the place of everything that stands there."""
    with _transaction(url) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            if rows := backup[table.name]:
                connection.execute(sa.insert(table), rows)


def run_sql(url: str, sql: str, **values: object) -> list[tuple[Any, ...]]:
    """Run one statement as somebody who owns the database; return its rows."""
    with _transaction(url) as connection:
        result = connection.execute(sa.text(sql), values)
        return [tuple(row) for row in result] if result.returns_rows else []


@contextmanager
def _transaction(url: str) -> Iterator[sa.Connection]:
    """Work in one transaction on a line of its own; a ledger's driver leaves beginning and end to its user."""
    engine = make_engine(url, 1)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
