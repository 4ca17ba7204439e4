"""
The tables of the audit log: its leaves stand in `event`, everything here follows from them.

`log_leaf` says where in the log an event stands, tiles keep the hashes, `checkpoint` what was signed of them.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.ledger.schema import Int8, metadata

__all__ = ["checkpoint", "log_leaf", "log_state", "log_tile"]

log_leaf = sa.Table(
    "log_leaf",
    metadata,
    sa.Column("idx", Int8, primary_key=True, autoincrement=False),  # place in the log, from 0
    sa.Column("seq", Int8, nullable=False),  # of its event
    sa.Column("name", Int8, nullable=False),  # the first 8 bytes of its leaf hash, big-endian, signed
)
sa.Index("log_leaf_name", log_leaf.c.name)

# Hash tiles of 256 hashes; the last one of a level is replaced as it grows.
log_tile = sa.Table(
    "log_tile",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("idx", Int8, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

log_state = sa.Table(
    "log_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("size", Int8, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("seq", Int8, nullable=False),  # events up to this one are in the log, or are no leaves
    sa.Column("at", Int8, nullable=False),
)

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("size", Int8, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("at", Int8, nullable=False),
    sa.Column("note", sa.LargeBinary),  # absent until it is signed
    sa.Column("cosignatures", sa.LargeBinary, nullable=False),  # signature lines of witnesses
    sa.Column("token", sa.LargeBinary),  # a time-stamp
)
sa.Index(
    "checkpoint_stamped",
    checkpoint.c.size,
    sqlite_where=checkpoint.c.token.is_not(None),
    postgresql_where=checkpoint.c.token.is_not(None),
)
