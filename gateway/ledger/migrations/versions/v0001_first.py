"""
The first schema.

Revision 0001. Written out in full: `gateway.ledger.tables` moves on, a released migration does not. There is no way down: a
ledger is restored from its backup.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = "state IN ('accepted', 'queued')"
INBOX = "state IN ('accepted', 'queued', 'delivered')"
MAY_EXPIRE = "state IN ('accepted', 'queued', 'held')"
LATE = "event IN ('delivered-late', 'opened-late', 'rejected-late', 'destroyed')"
STATES = ("accepted", "queued", "delivered", "opened", "rejected", "expired", "recalled", "held")


def upgrade() -> None:
    """Make all tables, and the one row of `counter`."""
    _message()
    _delivery()
    _event()
    _others()
    _counter()
    if op.get_bind().dialect.name == "postgresql":
        # Sealed bytes do not compress: trying costs more than the message.
        op.execute("ALTER TABLE message ALTER COLUMN body SET STORAGE EXTERNAL")


def _required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _partial(name: str, table: str, columns: list[str | sa.TextClause], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("number", INT8, primary_key=True, autoincrement=False),
        _required("sender", sa.Text()),
        _required("message_id", sa.LargeBinary()),
        _required("envelope_hash", sa.LargeBinary()),
        sa.Column("submission_hash", sa.LargeBinary()),
        _required("kind", sa.Text()),
        _required("urgency", sa.Text()),
        _required("handling", sa.Text()),
        _required("conversation_id", sa.LargeBinary()),
        _required("created", INT8),
        _required("expires", INT8),
        _required("accepted_at", INT8),
        _required("receipt", sa.LargeBinary()),
        _required("head", sa.LargeBinary()),
        sa.Column("body", sa.LargeBinary()),
        sa.UniqueConstraint("message_id", "sender", name="message_id_sender"),
        sa.UniqueConstraint("envelope_hash", name="message_envelope_hash"),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("number", INT8, sa.ForeignKey("message.number", name="delivery_message"), primary_key=True),
        sa.Column("idx", sa.Integer(), primary_key=True),
        _required("recipient", sa.Text()),
        _required("state", sa.Text()),
        _required("urgent", sa.Boolean()),
        _required("expires", INT8),
        _required("attempts", sa.Integer()),
        _required("changed_at", INT8),
        sa.Column("reason", sa.Text()),
        _required("stanza", sa.LargeBinary()),
        _required("proof", sa.LargeBinary()),
        sa.Column("receipt", sa.LargeBinary()),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 85, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_vacuum_threshold": 1000},
    )
    _partial("delivery_waiting", "delivery", ["state", "recipient", sa.text("urgent DESC"), "number", "idx"], WAITING)
    _partial("delivery_inbox", "delivery", ["recipient", "number"], INBOX)
    _partial("delivery_expires", "delivery", ["expires"], MAY_EXPIRE)


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", INT8, primary_key=True, autoincrement=True),
        _required("at", INT8),
        _required("event", sa.Text()),
        sa.Column("envelope_hash", sa.LargeBinary()),
        _required("subject", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("receipt", sa.LargeBinary()),
        sa.Column("leaf", sa.LargeBinary()),
    )
    _partial("event_late", "event", ["envelope_hash", "subject", "event"], LATE, unique=True)


def _others() -> None:
    op.create_table(
        "session",
        sa.Column("participant", sa.Text(), primary_key=True),
        _required("epoch", INT8),
        _required("process", sa.Text()),
        _required("at", INT8),
    )
    op.create_table(
        "nonce",
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("nonce", sa.LargeBinary(), primary_key=True),
        _required("expires", INT8),
        sqlite_with_rowid=False,
    )
    op.create_index("nonce_expires", "nonce", ["expires"])
    op.create_table(
        "directory_file",
        sa.Column("name", sa.Text(), primary_key=True),
        _required("data", sa.LargeBinary()),
    )


def _counter() -> None:
    counted = ("number", "directory", *STATES)
    table = op.create_table(
        "counter",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        *(_required(name, INT8) for name in counted),
        postgresql_with={"fillfactor": 10, "autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 500},
    )
    assert table is not None
    op.bulk_insert(table, [{"id": 1} | dict.fromkeys(counted, 0)])
