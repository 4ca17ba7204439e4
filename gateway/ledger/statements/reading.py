"""
Looking at the record: what a sender sees, what happened, and how much there is of everything.

Each runs on one state of the ledger.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gateway.ids import Address, EnvelopeHash, MessageId
from gateway.ledger.facts import Answered, EventRow, MessageStatus, RecipientStatus
from gateway.ledger.prepared import Transaction, single
from gateway.ledger.states import WAITING, State
from gateway.ledger.tables import Int8, any_of, counter, delivery, event, message

__all__ = ["answered", "events", "oldest_waiting", "status", "totals"]

_OLDEST: Final = single(
    sa.select(sa.func.min(message.c.accepted_at)).where(
        message.c.number == sa.select(sa.func.min(delivery.c.number)).where(any_of(delivery.c.state, WAITING)).scalar_subquery()
    )
)
_TOTALS: Final = single(sa.select(*(counter.c[state.value] for state in State)))
_STATUS: Final = single(
    sa.select(
        message.c.number,
        message.c.envelope_hash,
        message.c.accepted_at,
        message.c.expires,
        message.c.receipt.label("accepted_receipt"),
        delivery.c.recipient,
        delivery.c.state,
        delivery.c.changed_at,
        delivery.c.reason,
        delivery.c.receipt,
    )
    .join_from(message, delivery)
    .where(
        message.c.message_id == sa.bindparam("message_id", type_=sa.LargeBinary()),
        message.c.sender == sa.bindparam("sender", type_=sa.Text()),
    )
    .order_by(delivery.c.idx),
    "message_id",
    "sender",
)
_ANSWERED: Final = single(
    sa.select(message.c.sender, message.c.kind, message.c.handling, message.c.conversation_id)
    .join_from(message, delivery)
    .where(
        message.c.envelope_hash == sa.bindparam("envelope_hash", type_=sa.LargeBinary()),
        sa.or_(
            delivery.c.recipient == sa.bindparam("recipient", type_=sa.Text()),
            message.c.sender == sa.bindparam("sender", type_=sa.Text()),
        ),
    )
    .limit(sa.literal_column("1"))
    .offset(sa.literal_column("0")),
    "envelope_hash",
    "recipient",
    "sender",
)
_EVENTS: Final = single(
    sa.select(
        event.c.seq,
        event.c.at,
        event.c.event,
        event.c.envelope_hash,
        event.c.subject,
        event.c.reason,
        # The receipt of an acceptance stands with its message; twice would be 200 bytes more for each.
        sa.func.coalesce(event.c.receipt, message.c.receipt),
        event.c.leaf,
    )
    .outerjoin_from(
        event,
        message,
        sa.and_(message.c.envelope_hash == event.c.envelope_hash, any_of(event.c.event, (State.ACCEPTED,))),
    )
    .where(event.c.seq > sa.bindparam("after", type_=Int8))
    .order_by(event.c.seq)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "after",
    "limit",
)


def answered(transaction: Transaction, envelope_hash: EnvelopeHash, asker: Address) -> Answered | None:
    """Return a message that this participant sent or got."""
    rows = transaction.run(_ANSWERED, envelope_hash, asker, asker)
    return Answered(*rows[0]) if rows else None


def status(transaction: Transaction, sender: Address, message_id: MessageId) -> MessageStatus | None:
    """Return how each delivery of a sender's message stands."""
    rows = transaction.run(_STATUS, message_id, sender)
    if not rows:
        return None
    recipients = [RecipientStatus(row[5], State(row[6]), *row[7:]) for row in rows]
    return MessageStatus._make((*rows[0][:5], recipients))


def events(transaction: Transaction, after: int, limit: int) -> list[EventRow]:
    """Return the history after an event, in the order of commits."""
    return [EventRow(*row) for row in transaction.run(_EVENTS, after, limit)]


def totals(transaction: Transaction) -> dict[State, int]:
    """Return how many deliveries are in each state."""
    (row,) = transaction.run(_TOTALS)
    return {state: int(count or 0) for state, count in zip(State, row, strict=True)}


def oldest_waiting(transaction: Transaction) -> int | None:
    """Return when the oldest message that is still to be conveyed was accepted."""
    ((at,),) = transaction.run(_OLDEST)
    return None if at is None else int(at)
