"""
Recording what recipients say.

Idempotent: what is recorded already is answered like the first time and changes nothing; the first receipt of each event
counts. `opened` after `rejected`, or the other way round, is a conflict. A receipt for a delivery that is not its subject's
is answered like one that does not exist (promise 9). After an expiry or a recall it is kept as an event: the state stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.envelope import signed_receipt_leaf
from gateway.ids import Address, EnvelopeHash
from gateway.ledger.facts import Record
from gateway.ledger.prepared import Statement, Transaction, Value, given, place
from gateway.ledger.statements.moving import Found, Move, Step, found, move
from gateway.ledger.states import INBOX, LATE, State, steps
from gateway.ledger.tables import Int8, any_of, delivery, event, message

__all__ = ["record"]

CONFLICT: Final = "conflict"
NOT_FOUND: Final = "not-found"
RECORDED: Final = ""

# What each answer contradicts: the recipient's application has decided once.
_CONTRADICTS: Final = {State.OPENED: State.REJECTED, State.REJECTED: State.OPENED}

_LATE_COLUMNS: Final = ("at", "event", "envelope_hash", "subject", "reason", "receipt", "leaf")

Name = tuple[EnvelopeHash, Address]


def _of_subject(*conditions: sa.ColumnElement[bool]) -> Statement:
    """Find deliveries by number and recipient."""

    def build(rows: int) -> sa.Select[Any]:
        names = given(rows, number=Int8, recipient=sa.Text())
        # A range of one number: planners then take the index that begins with the recipient, and do not read all rows of a
        # message that has 4,096.
        number = delivery.c.number.between(names.c.number, names.c.number)
        at = sa.and_(delivery.c.recipient == names.c.recipient, number, *conditions)
        columns = (delivery.c.number, delivery.c.idx, delivery.c.recipient, delivery.c.state, delivery.c.attempts)
        return sa.select(*columns).select_from(names).join(delivery, at)

    return Statement(build, ("number", "recipient"))


def _late(rows: int) -> sa.Insert:
    new = given(rows, **{name: event.c[name].type for name in _LATE_COLUMNS})
    chosen = sa.select(*(new.c[name] for name in _LATE_COLUMNS)).where(sa.not_(_stands(new)))
    return sa.insert(event).from_select(list(_LATE_COLUMNS), chosen)


def _stands(new: sa.CTE) -> sa.ColumnElement[bool]:
    same = (event.c[name] == new.c[name] for name in ("envelope_hash", "subject", "event"))
    return sa.select(event.c.seq).where(*same, any_of(event.c.event, tuple(LATE.values()))).exists()


_NUMBERS: Final = Statement(
    lambda rows: sa.select(message.c.number, message.c.envelope_hash, message.c.sender).where(
        message.c.envelope_hash.in_([place(message.c.envelope_hash, row) for row in range(rows)])
    ),
    ("envelope_hash",),
)
_IN_INBOX: Final = _of_subject(any_of(delivery.c.state, INBOX))
_ANYWHERE: Final = _of_subject()
_LATE: Final = Statement(_late, _LATE_COLUMNS)


def record(transaction: Transaction, batch: Sequence[Sequence[Record]]) -> list[list[str]]:
    """Record the receipts of a group; return for each its outcome: recorded (empty), `not-found` or `conflict`."""
    book = _Book(_look(transaction, {(one.envelope_hash, one.subject) for records in batch for one in records}))
    outcomes = [[book.enter(one) for one in records] for records in batch]
    move(transaction, list(book.moves.values()))
    transaction.write(_LATE, [(transaction.now, *row) for row in book.late.values()])
    return outcomes


def _look(transaction: Transaction, names: set[Name]) -> dict[Name, Found]:
    """
    Find the deliveries: among those in an inbox by their index, the others among all rows of their message.

    Envelopes that are not here are looked for under numbers that no message has, so that the answer about another's takes as
    long as that about none (promise 9).
    """
    known = transaction.look(_NUMBERS, [(one,) for one in sorted({envelope_hash for envelope_hash, _ in names})])
    messages: dict[int, tuple[EnvelopeHash, Address]] = {number: (one, sender) for number, one, sender in known}
    numbers = {envelope_hash: number for number, (envelope_hash, _) in messages.items()}
    asked = {(numbers.get(envelope_hash, -absent), subject) for absent, (envelope_hash, subject) in enumerate(names)}
    rows = transaction.look(_IN_INBOX, sorted(asked))
    rows += transaction.look(_ANYWHERE, sorted(asked - {(number, recipient) for number, _, recipient, *_ in rows}))
    return {(messages[row[0]][0], row[2]): found((*row, *messages[row[0]])) for row in rows}


class _Book:
    """What a group of receipts changes: one move for each delivery, whatever number of receipts it has."""

    def __init__(self, rows: dict[Name, Found]) -> None:
        self._rows = rows
        self.moves: dict[Name, Move] = {}
        self.late: dict[tuple[str, EnvelopeHash, Address], tuple[Value, ...]] = {}

    def enter(self, one: Record) -> str:
        """Enter one receipt and return its outcome."""
        name = (one.envelope_hash, one.subject)
        row = self._rows.get(name)
        if row is None:
            return NOT_FOUND
        if one.event not in LATE:
            return CONFLICT
        taken = self.moves[name].steps if name in self.moves else ()
        state = taken[-1].state if taken else row.state
        goal = State(one.event) if one.event != "destroyed" else None
        way = steps(state, goal) if goal else ()
        if way:
            implied = tuple(Step(passed, one.at, f"implied by {goal}") for passed in way[:-1])
            self.moves[name] = Move(row, (*taken, *implied, Step(way[-1], one.at, one.reason, one.signed)), row.attempts)
        elif goal is None or state in {State.EXPIRED, State.RECALLED}:
            kind = LATE[one.event]
            leaf = signed_receipt_leaf(one.signed)
            self.late.setdefault((kind, *name), (kind, *name, one.reason, one.signed, leaf))
        elif _CONTRADICTS.get(goal) is state:
            return CONFLICT
        return RECORDED
