"""
Conveying: what the dispatcher, the sessions and the repair change.

A row that is not in the state that a change starts from is passed over: another process, or a receipt, was quicker.
What a relay took is not ended here, for the other network may have it: only when it is silent for long that is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.ids import Address
from gateway.ledger.facts import Ref, SignEnd
from gateway.ledger.prepared import Statement, Transaction, given, single
from gateway.ledger.statements.moving import FOUND, MAY_BE_THERE, Found, Move, Step, found, look, move, move_all
from gateway.ledger.states import MAY_EXPIRE, TRANSITIONS, WAITING, State
from gateway.ledger.tables import Int8, any_of, delivery, message, nonce

__all__ = [
    "ended",
    "expire",
    "give_up",
    "hold",
    "mark_queued",
    "may_release",
    "release",
    "released",
    "requeue",
    "requeue_all",
    "unanswered",
]

REASON: Final = "unanswered"


def _attempt(rows: int) -> sa.Update:
    refs = given(rows, number=Int8, idx=sa.Integer())
    at = sa.and_(delivery.c.number == refs.c.number, delivery.c.idx == refs.c.idx)
    return sa.update(delivery).values(attempts=delivery.c.attempts + sa.literal_column("1")).where(at)


_ATTEMPT: Final = Statement(_attempt, ("number", "idx"))
_REQUEUE: Final = move_all(
    delivery.c.recipient == sa.bindparam("recipient", type_=sa.Text()),
    delivery.c.changed_at <= sa.bindparam("before", type_=Int8),
    fixed=("recipient", "before"),
)
_REQUEUE_ALL: Final = move_all()


def _passed(*conditions: sa.ColumnElement[bool]) -> Statement:
    return single(
        sa.select(*FOUND)
        .join_from(delivery, message)
        .where(any_of(delivery.c.state, MAY_EXPIRE), delivery.c.expires <= sa.bindparam("now", type_=Int8), *conditions)
        .order_by(delivery.c.expires, delivery.c.number, delivery.c.idx)
        .limit(sa.bindparam("limit", type_=Int8))
        .offset(sa.literal_column("0")),
        "now",
        "limit",
    )


_PASSED: Final = _passed(~MAY_BE_THERE)
_SILENT: Final = _passed(MAY_BE_THERE)
_OLD_NONCES: Final = single(sa.delete(nonce).where(nonce.c.expires <= sa.bindparam("now", type_=Int8)), "now")


def mark_queued(transaction: Transaction, batch: Sequence[Sequence[Ref]]) -> list[None]:
    """Note that the broker has these rows."""
    rows = _may_become(State.QUEUED, look(transaction, [ref for refs in batch for ref in refs]))
    move(transaction, [Move(row, (Step(State.QUEUED, transaction.now),), row.attempts) for row in rows])
    return [None] * len(batch)


def release(transaction: Transaction, batch: Sequence[Sequence[Ref]]) -> list[None]:
    """Let held rows be conveyed again, with all their attempts."""
    rows = look(transaction, [ref for refs in batch for ref in refs])
    move(transaction, [released(row, transaction.now) for row in rows if may_release(row)])
    return [None] * len(batch)


def hold(transaction: Transaction, batch: Sequence[tuple[Sequence[Ref], SignEnd, str]]) -> list[int]:
    """Hold what is still to be conveyed, for a reason; return how many rows."""
    return [_hold(transaction, refs, sign, reason) for refs, sign, reason in batch]


def requeue(transaction: Transaction, batch: Sequence[tuple[Address, int]]) -> list[int]:
    """Send a mailbox's rows back that have been queued since a time or longer; return how many."""
    return [_send_back(transaction, _REQUEUE, recipient, before) for recipient, before in batch]


def requeue_all(transaction: Transaction, batch: Sequence[None]) -> list[int]:
    """Send all queued rows back: the broker has lost them."""
    return [_send_back(transaction, _REQUEUE_ALL) for _ in batch]


def unanswered(transaction: Transaction, batch: Sequence[tuple[Sequence[Ref], int, SignEnd]]) -> list[list[Ref]]:
    """Count a session that ended without an answer; hold what has too many, and return that."""
    return [_count_attempts(transaction, refs, limit, sign) for refs, limit, sign in batch]


def expire(transaction: Transaction, batch: Sequence[tuple[int, int, SignEnd]]) -> list[int]:
    """End rows that have passed their expiry, at most so many at once; return how many."""
    return [_expire(transaction, now, limit, sign) for now, limit, sign in batch]


def give_up(transaction: Transaction, batch: Sequence[tuple[int, int, SignEnd]]) -> list[int]:
    """End rows that a relay took and that expired at a time or before; no answer came of them. Return how many."""
    now = transaction.now
    return [_end(transaction, transaction.run(_SILENT, before, limit), now, sign, REASON) for before, limit, sign in batch]


def may_release(row: Found) -> bool:
    """Say whether a held row may be conveyed again from here; what is held in another network is released there."""
    return row.state is State.HELD and not row.may_be_there


def released(row: Found, now: int) -> Move:
    """Return the move of a held row to where it waits, with all its attempts before it."""
    return Move(row, (Step(State.ACCEPTED if row.network is None else State.OUTBOUND, now),))


def _may_become(goal: State, rows: Sequence[Found]) -> list[Found]:
    return [row for row in rows if goal in TRANSITIONS[row.state]]


def _send_back(transaction: Transaction, statements: tuple[Statement, Statement], *fixed: str | int) -> int:
    events, rows = statements
    transaction.change(events, transaction.now, *fixed)
    moved = transaction.change(rows, transaction.now, *fixed)
    transaction.count(State.QUEUED, -moved)
    transaction.count(State.ACCEPTED, moved)
    return moved


def _count_attempts(transaction: Transaction, refs: Sequence[Ref], limit: int, sign: SignEnd) -> list[Ref]:
    rows = [row for row in look(transaction, refs) if row.state in WAITING]
    held = [row for row in rows if row.attempts + 1 >= limit]
    transaction.write(_ATTEMPT, [row.ref for row in rows if row.attempts + 1 < limit])
    move(transaction, [ended(row, State.HELD, transaction.now, sign, REASON)._replace(attempts=limit) for row in held])
    return [row.ref for row in held]


def _hold(transaction: Transaction, refs: Sequence[Ref], sign: SignEnd, reason: str) -> int:
    rows = [row for row in look(transaction, refs) if row.state in WAITING]
    move(transaction, [ended(row, State.HELD, transaction.now, sign, reason) for row in rows])
    return len(rows)


def _expire(transaction: Transaction, now: int, limit: int, sign: SignEnd) -> int:
    count = _end(transaction, transaction.run(_PASSED, now, limit), now, sign)
    transaction.change(_OLD_NONCES, now)
    return count


def _end(
    transaction: Transaction, rows: Sequence[Sequence[Any]], at: int, sign: SignEnd, reason: str | None = None
) -> int:
    move(transaction, [ended(found(row), State.EXPIRED, at, sign, reason) for row in rows])
    return len(rows)


def ended(row: Found, state: State, at: int, sign: SignEnd, reason: str | None = None) -> Move:
    """Return the move of a row to where this gateway signs it."""
    return Move(row, (Step(state, at, reason, sign(row.envelope_hash, row.recipient)),), row.attempts)
