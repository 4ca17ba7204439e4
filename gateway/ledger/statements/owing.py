"""
What recipients owe: an answer to a message that names a time for it.

A row of `deadline` is owed while `pace` stands in it. It is moved on once, whatever process looks, and whenever it was started:
what was told is in the row, and is an event. An answer, or a delivery that ended unread, owes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.ids import Address, EnvelopeHash, Kind
from gateway.ledger.facts import Acceptance, Overdue
from gateway.ledger.prepared import Insert, Statement, Transaction, Value, given, single
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.tables import Int8, deadline, message

__all__ = ["AT_RISK", "DUE", "OVERDUE", "advance", "answer", "counts", "forgive", "owe"]

DUE: Final = "due"
AT_RISK: Final = "at-risk"
OVERDUE: Final = "overdue"

_OWE: Final = Insert(deadline, ("number", "recipient", "kind", "respond_by", "pace", "next_at"))


def _answered(rows: int) -> sa.Update:
    new = given(rows, envelope_hash=sa.LargeBinary(), recipient=sa.Text(), at=Int8)
    return (
        sa.update(deadline)
        .values(answered_at=new.c.at, pace=sa.null(), next_at=sa.null())
        .where(
            message.c.envelope_hash == new.c.envelope_hash,
            deadline.c.number == message.c.number,
            deadline.c.recipient == new.c.recipient,
            deadline.c.answered_at.is_(None),
        )
    )


def _of(rows: int, **columns: sa.types.TypeEngine[Any]) -> tuple[sa.CTE, sa.ColumnElement[bool]]:
    """Return rows that the batch gives, and what finds their deadlines."""
    new = given(rows, number=Int8, recipient=sa.Text(), **columns)
    return new, sa.and_(deadline.c.number == new.c.number, deadline.c.recipient == new.c.recipient)


def _forgiven(rows: int) -> sa.Update:
    _, at = _of(rows)
    return sa.update(deadline).values(pace=sa.null(), next_at=sa.null()).where(at, deadline.c.pace.is_not(None))


def _moved(rows: int) -> sa.Update:
    new, at = _of(rows, pace=sa.Text(), next_at=Int8)
    return sa.update(deadline).values(pace=new.c.pace, next_at=new.c.next_at).where(at)


_ANSWER: Final = Statement(_answered, ("envelope_hash", "recipient", "at"))
_FORGIVE: Final = Statement(_forgiven, ("number", "recipient"))
_MOVE: Final = Statement(_moved, ("number", "recipient", "pace", "next_at"))
_NEXT: Final = single(
    sa.select(
        deadline.c.number,
        deadline.c.recipient,
        message.c.message_id,
        message.c.envelope_hash,
        deadline.c.kind,
        deadline.c.respond_by,
    )
    .join_from(deadline, message, message.c.number == deadline.c.number)
    .where(deadline.c.next_at.is_not(None), deadline.c.next_at <= sa.bindparam("now", type_=Int8))
    .order_by(deadline.c.next_at)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "now",
    "limit",
)
_COUNTS: Final = single(
    sa.select(deadline.c.kind, deadline.c.pace, sa.func.count())
    .where(deadline.c.pace.is_not(None))
    .group_by(deadline.c.kind, deadline.c.pace)
)


def owe(transaction: Transaction, fresh: Mapping[int, Acceptance]) -> None:
    """Note what the recipients of new messages owe, and that new answers were given."""
    owed = [
        (number, row.recipient, one.kind, one.respond_by, DUE, one.at_risk_at)
        for number, one in fresh.items()
        if one.respond_by is not None and one.respond_by > transaction.now  # nobody can keep a time that is past
        for row in one.rows
    ]
    transaction.write(_OWE, owed)
    answers = {(one.in_reply_to, one.sender) for one in fresh.values() if one.answers and one.in_reply_to is not None}
    answer(transaction, sorted(answers))


def answer(transaction: Transaction, answers: Sequence[tuple[EnvelopeHash, Address]]) -> None:
    """Note that recipients answered the messages of these hashes."""
    transaction.write(_ANSWER, [(envelope_hash, who, transaction.now) for envelope_hash, who in answers])


def forgive(transaction: Transaction, deliveries: Sequence[tuple[int, Address]]) -> None:
    """Note that deliveries ended unread."""
    transaction.write(_FORGIVE, deliveries)


def advance(transaction: Transaction, batch: Sequence[tuple[int, int]]) -> list[list[Overdue]]:
    """Move on what comes to be at risk or overdue by a time, at most so many; return what was moved."""
    return [_advance(transaction, now, limit) for now, limit in batch]


def _advance(transaction: Transaction, now: int, limit: int) -> list[Overdue]:
    found = transaction.run(_NEXT, now, limit)
    moved = [
        Overdue(number, recipient, message_id, envelope_hash, kind, respond_by, overdue=respond_by <= now)
        for number, recipient, message_id, envelope_hash, kind, respond_by in found
    ]
    transaction.write(_MOVE, [_row(one) for one in moved])
    transaction.write(event_statement, [_event(one, transaction.now) for one in moved])
    return moved


def _row(one: Overdue) -> tuple[int, Address, str, int | None]:
    return (one.number, one.recipient, OVERDUE, None) if one.overdue else (one.number, one.recipient, AT_RISK, one.respond_by)


def _event(one: Overdue, now: int) -> tuple[Value, ...]:
    name = f"answer-{OVERDUE if one.overdue else AT_RISK}"
    return (now, name, one.envelope_hash, one.recipient, None, None, None, one.number)


def counts(transaction: Transaction) -> dict[tuple[Kind, str], int]:
    """Return how many answers are owed, by kind of what asks for them and by pace."""
    return {(kind, pace): int(count) for kind, pace, count in transaction.run(_COUNTS)}
