"""
The end of retention: what a message leaves behind is erased, and what proves the log stays.

A message goes whole: its row, its deliveries, what was told of it, what is owed for it. Its events keep their place, time, name
and leaf, so that every proof holds and the log can be hashed again; receipts, addresses and the hash of the envelope go. A
tombstone keeps ids and dates. What an operator holds stays, and so does what may still be delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final

import sqlalchemy as sa

from gateway.ledger.facts import Erasure
from gateway.ledger.prepared import Insert, Statement, Transaction, place, single
from gateway.ledger.statements.directory import record_action
from gateway.ledger.statements.moving import MAY_BE_THERE
from gateway.ledger.states import MAY_EXPIRE
from gateway.ledger.tables import Int8, any_of, deadline, delivery, event, hold, message, outcome, tombstone

__all__ = ["CONVERSATION", "MESSAGE", "erase", "keep", "let_go"]

MESSAGE: Final = "message"
CONVERSATION: Final = "conversation"

_Keyed = Callable[[sa.ColumnElement[bool]], sa.Executable]


def _held(scope: str, value: sa.Column[bytes]) -> sa.ColumnElement[bool]:
    named: sa.ColumnElement[str] = sa.literal_column(f"'{scope}'")
    return sa.select(hold.c.at).where(hold.c.scope == named, hold.c.value == value).correlate(message).exists()


def _rows(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(delivery).where(delivery.c.number == message.c.number, *conditions)


_OPEN: Final = sa.and_(any_of(delivery.c.state, MAY_EXPIRE), ~MAY_BE_THERE)


def _of(column: sa.Column[int], statement: _Keyed) -> Statement:
    """Do something to the rows of messages, which the batch gives by number."""
    return Statement(
        lambda rows: statement(column.in_([sa.bindparam(f"number_{row}", type_=Int8) for row in range(rows)])), ("number",)
    )


_PASSED: Final = single(
    sa.select(
        message.c.number,
        message.c.message_id,
        message.c.envelope_hash,
        message.c.accepted_at,
        message.c.expires,
        _rows().correlate(message).scalar_subquery(),
    )
    .where(
        message.c.kind == sa.bindparam("kind", type_=sa.Text()),
        message.c.ends_at <= sa.bindparam("ended_by", type_=Int8),
        message.c.expires <= sa.bindparam("expired_by", type_=Int8),
        ~_rows(_OPEN).with_only_columns(delivery.c.idx).correlate(message).exists(),
        ~_held(MESSAGE, message.c.envelope_hash),
        ~_held(CONVERSATION, message.c.conversation_id),
    )
    .order_by(message.c.ends_at)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "kind",
    "ended_by",
    "expired_by",
    "limit",
)
_BURY: Final = Insert(tombstone, tombstone.c.keys())
_STATES: Final = _of(
    delivery.c.number, lambda of: sa.select(delivery.c.state, sa.func.count()).where(of).group_by(delivery.c.state)
)
_BLANK: Final = _of(
    event.c.number,
    lambda of: sa.update(event)
    .values(
        envelope_hash=sa.null(),
        subject=sa.literal_column("''"),
        reason=sa.null(),
        receipt=sa.null(),
        number=sa.null(),
    )
    .where(of),
)
_FORGET: Final = tuple(
    _of(table.c.number, lambda of, table=table: sa.delete(table).where(of))  # type: ignore[misc]
    for table in (outcome, deadline, delivery, message)  # in the order that the key between the last two asks for
)
_HOLD: Final = Insert(hold, ("scope", "value", "at"))
_HELD: Final = single(
    sa.select(hold.c.at).where(
        hold.c.scope == sa.bindparam("scope", type_=sa.Text()), hold.c.value == sa.bindparam("value", type_=sa.LargeBinary())
    ),
    "scope",
    "value",
)
_UNHOLD: Final = single(
    sa.delete(hold).where(
        hold.c.scope == sa.bindparam("scope", type_=sa.Text()), hold.c.value == sa.bindparam("value", type_=sa.LargeBinary())
    ),
    "scope",
    "value",
)
_KNOWN: Final = Statement(
    lambda rows: sa.select(message.c.number).where(
        message.c.envelope_hash.in_([place(message.c.envelope_hash, row) for row in range(rows)])
    ),
    ("envelope_hash",),
)

Order = tuple[str, bytes, bytes, str]  # scope, value, leaf, summary


def erase(transaction: Transaction, batch: Sequence[Erasure]) -> list[int]:
    """Erase messages whose retention is over, a bounded number for each member; return how many."""
    return [_erase(transaction, one) for one in batch]


def keep(transaction: Transaction, batch: Sequence[Order]) -> list[bool]:
    """Hold what would be erased, with the leaf of the order; False for a message that is not here."""
    return [_keep(transaction, *one) for one in batch]


def let_go(transaction: Transaction, batch: Sequence[Order]) -> list[bool]:
    """End holds, each with the leaf of the order; False where there is none."""
    return [_let_go(transaction, *one) for one in batch]


def _erase(transaction: Transaction, one: Erasure) -> int:
    found = transaction.run(_PASSED, one.kind, one.ended_by, one.expired_by, one.limit_messages)
    sums = accumulate(rows for *_, rows in found)
    chosen = [row for turn, (row, total) in enumerate(zip(found, sums, strict=True)) if not turn or total <= one.limit_rows]
    numbers = [(number,) for number, *_ in chosen]
    for state, count in transaction.look(_STATES, numbers):
        transaction.count(state, -count)
    transaction.write(_BURY, [(*row[:5], transaction.now) for row in chosen])
    for statement in (_BLANK, *_FORGET):
        transaction.write(statement, numbers)
    return len(chosen)


def _keep(transaction: Transaction, scope: str, value: bytes, leaf: bytes, summary: str) -> bool:
    if scope == MESSAGE and not transaction.look(_KNOWN, [(value,)]):
        return False
    if not transaction.run(_HELD, scope, value):
        transaction.write(_HOLD, [(scope, value, transaction.now)])
    record_action(transaction, [(leaf, summary)])
    return True


def _let_go(transaction: Transaction, scope: str, value: bytes, leaf: bytes, summary: str) -> bool:
    if not transaction.change(_UNHOLD, scope, value):
        return False
    record_action(transaction, [(leaf, summary)])
    return True
