"""
Moving deliveries from state to state: the only place that changes a state.

`look` reads rows under the writer's lock, so what was read stays true until the commit. `move` writes the row, its event,
what its author is told, what is owed and the counts together; `move_all` sends a whole set of rows back without reading them.
When nothing of a message can be handed over any more its body goes; when all of it has ended its retention begins.
Of a message from another network that network's relay is told everything that was signed; of others their authors, of ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gateway.envelope import signed_receipt_leaf
from gateway.ids import Address, EnvelopeHash, Kind, Network
from gateway.ledger.facts import Ref
from gateway.ledger.prepared import Statement, Transaction, Value, given, single
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.statements.outcomes import reader_of, tell
from gateway.ledger.statements.owing import forgive
from gateway.ledger.states import ANNOUNCED, ENDED, OWES_NOTHING, TOLD, TRANSITIONS, WAITING, State, event_of
from gateway.ledger.tables import Int8, any_of, delivery, event, message

__all__ = ["FOUND", "MAY_BE_THERE", "Found", "Move", "Step", "drop_bodies", "found", "look", "move", "move_all"]

FOUND: Final = (
    delivery.c.number,
    delivery.c.idx,
    delivery.c.recipient,
    delivery.c.state,
    delivery.c.attempts,
    delivery.c.network,
    message.c.envelope_hash,
    message.c.sender,
    message.c.kind,
    message.c.origin.is_not(None).label("relayed"),
)
# As `Found.may_be_there`.
MAY_BE_THERE: Final = sa.and_(delivery.c.network.is_not(None), delivery.c.attempts > sa.literal_column("0"))


class Found(NamedTuple):
    """
    A delivery as it stands.

    Args:
        network: Of the recipient, where that is another one.
        relayed: Whether its message came from another network.
    """

    ref: Ref
    recipient: Address
    state: State
    attempts: int
    network: Network | None
    envelope_hash: EnvelopeHash
    sender: Address
    kind: Kind
    relayed: bool

    @property
    def may_be_there(self) -> bool:
        """Whether the relay took it, so that the other network alone may know what becomes of it."""
        return self.network is not None and self.attempts > 0


class Step(NamedTuple):
    """One transition, and what is known of it."""

    state: State
    at: int
    reason: str | None = None
    receipt: bytes | None = None


class Move(NamedTuple):
    """One delivery on its way: each step is an event, the last one stays in the row."""

    found: Found
    steps: tuple[Step, ...]
    attempts: int = 0


def _of_refs(rows: int) -> sa.Select[Any]:
    refs = given(rows, number=Int8, idx=sa.Integer())
    at = sa.and_(delivery.c.number == refs.c.number, delivery.c.idx == refs.c.idx)
    return sa.select(*FOUND).select_from(refs).join(delivery, at).join(message, message.c.number == delivery.c.number)


def _change(rows: int) -> sa.Update:
    columns = ("state", "attempts", "changed_at", "reason", "receipt")
    new = given(rows, number=Int8, idx=sa.Integer(), **{name: delivery.c[name].type for name in columns})
    at = sa.and_(delivery.c.number == new.c.number, delivery.c.idx == new.c.idx)
    return sa.update(delivery).values({name: new.c[name] for name in columns}).where(at)


def _still(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.select(delivery.c.idx).where(delivery.c.number == message.c.number, *conditions).exists()


def _drop(rows: int) -> sa.Update:
    # The gateway of the other network has its own body.
    there = sa.or_(any_of(delivery.c.state, (State.RELAYED,)), delivery.c.network.is_not(None) & _DELIVERED)
    needed = _still(~any_of(delivery.c.state, ENDED), ~there)
    new = given(rows, number=Int8, at=Int8)
    ends = sa.case((sa.or_(message.c.ends_at < new.c.at, _still(~any_of(delivery.c.state, ENDED))), message.c.ends_at))
    at = sa.and_(message.c.number == new.c.number, ~needed)
    return sa.update(message).values(body=sa.null(), ends_at=sa.func.coalesce(ends, new.c.at)).where(at)


_DELIVERED: Final = any_of(delivery.c.state, (State.DELIVERED,))
_NEEDS_NO_BODY: Final = frozenset({*ENDED, State.RELAYED})


_OF_REFS: Final = Statement(_of_refs, ("number", "idx"))
_CHANGE: Final = Statement(_change, ("number", "idx", "state", "attempts", "changed_at", "reason", "receipt"))
_DROP: Final = Statement(_drop, ("number", "at"))


def look(transaction: Transaction, refs: Sequence[Ref]) -> list[Found]:
    """Return the deliveries of `refs` that exist, in the order of their acceptance."""
    return sorted(found(row) for row in transaction.look(_OF_REFS, sorted(set(refs))))


def found(row: Sequence[Any]) -> Found:
    """Name the columns of `FOUND`."""
    number, index, recipient, state, attempts, network, envelope_hash, sender, kind, relayed = row
    return Found(Ref(number, index), recipient, State(state), attempts, network, envelope_hash, sender, kind, bool(relayed))


def move(transaction: Transaction, moves: Sequence[Move]) -> None:
    """Write moves with their events, outcomes and counts; an illegal one is a bug in the caller."""
    changes: list[tuple[Value, ...]] = []
    events: list[tuple[Value, ...]] = []
    for one in moves:
        events.extend(_events(transaction.now, one))
        last = one.steps[-1]
        transaction.count(one.found.state, -1)
        transaction.count(last.state, 1)
        changes.append((*one.found.ref, last.state.value, one.attempts, last.at, last.reason, last.receipt))
    transaction.write(_CHANGE, changes)
    transaction.write(event_statement, events)
    tell(transaction, [told for one in moves for told in _told(one)])
    forgive(transaction, [_delivery(one) for one in moves if one.steps[-1].state in OWES_NOTHING])
    drop_bodies(transaction, {one.found.ref.number for one in moves if _needs_no_body(one)})


def _events(now: int, one: Move) -> Iterator[tuple[Value, ...]]:
    before = one.found.state
    for step in one.steps:
        assert step.state in TRANSITIONS[before], f"{before} -> {step.state}"
        name = event_of(before, step.state)
        leaf = None if step.receipt is None else signed_receipt_leaf(step.receipt)
        yield now, name, one.found.envelope_hash, one.found.recipient, step.reason, step.receipt, leaf, one.found.ref.number
        before = step.state


def _delivery(one: Move) -> tuple[int, Address]:
    return one.found.ref.number, one.found.recipient


def _told(one: Move) -> Iterator[tuple[Address, bytes, int]]:
    who = reader_of(one.found.sender, relayed=one.found.relayed)
    for step in one.steps:
        proof = step.state is State.OPENED and one.found.kind in ANNOUNCED
        if step.receipt is not None and (one.found.relayed or proof or step.state in TOLD):
            yield who, step.receipt, one.found.ref.number


def _needs_no_body(one: Move) -> bool:
    state = one.steps[-1].state
    return state in _NEEDS_NO_BODY or (state is State.DELIVERED and one.found.network is not None)


def drop_bodies(transaction: Transaction, numbers: set[int]) -> None:
    """Delete the bodies of those messages that have nothing left to deliver."""
    transaction.write(_DROP, [(number, transaction.now) for number in sorted(numbers)])


def _queued(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    # The index's own condition stands beside the narrower one: SQLite does not conclude it.
    return sa.and_(any_of(delivery.c.state, WAITING), any_of(delivery.c.state, (State.QUEUED,)), *conditions)


def move_all(*conditions: sa.ColumnElement[bool], fixed: Sequence[str] = ()) -> tuple[Statement, Statement]:
    """
    Make the two statements that send queued rows back: their events, then the rows.

    Args:
        conditions: Which rows, beside their state.
        fixed: Names of the parameters in `conditions`; both statements take the time before them.
    """
    now = sa.bindparam("now", type_=Int8)
    events = sa.insert(event).from_select(
        ["at", "event", "envelope_hash", "subject", "number"],
        sa.select(
            sa.cast(now, Int8),
            sa.literal_column(f"'{event_of(State.QUEUED, State.ACCEPTED)}'", sa.Text),
            message.c.envelope_hash,
            delivery.c.recipient,
            delivery.c.number,
        )
        .join_from(delivery, message)
        .where(_queued(*conditions))
        .order_by(delivery.c.number, delivery.c.idx),
    )
    rows = (
        sa.update(delivery).values(state=sa.literal_column(f"'{State.ACCEPTED}'"), changed_at=now).where(_queued(*conditions))
    )
    return single(events, "now", *fixed), single(rows, "now", *fixed)
