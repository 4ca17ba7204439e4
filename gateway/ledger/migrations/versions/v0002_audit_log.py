"""
The audit log: tiles, checkpoints and the place of each leaf, and what authors are told.

Revision 0002. Events that carry a receipt since before get their leaf here, so that the log begins with the first of them;
a rejection, a hold or an end gets its line in `outcome`. There is no way down.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT8 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EMPTY_ROOT: Final = sha256().digest()
AT_ONCE: Final = 1000  # events in memory
TOLD: Final = frozenset({"rejected", "expired", "recalled", "held"})
RECEIPTS: Final = sa.text(
    "SELECT event.seq, event.event, message.sender, "
    "CASE WHEN event.event = 'accepted' THEN message.receipt ELSE event.receipt END "
    "FROM event LEFT JOIN message ON message.envelope_hash = event.envelope_hash "
    "WHERE event.seq > :last ORDER BY event.seq LIMIT :count"
)
LEAF: Final = sa.text("UPDATE event SET leaf = :leaf WHERE seq = :seq")
TELL: Final = sa.text("INSERT INTO outcome (sender, receipt) VALUES (:sender, :receipt)")


def upgrade() -> None:
    """Make the tables of the log, and give every receipt its leaf."""
    _outcome()
    _log()
    _checkpoint()
    directory = sa.text("event IN ('directory')")
    op.create_index("event_directory", "event", ["seq"], sqlite_where=directory, postgresql_where=directory)
    _fill(op.get_bind())


def _required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _outcome() -> None:
    op.create_table(
        "outcome",
        sa.Column("seq", INT8, primary_key=True, autoincrement=True),
        _required("sender", sa.Text()),
        _required("receipt", sa.LargeBinary()),
    )
    op.create_index("outcome_sender", "outcome", ["sender", "seq"])


def _log() -> None:
    op.create_table("log_leaf", _key("idx", INT8), _required("seq", INT8), _required("name", INT8))
    op.create_index("log_leaf_name", "log_leaf", ["name"])
    op.create_table("log_tile", _key("level", sa.Integer()), _key("idx", INT8), _required("data", sa.LargeBinary()))
    state = op.create_table(
        "log_state",
        _key("id", sa.Integer()),
        _required("size", INT8),
        _required("root", sa.LargeBinary()),
        _required("seq", INT8),
        _required("at", INT8),
    )
    assert state is not None
    op.bulk_insert(state, [{"id": 1, "size": 0, "root": EMPTY_ROOT, "seq": 0, "at": 0}])
    if op.get_bind().dialect.name == "postgresql":
        # Hashes do not compress: trying costs more than the tile.
        op.execute("ALTER TABLE log_tile ALTER COLUMN data SET STORAGE EXTERNAL")


def _checkpoint() -> None:
    op.create_table(
        "checkpoint",
        _key("size", INT8),
        _required("root", sa.LargeBinary()),
        _required("at", INT8),
        sa.Column("note", sa.LargeBinary()),
        _required("cosignatures", sa.LargeBinary()),
        sa.Column("token", sa.LargeBinary()),
    )
    stamped = sa.text("token IS NOT NULL")
    op.create_index("checkpoint_stamped", "checkpoint", ["size"], sqlite_where=stamped, postgresql_where=stamped)


def _fill(connection: sa.Connection) -> None:
    """Give every receipt its leaf, a page of events after the other."""
    last = 0
    while rows := connection.execute(RECEIPTS, {"last": last, "count": AT_ONCE}).all():
        last = rows[-1][0]
        signed = [(seq, event, sender, bytes(receipt)) for seq, event, sender, receipt in rows if receipt is not None]
        if signed:
            connection.execute(LEAF, [{"seq": seq, "leaf": _leaf(receipt)} for seq, _, _, receipt in signed])
        told = [{"sender": sender, "receipt": receipt} for _, event, sender, receipt in signed if event in TOLD and sender]
        if told:
            connection.execute(TELL, told)


def _leaf(signed: bytes) -> bytes:
    """SHA-256("env1/leaf" 00 receipt), out of `[ receipt:bin, key_id:16, signature:64 ]`."""
    start = 3 if signed[1:2] == b"\xc4" else 4
    return sha256(b"env1/leaf\x00" + signed[start:-84]).digest()
