"""The directories of other networks, as the ledger keeps them: their files, and a version that grows with each change."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.ledger.tables import Int8, metadata

__all__ = ["peer_file", "peer_version"]

peer_file = sa.Table(
    "peer_file",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

peer_version = sa.Table(
    "peer_version",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("version", Int8, nullable=False),
)
