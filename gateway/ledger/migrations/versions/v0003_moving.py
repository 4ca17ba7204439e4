"""
Conversations that move over time: recalls, deadlines, and the end of retention.

Revision 0003. Events and outcomes get the number of their message, so that they are found when it is erased. Messages that are
here get the time from which their retention counts; what they answered was not kept, so nothing is owed for them. There is no
way down.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE: Final = 1000  # outcomes in memory
CHURN: Final = {"fillfactor": 85, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_vacuum_threshold": 1000}
ENDS: Final = sa.text(
    "UPDATE message SET ends_at = CASE WHEN body IS NULL THEN "
    "(SELECT max(changed_at) FROM delivery WHERE delivery.number = message.number) ELSE expires END"
)
# An acceptance and its message are the same commit; so is every other event with a message that is here.
EVENTS: Final = sa.text(
    "UPDATE event SET number = (SELECT message.number FROM message WHERE message.envelope_hash = event.envelope_hash) "
    "WHERE envelope_hash IS NOT NULL"
)
OUTCOMES: Final = sa.text("SELECT seq, receipt FROM outcome WHERE seq > :last ORDER BY seq LIMIT :count")
OUTCOME: Final = sa.text(
    "UPDATE outcome SET number = (SELECT message.number FROM message WHERE message.envelope_hash = :envelope_hash) "
    "WHERE seq = :seq"
)


def upgrade() -> None:
    """Add what is new, and fill it for what is here."""
    _columns()
    _deadline()
    _kept()
    connection = op.get_bind()
    connection.execute(ENDS)
    connection.execute(EVENTS)
    _outcomes(connection)
    _indexes()


def _required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _columns() -> None:
    op.add_column("message", sa.Column("in_reply_to", sa.LargeBinary()))
    op.add_column("message", sa.Column("respond_by", INT8))
    op.add_column("message", sa.Column("ends_at", INT8))
    op.add_column("delivery", sa.Column("recalled_at", INT8))
    op.add_column("event", sa.Column("number", INT8))
    op.add_column("outcome", sa.Column("number", INT8))
    op.add_column("counter", sa.Column("early_recalls", INT8, nullable=False, server_default=sa.text("0")))


def _deadline() -> None:
    op.create_table(
        "deadline",
        sa.Column("number", INT8, primary_key=True, autoincrement=False),
        sa.Column("recipient", sa.Text(), primary_key=True),
        _required("kind", sa.Text()),
        _required("respond_by", INT8),
        sa.Column("answered_at", INT8),
        sa.Column("pace", sa.Text()),
        sa.Column("next_at", INT8),
        sqlite_with_rowid=False,
        postgresql_with=CHURN,
    )


def _kept() -> None:
    op.create_table(
        "tombstone",
        sa.Column("number", INT8, primary_key=True, autoincrement=False),
        _required("message_id", sa.LargeBinary()),
        _required("envelope_hash", sa.LargeBinary()),
        _required("accepted_at", INT8),
        _required("expires", INT8),
        _required("erased_at", INT8),
    )
    op.create_table(
        "hold",
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("value", sa.LargeBinary(), primary_key=True),
        _required("at", INT8),
        sqlite_with_rowid=False,
    )


def _indexes() -> None:
    _partial("message_recall", "message", ["in_reply_to"], "kind IN ('system.recall')")
    op.create_index("message_ends", "message", ["kind", "ends_at"])
    _partial("delivery_recalled", "delivery", ["recalled_at"], "recalled_at IS NOT NULL")
    _partial("deadline_next", "deadline", ["next_at"], "next_at IS NOT NULL")
    _partial("deadline_pace", "deadline", ["kind", "pace"], "pace IS NOT NULL")
    late = sa.text("event IN ('delivered-late', 'opened-late', 'rejected-late', 'destroyed')")
    op.drop_index("event_late", "event")
    columns = ["envelope_hash", "subject", "event", "reason"]
    op.create_index("event_late", "event", columns, unique=True, sqlite_where=late, postgresql_where=late)
    _partial("event_number", "event", ["number"], "number IS NOT NULL")
    _partial("outcome_number", "outcome", ["number"], "number IS NOT NULL")


def _outcomes(connection: sa.Connection) -> None:
    """Find the message of every outcome in its receipt, a page after the other."""
    last = 0
    while rows := connection.execute(OUTCOMES, {"last": last, "count": AT_ONCE}).all():
        last = rows[-1][0]
        connection.execute(OUTCOME, [{"seq": seq, "envelope_hash": _envelope_hash(bytes(signed))} for seq, signed in rows])


def _envelope_hash(signed: bytes) -> bytes:
    """The second element of the receipt in `[ receipt:bin, key_id:16, signature:64 ]`; empty where it is none."""
    try:
        receipt = msgspec.msgpack.decode(msgspec.msgpack.decode(signed)[0])
    except msgspec.DecodeError:
        return b""
    return receipt[1] if isinstance(receipt, list) else b""
