"""
The tables, for statements and for the comparison with the migrations.

One message row with the sealed body, one delivery row for each recipient, one event row for each change. `counter` has one row:
whoever writes on PostgreSQL locks it first, so numbers and events come in the order of commits and no two writers can
wait for each other; it also counts the deliveries in each state, so that nobody needs to scan for it.
Partial indexes cover what moves: history costs them nothing. Bodies stand last, so reading a head does not read a body.
The tables of the audit log stand in `log_tables`, those of other networks in `peer_tables`, of orders in `order_tables`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gateway.ledger.log_tables import checkpoint, log_leaf, log_state, log_tile
from gateway.ledger.order_tables import suspended
from gateway.ledger.peer_tables import lane, peer_file, peer_log, peer_version, refusal
from gateway.ledger.schema import Int8, any_of, metadata
from gateway.ledger.states import DIRECTORY, INBOX, LATE, MAY_EXPIRE, RECALL, WAITING, State

__all__ = [
    "SCHEMA_VERSION",
    "Int8",
    "any_of",
    "checkpoint",
    "counter",
    "deadline",
    "delivery",
    "directory_file",
    "event",
    "hold",
    "lane",
    "log_leaf",
    "log_state",
    "log_tile",
    "message",
    "metadata",
    "nonce",
    "outcome",
    "peer_file",
    "peer_log",
    "peer_version",
    "refusal",
    "session",
    "suspended",
    "tombstone",
]

SCHEMA_VERSION: Final = "0005"  # the newest migration: what this code reads and writes

# Delivery rows churn: their dead versions are collected early, and new versions find room on the same page.
_CHURN: Final = {"fillfactor": 85, "autovacuum_vacuum_scale_factor": 0.01, "autovacuum_vacuum_threshold": 1000}

message = sa.Table(
    "message",
    metadata,
    sa.Column("number", Int8, primary_key=True, autoincrement=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("message_id", sa.LargeBinary, nullable=False),
    sa.Column("envelope_hash", sa.LargeBinary, nullable=False),
    sa.Column("submission_hash", sa.LargeBinary),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("urgency", sa.Text, nullable=False),
    sa.Column("handling", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.LargeBinary, nullable=False),
    sa.Column("created", Int8, nullable=False),
    sa.Column("expires", Int8, nullable=False),
    sa.Column("accepted_at", Int8, nullable=False),
    sa.Column("receipt", sa.LargeBinary, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary),
    # After the body in the file: whoever asks for these takes them from an index, or from a row whose body has gone.
    sa.Column("in_reply_to", sa.LargeBinary),
    sa.Column("respond_by", Int8),
    sa.Column("ends_at", Int8),  # its end, or its expiry until it has ended: from here its retention counts
    sa.Column("origin", sa.Text),  # network of its sender; absent where that is this one, like the receipt that came from there
    sa.Column("first_receipt", sa.LargeBinary),
    # Ids grow with time, so their index grows at its end; the sender decides among the few that share one.
    sa.UniqueConstraint("message_id", "sender", name="message_id_sender"),
    sa.UniqueConstraint("envelope_hash", name="message_envelope_hash"),
)
# The few recalls, by what they recall: a target that comes after its recall finds it here.
sa.Index(
    "message_recall",
    message.c.in_reply_to,
    sqlite_where=any_of(message.c.kind, (RECALL,)),
    postgresql_where=any_of(message.c.kind, (RECALL,)),
)
sa.Index("message_ends", message.c.kind, message.c.ends_at)
# What waits here of the mail of other networks: their share is bounded.
_FROM_ELSEWHERE: Final = sa.and_(message.c.origin.is_not(None), message.c.body.is_not(None))
sa.Index("message_relayed", message.c.origin, sqlite_where=_FROM_ELSEWHERE, postgresql_where=_FROM_ELSEWHERE)
# And of each participant: a share of theirs is bounded too.
_HAS_BODY: Final = message.c.body.is_not(None)
sa.Index("message_waiting", message.c.sender, sqlite_where=_HAS_BODY, postgresql_where=_HAS_BODY)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("number", Int8, sa.ForeignKey("message.number", name="delivery_message"), primary_key=True),
    sa.Column("idx", sa.Integer, primary_key=True),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("expires", Int8, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("changed_at", Int8, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("stanza", sa.LargeBinary, nullable=False),
    sa.Column("proof", sa.LargeBinary, nullable=False),
    sa.Column("receipt", sa.LargeBinary),
    sa.Column("recalled_at", Int8),  # a recall came too late, and the copy is not known to be destroyed
    sa.Column("network", sa.Text),  # of a recipient elsewhere; `attempts` is 1 once its relay took it
    sqlite_with_rowid=False,
    postgresql_with=_CHURN,
)

_COLUMNS = delivery.c
sa.Index(
    "delivery_waiting",
    _COLUMNS.state,
    _COLUMNS.recipient,
    _COLUMNS.urgent.desc(),
    _COLUMNS.number,
    _COLUMNS.idx,
    sqlite_where=any_of(_COLUMNS.state, WAITING),
    postgresql_where=any_of(_COLUMNS.state, WAITING),
)
sa.Index(
    "delivery_inbox",
    _COLUMNS.recipient,
    _COLUMNS.number,
    sqlite_where=any_of(_COLUMNS.state, INBOX),
    postgresql_where=any_of(_COLUMNS.state, INBOX),
)
sa.Index(
    "delivery_expires",
    _COLUMNS.expires,
    sqlite_where=any_of(_COLUMNS.state, MAY_EXPIRE),
    postgresql_where=any_of(_COLUMNS.state, MAY_EXPIRE),
)

sa.Index(
    "delivery_recalled",
    _COLUMNS.recalled_at,
    sqlite_where=_COLUMNS.recalled_at.is_not(None),
    postgresql_where=_COLUMNS.recalled_at.is_not(None),
)
# What waits for a relay, in the order in which it goes.
sa.Index(
    "delivery_outbound",
    _COLUMNS.network,
    _COLUMNS.urgent.desc(),
    _COLUMNS.number,
    _COLUMNS.idx,
    sqlite_where=any_of(_COLUMNS.state, (State.OUTBOUND,)),
    postgresql_where=any_of(_COLUMNS.state, (State.OUTBOUND,)),
)

# What a recipient owes: a row for each delivery of a message that names a time to answer. Where `pace` is absent, nothing.
deadline = sa.Table(
    "deadline",
    metadata,
    sa.Column("number", Int8, primary_key=True, autoincrement=False),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("respond_by", Int8, nullable=False),
    sa.Column("answered_at", Int8),
    sa.Column("pace", sa.Text),  # due, at-risk, overdue: as it was told last
    sa.Column("next_at", Int8),  # when the next of them begins
    sqlite_with_rowid=False,
    postgresql_with=_CHURN,
)
for _name, _keys, _set in (
    ("deadline_next", [deadline.c.next_at], deadline.c.next_at),
    ("deadline_pace", [deadline.c.kind, deadline.c.pace], deadline.c.pace),
):
    sa.Index(_name, *_keys, sqlite_where=_set.is_not(None), postgresql_where=_set.is_not(None))

event = sa.Table(
    "event",
    metadata,
    sa.Column("seq", Int8, primary_key=True, autoincrement=True),
    sa.Column("at", Int8, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("envelope_hash", sa.LargeBinary),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("receipt", sa.LargeBinary),
    sa.Column("leaf", sa.LargeBinary),  # what the audit log gets of it; absent where nothing was signed
    sa.Column("number", Int8),  # of its message, as long as that is kept
)
# Numbers grow with time, so this index grows at its end, where one over hashes would grow everywhere.
sa.Index("event_number", event.c.number, sqlite_where=event.c.number.is_not(None), postgresql_where=event.c.number.is_not(None))
# A late receipt changes no row that could remember it: this index does, and grows with late receipts alone. Of a destroyed
# copy each reason counts once: a holder that only stopped using it may erase it later.
sa.Index(
    "event_late",
    event.c.envelope_hash,
    event.c.subject,
    event.c.event,
    event.c.reason,
    unique=True,
    sqlite_where=any_of(event.c.event, tuple(LATE.values())),
    postgresql_where=any_of(event.c.event, tuple(LATE.values())),
)

# The few events of the directory, among the many of messages.
sa.Index(
    "event_directory",
    event.c.seq,
    sqlite_where=any_of(event.c.event, (DIRECTORY,)),
    postgresql_where=any_of(event.c.event, (DIRECTORY,)),
)

# What the author of a message is told of it, in the order in which he reads.
outcome = sa.Table(
    "outcome",
    metadata,
    sa.Column("seq", Int8, primary_key=True, autoincrement=True),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("receipt", sa.LargeBinary, nullable=False),
    sa.Column("number", Int8),  # of its message
)
sa.Index("outcome_sender", outcome.c.sender, outcome.c.seq)
sa.Index(
    "outcome_number",
    outcome.c.number,
    sqlite_where=outcome.c.number.is_not(None),
    postgresql_where=outcome.c.number.is_not(None),
)

# What is left of a message whose retention is over: nothing that says who, what or to whom.
tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("number", Int8, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.LargeBinary, nullable=False),
    sa.Column("envelope_hash", sa.LargeBinary, nullable=False),
    sa.Column("accepted_at", Int8, nullable=False),
    sa.Column("expires", Int8, nullable=False),
    sa.Column("erased_at", Int8, nullable=False),
)

# Orders of operators to keep what would be erased; `scope` is message or conversation.
hold = sa.Table(
    "hold",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, primary_key=True),
    sa.Column("at", Int8, nullable=False),
    sqlite_with_rowid=False,
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("participant", sa.Text, primary_key=True),
    sa.Column("epoch", Int8, nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("at", Int8, nullable=False),
)

nonce = sa.Table(
    "nonce",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("nonce", sa.LargeBinary, primary_key=True),
    sa.Column("expires", Int8, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("nonce_expires", nonce.c.expires)

directory_file = sa.Table(
    "directory_file",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("number", Int8, nullable=False),  # the last acceptance number
    sa.Column("directory", Int8, nullable=False),  # version of the directory's files
    # Recalls that ever came before their target: as long as there was none, nobody needs to look for one.
    sa.Column("early_recalls", Int8, nullable=False, server_default=sa.text("0")),
    *(sa.Column(state.value, Int8, nullable=False) for state in State),
    postgresql_with={"fillfactor": 10, "autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 500},
)
