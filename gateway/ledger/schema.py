"""What all tables are made of: where they are listed, the type of numbers and times, and conditions of partial indexes."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

__all__ = ["Int8", "any_of", "metadata"]

# Only INTEGER is the row's own id in SQLite, and it has 8 bytes there.
Int8: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData()


def any_of(column: sa.Column[str], words: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """Compare with constants in the text itself: a partial index is used only where its own condition stands."""
    return column.in_([sa.literal_column(f"'{word}'") for word in words])
