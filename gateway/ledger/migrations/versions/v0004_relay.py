"""
Other networks: what waits for the relay, what came with it, and their directories.

Revision 0004. Everything that is here is of this network alone, so nothing is filled. There is no way down.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MAY_EXPIRE: Final = "state IN ('accepted', 'queued', 'held', 'outbound')"
STATES: Final = ("outbound", "relayed", "refused")


def upgrade() -> None:
    """Add what is new."""
    for state in STATES:
        op.add_column("counter", sa.Column(state, INT8, nullable=False, server_default=sa.text("0")))
    op.add_column("message", sa.Column("origin", sa.Text()))
    op.add_column("message", sa.Column("first_receipt", sa.LargeBinary()))
    op.add_column("delivery", sa.Column("network", sa.Text()))
    _indexes()
    _relay()
    _directories()


def _required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _partial(name: str, table: str, columns: list[str | sa.TextClause], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _indexes() -> None:
    op.drop_index("delivery_expires", "delivery")
    _partial("delivery_expires", "delivery", ["expires"], MAY_EXPIRE)
    order: list[str | sa.TextClause] = ["network", sa.text("urgent DESC"), "number", "idx"]
    _partial("delivery_outbound", "delivery", order, "state IN ('outbound')")
    _partial("message_relayed", "message", ["origin"], "origin IS NOT NULL AND body IS NOT NULL")


def _relay() -> None:
    op.create_table(
        "lane",
        _key("network", sa.Text()),
        _required("epoch", INT8),
        _required("holder", sa.Text()),
        _required("until", INT8),
        _required("after", INT8),
    )
    op.create_table(
        "peer_log",
        _key("gateway", sa.Text()),
        _required("size", INT8),
        _required("root", sa.LargeBinary()),
        _required("at", INT8),
    )
    op.create_table(
        "refusal",
        _key("envelope_hash", sa.LargeBinary()),
        _key("recipient", sa.Text()),
        _required("receipt", sa.LargeBinary()),
        _required("until", INT8),
        sqlite_with_rowid=False,
    )
    op.create_index("refusal_until", "refusal", ["until"])


def _directories() -> None:
    op.create_table(
        "peer_file", _key("network", sa.Text()), _key("name", sa.Text()), _required("data", sa.LargeBinary())
    )
    op.create_table("peer_version", _key("network", sa.Text()), _required("version", INT8))
