"""
The tables of other networks: who carries mail there, what was seen of their logs, what was refused of them, their directories.

A directory is kept as its files, with a version that grows with each change.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.ledger.schema import Int8, metadata

__all__ = ["lane", "peer_file", "peer_log", "peer_version", "refusal"]

# Which relay process is the active one, and how far it has read the receipts of the other network.
lane = sa.Table(
    "lane",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("epoch", Int8, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Int8, nullable=False),
    sa.Column("after", Int8, nullable=False),
)

# The largest tree that was seen of the log of each gateway elsewhere.
peer_log = sa.Table(
    "peer_log",
    metadata,
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("size", Int8, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("at", Int8, nullable=False),
)

# What was refused of other networks, so that a repeat is answered alike. Its events name nobody: this is all there is to erase.
refusal = sa.Table(
    "refusal",
    metadata,
    sa.Column("envelope_hash", sa.LargeBinary, primary_key=True),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("receipt", sa.LargeBinary, nullable=False),
    sa.Column("until", Int8, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("refusal_until", refusal.c.until)

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
