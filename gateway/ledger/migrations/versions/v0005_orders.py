"""
Whom an operator suspended, and what of each sender waits.

Revision 0005. The index is filled from what stands there. There is no way down.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "suspended",
        sa.Column("participant", sa.Text(), primary_key=True),
        sa.Column("at", INT8, nullable=False),
        sqlite_with_rowid=False,
    )
    waiting = sa.text("body IS NOT NULL")
    op.create_index("message_waiting", "message", ["sender"], sqlite_where=waiting, postgresql_where=waiting)
