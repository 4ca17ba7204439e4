"""The table of operators' orders that stand until another one ends them."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.ledger.schema import Int8, metadata

__all__ = ["suspended"]

# Whom this gateway serves no more, until an operator resumes it or the authority has acted.
suspended = sa.Table(
    "suspended",
    metadata,
    sa.Column("participant", sa.Text, primary_key=True),
    sa.Column("at", Int8, nullable=False),
    sqlite_with_rowid=False,
)
