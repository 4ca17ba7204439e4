"""
Recording what recipients say.

Idempotent: what is recorded already is answered like the first time and changes nothing; the first receipt of each event
counts. `opened` after `rejected`, or the other way round, is a conflict. A receipt for a delivery that is not its subject's
is answered like one that does not exist (promise 9). After an expiry or a recall it is kept as an event: the state stays.
That a copy was destroyed is kept once for each reason, and told to the author and to whoever recalled it in the author's place;
that a correction was opened too late is told to its author, as if it had been in time. Of a delivery to another network its
relay brings the receipts, also those of the gateway there, and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.envelope import signed_receipt_leaf
from gateway.ids import Address, EnvelopeHash, Kind
from gateway.ledger.facts import Record
from gateway.ledger.prepared import Statement, Transaction, Value, given, place
from gateway.ledger.statements import recalling
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.statements.moving import FOUND, Found, Move, Step, found, move
from gateway.ledger.statements.outcomes import reader_of, tell
from gateway.ledger.states import ANNOUNCED, DESTROYED, INBOX, LATE, MAY_EXPIRE, RECALL, TRANSITIONS, State, steps
from gateway.ledger.tables import Int8, any_of, delivery, event, message

__all__ = ["record"]

CONFLICT: Final = "conflict"
NOT_FOUND: Final = "not-found"
RECORDED: Final = ""

# What each answer contradicts: the recipient's application has decided once.
_CONTRADICTS: Final = {State.OPENED: State.REJECTED, State.REJECTED: State.OPENED}

# What the gateway of another network states of a delivery there.
_OF_ITS_GATEWAY: Final = frozenset({State.EXPIRED, State.RECALLED, State.HELD})
_NEVER_HAD: Final = frozenset({State.EXPIRED, State.RECALLED})  # then no copy is outstanding

_LATE_NAME: Final = ("envelope_hash", "subject", "event", "reason")
_HANDED_OVER: Final = frozenset({LATE[State.DELIVERED], LATE[State.OPENED]})

Name = tuple[EnvelopeHash, Address]
LateName = tuple[EnvelopeHash, Address, str, str]  # the last is the reason why a copy was destroyed, else empty


class _Late(NamedTuple):
    """A receipt that changes no state, and the delivery that it is about."""

    row: Found
    receipt: Record


_OF_DELIVERY: Final = FOUND[:6]  # the rest of `FOUND` is of the message


def _of_subject(*conditions: sa.ColumnElement[bool]) -> Statement:
    """Find deliveries by number and recipient."""

    def build(rows: int) -> sa.Select[Any]:
        names = given(rows, number=Int8, recipient=sa.Text())
        # A range of one number: planners then take the index that begins with the recipient, and do not read all rows of a
        # message that has 4,096.
        number = delivery.c.number.between(names.c.number, names.c.number)
        at = sa.and_(delivery.c.recipient == names.c.recipient, number, *conditions)
        return sa.select(*_OF_DELIVERY).select_from(names).join(delivery, at)

    return Statement(build, ("number", "recipient"))


def _stand(rows: int) -> sa.Select[Any]:
    names = given(rows, **{name: event.c[name].type for name in _LATE_NAME})
    destroyed = any_of(event.c.event, (DESTROYED,))
    reason = sa.case((destroyed, sa.func.coalesce(event.c.reason, sa.literal_column("''"))), else_=sa.literal_column("''"))
    named = (event.c[name] == names.c[name] for name in _LATE_NAME[:3])
    same = sa.and_(*named, reason == names.c.reason, any_of(event.c.event, tuple(LATE.values())))
    return sa.select(*(event.c[name] for name in _LATE_NAME[:3]), reason).select_from(names).join(event, same)


def _recallers(rows: int) -> sa.Select[Any]:
    names = given(rows, envelope_hash=sa.LargeBinary(), holder=sa.Text(), recaller=sa.Text(), kind=sa.Text())
    recall, target = message.alias(), message.alias()
    by_them = sa.and_(
        recall.c.in_reply_to == names.c.envelope_hash,
        recall.c.kind.in_([sa.literal_column(f"'{RECALL}'")]),  # in the text: its index is partial
        recall.c.sender == names.c.recaller,
    )
    of_kind = sa.and_(target.c.envelope_hash == names.c.envelope_hash, target.c.kind == names.c.kind)
    to_holder = sa.and_(delivery.c.recipient == names.c.holder, delivery.c.number == recall.c.number)
    relayed = recall.c.origin.is_not(None)
    columns = (names.c.envelope_hash, names.c.holder, names.c.recaller, relayed.label("relayed"))
    return sa.select(*columns).select_from(names).join(recall, by_them).join(target, of_kind).join(delivery, to_holder)


_NUMBERS: Final = Statement(
    lambda rows: sa.select(message.c.number, *FOUND[6:]).where(
        message.c.envelope_hash.in_([place(message.c.envelope_hash, row) for row in range(rows)])
    ),
    ("envelope_hash",),
)
_IN_INBOX: Final = _of_subject(any_of(delivery.c.state, INBOX))
_ANYWHERE: Final = _of_subject()
_STAND: Final = Statement(_stand, _LATE_NAME)
_RECALLERS: Final = Statement(_recallers, ("envelope_hash", "holder", "recaller", "kind"))


def record(transaction: Transaction, batch: Sequence[Sequence[Record]]) -> list[list[str]]:
    """Record the receipts of a group; return for each its outcome: recorded (empty), `not-found` or `conflict`."""
    book = _Book(_look(transaction, {(one.envelope_hash, one.subject) for records in batch for one in records}))
    outcomes = [[book.enter(one) for one in records] for records in batch]
    moves = list(book.moves.values())
    move(transaction, moves)
    recalling.clear(transaction, [one.found.ref for one in moves if one.found.network and one.steps[-1].state in _NEVER_HAD])
    _keep_late(transaction, book.late)
    return outcomes


def _keep_late(transaction: Transaction, late: dict[LateName, _Late]) -> None:
    """Keep as events what is not kept yet; a copy that was handed over counts until it is destroyed."""
    known = set(transaction.look(_STAND, sorted(late))) if late else set()
    new = {name: one for name, one in late.items() if name not in known}
    transaction.write(event_statement, [_late_event(transaction.now, name, one) for name, one in new.items()])
    destroyed = [one for (_, _, kind, _), one in new.items() if kind == DESTROYED]
    opened = [one for (_, _, kind, _), one in new.items() if kind == LATE[State.OPENED] and one.row.kind in ANNOUNCED]
    here = [(one.row.sender, one.receipt.signed, one.row.ref.number) for one in opened if not one.row.relayed]
    tell(transaction, here + _told_there(new) + _told(transaction, destroyed))
    handed = [one for (_, _, kind, _), one in new.items() if kind in _HANDED_OVER and one.row.state is State.RECALLED]
    recalling.mark(transaction, sorted({one.row.ref for one in handed}))
    recalling.clear(transaction, [one.row.ref for one in destroyed])


def _told(transaction: Transaction, destroyed: Sequence[_Late]) -> list[tuple[Address, bytes, int]]:
    """Say whom answers to recalls are told: the author, and who else sent its holder a recall that counts."""
    asked = {(one.receipt.envelope_hash, one.row.recipient, *may) for one in destroyed for may in one.receipt.recallers}
    found: dict[Name, set[Address]] = {}
    for envelope_hash, holder, recaller, relayed in transaction.look(_RECALLERS, sorted(asked)):
        found.setdefault((envelope_hash, holder), set()).add(reader_of(recaller, relayed=bool(relayed)))
    told = []
    for one in destroyed:
        author = reader_of(one.row.sender, relayed=one.row.relayed)
        others = found.get((one.receipt.envelope_hash, one.row.recipient), set()) - {author}
        told += [(who, one.receipt.signed, one.row.ref.number) for who in (author, *sorted(others))]
    return told


def _told_there(new: Mapping[LateName, _Late]) -> list[tuple[Address, bytes, int]]:
    """Of mail from another network its relay is told of everything that was signed, in the order of the events."""
    late = [one for (_, _, kind, _), one in new.items() if one.row.relayed and kind != DESTROYED]
    return [(reader_of(one.row.sender, relayed=True), one.receipt.signed, one.row.ref.number) for one in late]


def _late_event(now: int, name: LateName, one: _Late) -> tuple[Value, ...]:
    envelope_hash, subject, kind, _ = name
    signed = one.receipt.signed
    return (now, kind, envelope_hash, subject, one.receipt.reason, signed, signed_receipt_leaf(signed), one.row.ref.number)


def _look(transaction: Transaction, names: set[Name]) -> dict[Name, Found]:
    """
    Find the deliveries: among those in an inbox by their index, the others among all rows of their message.

    Envelopes that are not here are looked for under numbers that no message has, so that the answer about another's takes as
    long as that about none (promise 9).
    """
    known = transaction.look(_NUMBERS, [(one,) for one in sorted({envelope_hash for envelope_hash, _ in names})])
    messages: dict[int, tuple[EnvelopeHash, Address, Kind, bool]] = {number: (*of,) for number, *of in known}
    numbers = {of[0]: number for number, of in messages.items()}
    asked = {(numbers.get(envelope_hash, -absent), subject) for absent, (envelope_hash, subject) in enumerate(names)}
    rows = transaction.look(_IN_INBOX, sorted(asked))
    rows += transaction.look(_ANYWHERE, sorted(asked - {(number, recipient) for number, _, recipient, *_ in rows}))
    return {(messages[row[0]][0], row[2]): found((*row, *messages[row[0]])) for row in rows}


class _Book:
    """What a group of receipts changes: one move for each delivery, whatever number of receipts it has."""

    def __init__(self, rows: dict[Name, Found]) -> None:
        self._rows = rows
        self.moves: dict[Name, Move] = {}
        self.late: dict[LateName, _Late] = {}

    def enter(self, one: Record) -> str:
        """Enter one receipt and return its outcome."""
        name = (one.envelope_hash, one.subject)
        row = self._rows.get(name)
        if row is None or row.network != one.network or (row.network is not None and not row.may_be_there):
            return NOT_FOUND
        if one.event not in LATE and (one.network is None or one.event not in _OF_ITS_GATEWAY):
            return CONFLICT
        taken = self.moves[name].steps if name in self.moves else ()
        state = taken[-1].state if taken else row.state
        goal = State(one.event) if one.event != DESTROYED else None
        if goal is None and state in MAY_EXPIRE:
            return NOT_FOUND  # a copy that was never handed over, and that nobody who may has recalled
        way = _way(row, state, goal) if goal else ()
        if way:
            implied = tuple(Step(passed, one.at, f"implied by {goal}") for passed in way[:-1])
            self.moves[name] = Move(row, (*taken, *implied, Step(way[-1], one.at, one.reason, one.signed)), row.attempts)
        elif goal is not None and one.event not in LATE:
            return RECORDED if state is goal else CONFLICT
        elif goal is None or state in {State.EXPIRED, State.RECALLED}:
            why = one.reason or "" if one.event == DESTROYED else ""
            self.late.setdefault((*name, LATE[one.event], why), _Late(row, one))
        elif _CONTRADICTS.get(goal) is state:
            return CONFLICT
        return RECORDED


def _way(row: Found, state: State, goal: State) -> tuple[State, ...]:
    """Return the way of a receipt; what is held in another network goes on from there."""
    if row.network is not None and state is State.HELD and goal not in TRANSITIONS[state]:
        return (State.OUTBOUND, *steps(State.OUTBOUND, goal)) if goal is not state else ()
    return steps(state, goal)
