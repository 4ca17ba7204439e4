"""
Recalls: what is undelivered of their target ends in the commit that accepts them.

A recall counts when its sender wrote the target, or may recall messages of its kind; any other is a message like every other.
It reaches those recipients of the target whom it names itself. A target that comes after the recall of its own author meets it
here. What was delivered already, or went to another network, is a copy that is outstanding until its holder says that it is
destroyed, or the gateway there that it was never handed over; whoever
recalls what another wrote is told of copies that were destroyed before. Nobody owes an answer to what was recalled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.ids import Address, EnvelopeHash
from gateway.ledger.facts import Acceptance, Ref
from gateway.ledger.prepared import Statement, Transaction, given, place
from gateway.ledger.statements.moving import FOUND, Found, Move, Step, found, move
from gateway.ledger.statements.outcomes import reader_of, tell
from gateway.ledger.statements.owing import forgive
from gateway.ledger.states import DESTROYED, LATE, RECALL, State, sources
from gateway.ledger.tables import Int8, any_of, delivery, event, message

__all__ = ["clear", "mark", "recall"]

_STOPS: Final = frozenset(sources(State.RECALLED))
_HELD_BY_RECIPIENT: Final = frozenset({State.DELIVERED, State.OPENED})
_ELSEWHERE: Final = frozenset({State.OUTBOUND, State.RELAYED, State.HELD})  # once the relay took it


class _Pair(NamedTuple):
    """A recall and what it recalls; `one` is the one of them that is new."""

    recall: int
    target: int
    one: Acceptance


def _in(column: sa.Column[Any], rows: int) -> sa.ColumnElement[bool]:
    return column.in_([place(column, row) for row in range(rows)])


def _at(rows: int, **columns: sa.types.TypeEngine[Any]) -> tuple[sa.CTE, sa.ColumnElement[bool]]:
    new = given(rows, number=Int8, idx=sa.Integer(), **columns)
    return new, sa.and_(delivery.c.number == new.c.number, delivery.c.idx == new.c.idx)


def _marked(rows: int) -> sa.Update:
    new, at = _at(rows, at=Int8)
    of = message.c.number == delivery.c.number
    gone = sa.select(event.c.seq).where(
        event.c.envelope_hash == message.c.envelope_hash,
        event.c.subject == delivery.c.recipient,
        # The index's own condition stands beside the narrower one: SQLite does not conclude it.
        any_of(event.c.event, tuple(LATE.values())),
        any_of(event.c.event, (DESTROYED,)),
    )
    return (
        sa.update(delivery)
        .values(recalled_at=new.c.at)
        .where(at, of, delivery.c.recalled_at.is_(None), ~gone.correlate(message, delivery).exists())
    )


def _cleared(rows: int) -> sa.Update:
    _, at = _at(rows)
    return sa.update(delivery).values(recalled_at=sa.null()).where(at, delivery.c.recalled_at.is_not(None))


def _destroyed(rows: int) -> sa.Select[Any]:
    names = given(rows, envelope_hash=sa.LargeBinary(), subject=sa.Text())
    at = sa.and_(
        event.c.envelope_hash == names.c.envelope_hash,
        event.c.subject == names.c.subject,
        any_of(event.c.event, tuple(LATE.values())),  # as in `_marked`
        any_of(event.c.event, (DESTROYED,)),
    )
    return sa.select(event.c.receipt).select_from(names).join(event, at).order_by(event.c.seq)


_TARGETS: Final = Statement(
    lambda rows: sa.select(message.c.envelope_hash, message.c.number, message.c.kind, message.c.sender).where(
        _in(message.c.envelope_hash, rows)
    ),
    ("envelope_hash",),
)
_RECALLS: Final = Statement(
    lambda rows: sa.select(message.c.in_reply_to, message.c.number, message.c.sender).where(
        any_of(message.c.kind, (RECALL,)), _in(message.c.in_reply_to, rows)
    ),
    ("in_reply_to",),
)
_ROWS: Final = Statement(
    lambda rows: sa.select(*FOUND).join_from(delivery, message).where(_in(delivery.c.number, rows)), ("number",)
)
_SAID: Final = Statement(_destroyed, ("envelope_hash", "subject"))
_MARK: Final = Statement(_marked, ("number", "idx", "at"))
_CLEAR: Final = Statement(_cleared, ("number", "idx"))


def recall(transaction: Transaction, fresh: Mapping[int, Acceptance]) -> None:
    """Let new recalls take effect, and let new messages meet the recalls that were here before them."""
    pairs = [*_targets(transaction, fresh), *_earlier(transaction, fresh)]
    if not pairs:
        return
    numbers = {number for pair in pairs for number in (pair.recall, pair.target)}
    rows: dict[int, dict[Address, Found]] = {number: {} for number in numbers}
    for row in transaction.look(_ROWS, [(number,) for number in sorted(numbers)]):
        one = found(row)
        rows[one.ref.number][one.recipient] = one
    moves: dict[Ref, Move] = {}
    for pair in pairs:
        reached = [row for who, row in rows[pair.target].items() if who in rows[pair.recall]]
        for row in reached:
            if row.state in _STOPS and not row.may_be_there and row.ref not in moves:
                receipt = pair.one.sign_recalled(row.envelope_hash, row.recipient)
                moves[row.ref] = Move(row, (Step(State.RECALLED, transaction.now, None, receipt),), row.attempts)
        mark(transaction, [row.ref for row in reached if _has_a_copy(row)])
        _tell(transaction, pair, reached)
        forgive(transaction, [(row.ref.number, row.recipient) for row in reached])  # nobody answers what was taken back
    move(transaction, list(moves.values()))


def _has_a_copy(row: Found) -> bool:
    return row.state in _HELD_BY_RECIPIENT or (row.may_be_there and row.state in _ELSEWHERE)


def _tell(transaction: Transaction, pair: _Pair, reached: Sequence[Found]) -> None:
    """Tell who recalls what another wrote of the copies that are destroyed already; the author knows."""
    names = [(row.envelope_hash, row.recipient) for row in reached if row.sender != pair.one.sender]
    said = transaction.look(_SAID, sorted(names))
    who = reader_of(pair.one.sender, relayed=pair.one.first_receipt is not None)
    tell(transaction, [(who, receipt, pair.target) for (receipt,) in said])


def mark(transaction: Transaction, refs: Sequence[Ref]) -> None:
    """Count copies as outstanding since now, but for those that are destroyed or counted already."""
    transaction.write(_MARK, [(*ref, transaction.now) for ref in refs])


def clear(transaction: Transaction, refs: Sequence[Ref]) -> None:
    """Count copies no more: their holders destroyed them."""
    transaction.write(_CLEAR, refs)


def _targets(transaction: Transaction, fresh: Mapping[int, Acceptance]) -> Iterator[_Pair]:
    """Find what new recalls name and may recall; count those whose target is still to come."""
    recalls = {number: one for number, one in fresh.items() if one.kind == RECALL and one.in_reply_to is not None}
    named = sorted({one.in_reply_to for one in recalls.values() if one.in_reply_to is not None})
    known = {row[0]: row[1:] for row in transaction.look(_TARGETS, [(one,) for one in named])}
    transaction.count("early_recalls", sum(one.in_reply_to not in known for one in recalls.values()))
    for number, one in recalls.items():
        target, kind, sender = known.get(one.in_reply_to, (None, None, None))
        if target is not None and (sender == one.sender or kind in one.may_recall):
            yield _Pair(number, target, one)


def _earlier(transaction: Transaction, fresh: Mapping[int, Acceptance]) -> Iterator[_Pair]:
    """Find the recalls of new messages by their own authors, where any recall ever came before its target."""
    if not transaction.early_recalls:
        return
    new: dict[EnvelopeHash, tuple[int, Acceptance]] = {one.envelope_hash: (number, one) for number, one in fresh.items()}
    for envelope_hash, recalling, sender in transaction.look(_RECALLS, [(one,) for one in sorted(new)]):
        number, one = new[envelope_hash]
        if sender == one.sender:
            yield _Pair(recalling, number, one)
