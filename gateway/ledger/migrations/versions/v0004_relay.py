"""
The directories of other networks.

Revision 0004. There is no way down.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new."""
    op.create_table(
        "peer_file",
        sa.Column("network", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "peer_version",
        sa.Column("network", sa.Text(), primary_key=True),
        sa.Column("version", INT8, nullable=False),
    )
