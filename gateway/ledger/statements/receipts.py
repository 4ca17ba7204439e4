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

from gateway.ids import Address, EnvelopeHash
from gateway.ledger.facts import Record
from gateway.ledger.prepared import Statement, Transaction, Value, given
from gateway.ledger.statements.moving import FOUND, Found, Move, Step, found, move
from gateway.ledger.states import INBOX, LATE, State, steps
from gateway.ledger.tables import any_of, delivery, event, message

__all__ = ["record"]

CONFLICT: Final = "conflict"
NOT_FOUND: Final = "not-found"
RECORDED: Final = ""

# What each answer contradicts: the recipient's application has decided once.
_CONTRADICTS: Final = {State.OPENED: State.REJECTED, State.REJECTED: State.OPENED}

Name = tuple[EnvelopeHash, Address]


def _of_subject(*, inbox: bool) -> Statement:
    """Find deliveries by envelope and recipient: among the open ones by their index, else among all rows of the message."""

    def build(rows: int) -> sa.Select[Any]:
        names = given(rows, envelope_hash=sa.LargeBinary(), recipient=sa.Text())
        at = sa.and_(delivery.c.number == message.c.number, delivery.c.recipient == names.c.recipient)
        if inbox:
            at = sa.and_(at, any_of(delivery.c.state, INBOX))
        joined = sa.select(*FOUND).select_from(names).join(message, message.c.envelope_hash == names.c.envelope_hash)
        return joined.join(delivery, at)

    return Statement(build, ("envelope_hash", "recipient"))


def _late(rows: int) -> sa.Insert:
    columns = ("at", "event", "envelope_hash", "subject", "reason", "receipt")
    new = given(rows, **{name: event.c[name].type for name in columns})
    chosen = sa.select(*(new.c[name] for name in columns)).where(sa.not_(_stands(new)))
    return sa.insert(event).from_select(list(columns), chosen)


def _stands(new: sa.CTE) -> sa.ColumnElement[bool]:
    same = (event.c[name] == new.c[name] for name in ("envelope_hash", "subject", "event"))
    return sa.select(event.c.seq).where(*same, any_of(event.c.event, tuple(LATE.values()))).exists()


_IN_INBOX: Final = _of_subject(inbox=True)
_ANYWHERE: Final = _of_subject(inbox=False)
_LATE: Final = Statement(_late, ("at", "event", "envelope_hash", "subject", "reason", "receipt"))


def record(transaction: Transaction, batch: Sequence[Sequence[Record]]) -> list[list[str]]:
    """Record the receipts of a group; return for each its outcome: recorded (empty), `not-found` or `conflict`."""
    book = _Book(_look(transaction, {(one.envelope_hash, one.subject) for records in batch for one in records}))
    outcomes = [[book.enter(one) for one in records] for records in batch]
    move(transaction, list(book.moves.values()))
    transaction.write(_LATE, [(transaction.now, *row) for row in book.late.values()])
    return outcomes


def _look(transaction: Transaction, names: set[Name]) -> dict[Name, Found]:
    rows = {_name(row): row for row in map(found, transaction.look(_IN_INBOX, sorted(names)))}
    rest = sorted(names - rows.keys())
    return rows | {_name(row): row for row in map(found, transaction.look(_ANYWHERE, rest))}


def _name(row: Found) -> Name:
    return row.envelope_hash, row.recipient


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
            self.late.setdefault((kind, *name), (kind, *name, one.reason, one.signed))
        elif _CONTRADICTS.get(goal) is state:
            return CONFLICT
        return RECORDED
