"""
Accepting: one look for repeats, one insert for each table, for all messages of a group, and what follows from them at once.

The number is given and the receipt signed under the writer's lock, so numbers grow in the order of commits. Same sender and
id: the same message gets its first answer again, another message is a conflict (promise 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.envelope import Row as DeliveryRow
from gateway.envelope import signed_receipt_leaf
from gateway.errors import GatewayError, Rejected
from gateway.ids import Address, MessageId, network_of
from gateway.ledger.facts import URGENT, Acceptance, Stored
from gateway.ledger.prepared import Insert, Statement, Transaction, Value, place
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.statements.owing import owe
from gateway.ledger.statements.recalling import recall
from gateway.ledger.states import State
from gateway.ledger.tables import delivery, message

__all__ = ["accept", "find"]

Row = tuple[Value, ...]

_KNOWN: Final = Statement(
    lambda rows: sa.select(
        message.c.message_id,
        message.c.sender,
        message.c.number,
        message.c.receipt,
        message.c.head,
        message.c.envelope_hash,
        message.c.submission_hash,
    ).where(message.c.message_id.in_([place(message.c.message_id, row) for row in range(rows)])),
    ("message_id",),
)


_MESSAGE: Final = Insert(message, message.c.keys())
_DELIVERY: Final = Insert(delivery, delivery.c.keys())
_STATE: Final = delivery.c.keys().index("state")


def accept(transaction: Transaction, batch: Sequence[Acceptance]) -> list[Stored | GatewayError]:
    """Store what is new; answer what is not."""
    known = find(transaction, [(one.sender, one.message_id) for one in batch])
    outcomes: list[Stored | GatewayError] = []
    fresh: dict[int, Acceptance] = {}
    messages: list[Row] = []
    deliveries: list[Row] = []
    events: list[Row] = []
    for one in batch:
        earlier = known.get((one.sender, one.message_id))
        if earlier is not None:
            outcomes.append(_again(one, earlier))
            continue
        number = transaction.number + len(messages) + 1
        stored = Stored(number, one.sign(number), one.head, one.envelope_hash, one.submission_hash, repeated=False)
        known[one.sender, one.message_id] = stored
        outcomes.append(stored)
        fresh[number] = one
        messages.append(_message_row(one, stored, transaction.now))
        deliveries.extend(_delivery_rows(one, number, transaction.now))
        # The receipt stands with its message; its leaf here, in the order of all leaves.
        leaf = signed_receipt_leaf(stored.receipt)
        events.append((transaction.now, State.ACCEPTED.value, one.envelope_hash, one.sender, None, None, leaf, number))
    transaction.write(_MESSAGE, messages)
    transaction.write(_DELIVERY, deliveries)
    transaction.write(event_statement, events)
    transaction.count("number", len(messages))
    for state, count in Counter(row[_STATE] for row in deliveries).items():
        transaction.count(str(state), count)
    owe(transaction, fresh)
    recall(transaction, fresh)
    return outcomes


def find(transaction: Transaction, names: Sequence[tuple[Address, MessageId]]) -> dict[tuple[Address, MessageId], Stored]:
    """Return those messages that are stored, by sender and id."""
    wanted = set(names)
    return {
        (sender, message_id): Stored(number, receipt, head, envelope_hash, submission_hash, repeated=True)
        for message_id, sender, number, receipt, head, envelope_hash, submission_hash in transaction.look(
            _KNOWN, [(message_id,) for _, message_id in names]
        )
        if (sender, message_id) in wanted
    }


def _again(one: Acceptance, earlier: Stored) -> Stored | GatewayError:
    same = one.envelope_hash == earlier.envelope_hash or (
        one.submission_hash is not None and one.submission_hash == earlier.submission_hash
    )
    return earlier._replace(repeated=True) if same else Rejected(code="conflict")


def _message_row(one: Acceptance, stored: Stored, now: int) -> Row:
    return (
        stored.number,
        one.sender,
        one.message_id,
        one.envelope_hash,
        one.submission_hash,
        one.kind,
        one.urgency,
        one.handling,
        one.conversation_id,
        one.created,
        one.expires,
        now,
        stored.receipt,
        one.head,
        one.body,
        one.in_reply_to,
        one.respond_by,
        one.expires,
        None if one.first_receipt is None else network_of(one.sender),
        one.first_receipt,
    )


def _delivery_rows(one: Acceptance, number: int, now: int) -> list[Row]:
    return [_delivery_row(one, row, number, now) for row in one.rows]


def _delivery_row(one: Acceptance, row: DeliveryRow, number: int, now: int) -> Row:
    network = network_of(row.recipient)
    far = None if one.network in {None, network} else network
    return (
        number,
        row.index,
        row.recipient,
        (State.ACCEPTED if far is None else State.OUTBOUND).value,
        one.urgency in URGENT,
        one.expires,
        0,
        now,
        None,
        row.stanza,
        b"".join(row.proof),
        None,
        None,
        far,
    )
