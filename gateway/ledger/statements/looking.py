"""
What operators look at: mailboxes that wait, what is held or late, who is suspended, one mailbox, one message with its trace.

Every page is bounded, and every look goes over a partial index: history costs nothing. Heads, bodies, stanzas and receipts are
never read here.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from gateway.ids import Address, EnvelopeHash, MessageId
from gateway.ledger.look_facts import (
    HeldRow,
    LateRow,
    MailboxRow,
    MessageRow,
    PlaceRow,
    QueuedRow,
    SuspendedRow,
    TraceRow,
)
from gateway.ledger.order_tables import suspended as suspension
from gateway.ledger.prepared import Statement, Transaction, single
from gateway.ledger.statements.owing import AT_RISK, OVERDUE
from gateway.ledger.states import INBOX, MAY_EXPIRE, WAITING, State
from gateway.ledger.tables import Int8, any_of, deadline, delivery, event, message

__all__ = [
    "held",
    "late",
    "mailbox",
    "mailboxes",
    "message_by_hash",
    "message_by_id",
    "message_by_number",
    "places",
    "recent",
    "suspended",
    "trace",
]

_LIMIT: Final = sa.bindparam("limit", type_=Int8)
_NO_OFFSET: Final[sa.ColumnClause[int]] = sa.literal_column("0")
_NUMBER: Final = sa.bindparam("number", type_=Int8)


def _boxes() -> sa.Select[Any]:
    """Count what waits by mailbox and state over the index of what waits, and look at the oldest of each."""
    box = (
        sa.select(
            delivery.c.recipient,
            delivery.c.state,
            sa.func.count().label("waiting"),
            sa.func.min(delivery.c.number).label("oldest"),
        )
        .where(any_of(delivery.c.state, WAITING))
        .group_by(delivery.c.state, delivery.c.recipient)
        .subquery("box")
    )
    columns = (box.c.recipient, box.c.state, box.c.waiting, message.c.accepted_at)
    return sa.select(*columns).join_from(box, message, message.c.number == box.c.oldest)


def _one_message(where: sa.ColumnElement[bool], *fixed: str) -> Statement:
    found = sa.select(*(message.c[name] for name in MessageRow._fields)).where(where)
    return single(found.order_by(message.c.number).limit(sa.literal_column("1")).offset(_NO_OFFSET), *fixed)


_MAILBOXES: Final = single(_boxes())
_HELD: Final = single(
    sa.select(
        delivery.c.number,
        delivery.c.idx,
        delivery.c.recipient,
        message.c.message_id,
        message.c.kind,
        delivery.c.changed_at,
        delivery.c.expires,
        delivery.c.reason,
    )
    .join_from(delivery, message)
    # The index's own condition stands beside the narrower one, as in `waiting`; only what has not ended is in it.
    .where(delivery.c.expires > sa.literal_column("0"), any_of(delivery.c.state, MAY_EXPIRE))
    .where(any_of(delivery.c.state, (State.HELD,)))
    .order_by(delivery.c.expires)
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "limit",
)
_LATE: Final = single(
    sa.select(
        deadline.c.number,
        deadline.c.recipient,
        deadline.c.kind,
        deadline.c.pace,
        deadline.c.respond_by,
        message.c.message_id,
    )
    .join_from(deadline, message, message.c.number == deadline.c.number)
    .where(deadline.c.pace.is_not(None), deadline.c.pace == sa.bindparam("pace", type_=sa.Text()))
    .order_by(deadline.c.kind, deadline.c.pace)  # as the index is, so that no other will do
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "pace",
    "limit",
)
_MAILBOX: Final = single(
    sa.select(
        delivery.c.number,
        delivery.c.idx,
        delivery.c.state,
        delivery.c.urgent,
        message.c.kind,
        message.c.message_id,
        message.c.sender,
        message.c.accepted_at,
        delivery.c.expires,
        delivery.c.attempts,
    )
    .join_from(delivery, message)
    .where(any_of(delivery.c.state, INBOX), delivery.c.recipient == sa.bindparam("recipient", type_=sa.Text()))
    .order_by(delivery.c.number)
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "recipient",
    "limit",
)
_BY_NUMBER: Final = _one_message(message.c.number == _NUMBER, "number")
_BY_ID: Final = _one_message(message.c.message_id == sa.bindparam("message_id", type_=sa.LargeBinary()), "message_id")
_HASH: Final = sa.bindparam("envelope_hash", type_=sa.LargeBinary())
_BY_HASH: Final = _one_message(message.c.envelope_hash == _HASH, "envelope_hash")
_PLACES: Final = single(
    sa.select(
        delivery.c.idx,
        delivery.c.recipient,
        delivery.c.state,
        delivery.c.changed_at,
        delivery.c.attempts,
        delivery.c.reason,
    )
    .where(delivery.c.number == _NUMBER)
    .order_by(delivery.c.idx)
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "number",
    "limit",
)
_EVENT: Final = (
    event.c.seq,
    event.c.at,
    event.c.event,
    event.c.subject,
    event.c.reason,
    event.c.number,
    event.c.leaf.is_not(None),
)
_TRACE: Final = single(
    sa.select(*_EVENT)
    .where(event.c.number.is_not(None), event.c.number == _NUMBER)
    .order_by(event.c.number, event.c.seq)
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "number",
    "limit",
)
_SUSPENDED: Final = single(
    sa.select(suspension.c.participant, suspension.c.at).order_by(suspension.c.participant).limit(_LIMIT).offset(_NO_OFFSET),
    "limit",
)
_NEWEST: Final = sa.select(sa.func.max(event.c.seq)).scalar_subquery()
_RECENT: Final = single(
    sa.select(*_EVENT)
    .where(event.c.seq > _NEWEST - sa.bindparam("span", type_=Int8))  # numbers without a row are rare
    .order_by(event.c.seq.desc())
    .limit(_LIMIT)
    .offset(_NO_OFFSET),
    "span",
    "limit",
)


def mailboxes(transaction: Transaction) -> list[MailboxRow]:
    """Return what waits, by recipient and state."""
    return [MailboxRow(*row) for row in transaction.run(_MAILBOXES)]


def held(transaction: Transaction, limit: int) -> list[HeldRow]:
    """Return held deliveries, those that expire first before the others."""
    return [HeldRow(*row) for row in transaction.run(_HELD, limit)]


def late(transaction: Transaction, limit: int) -> list[LateRow]:
    """Return answers that are overdue or at risk, at most so many of each, and of more any; the oldest time first."""
    rows = [LateRow(*row) for pace in (OVERDUE, AT_RISK) for row in transaction.run(_LATE, pace, limit)]
    return sorted(rows, key=lambda row: row.respond_by)


def mailbox(transaction: Transaction, recipient: Address, limit: int) -> list[QueuedRow]:
    """Return what one recipient has not answered, in order of acceptance."""
    rows = (QueuedRow(*row) for row in transaction.run(_MAILBOX, recipient, limit))
    return [row._replace(urgent=bool(row.urgent)) for row in rows]


def message_by_number(transaction: Transaction, number: int) -> MessageRow | None:
    """Return a message by its acceptance number."""
    return _first(transaction, _BY_NUMBER, number)


def message_by_id(transaction: Transaction, message_id: MessageId) -> MessageRow | None:
    """Return the first message with an id: ids are unique for each sender, and drawn at random."""
    return _first(transaction, _BY_ID, message_id)


def message_by_hash(transaction: Transaction, envelope_hash: EnvelopeHash) -> MessageRow | None:
    """Return a message by its envelope hash."""
    return _first(transaction, _BY_HASH, envelope_hash)


def places(transaction: Transaction, number: int, limit: int) -> list[PlaceRow]:
    """Return where the deliveries of a message stand."""
    return [PlaceRow(*row) for row in transaction.run(_PLACES, number, limit)]


def suspended(transaction: Transaction, limit: int) -> list[SuspendedRow]:
    """Return whom operators suspended, by name."""
    return [SuspendedRow(*row) for row in transaction.run(_SUSPENDED, limit)]


def trace(transaction: Transaction, number: int, limit: int) -> list[TraceRow]:
    """Return the events of a message, the first one first."""
    return [_traced(row) for row in transaction.run(_TRACE, number, limit)]


def recent(transaction: Transaction, limit: int) -> list[TraceRow]:
    """Return the newest events, the newest first."""
    return [_traced(row) for row in transaction.run(_RECENT, 2 * limit, limit)]


def _first(transaction: Transaction, statement: Statement, key: bytes | int) -> MessageRow | None:
    rows = transaction.run(statement, key)
    return MessageRow(*rows[0]) if rows else None


def _traced(row: tuple[Any, ...]) -> TraceRow:
    return TraceRow._make((*row[:-1], bool(row[-1])))
