"""
The home side of the relay: what waits for another network, who may take it, and what came of it.

A row that was handed out may be there, whatever is heard of it: it is handed out again until it is answered, and ends by an
answer alone. Everything that a relay does names the epoch of its lane; an older one is refused in the commit itself.
Spec: schemas/relay.md, "Answers" and "Requests".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final

import sqlalchemy as sa

from gateway.envelope import signed_receipt_leaf
from gateway.errors import GatewayError, Rejected
from gateway.ids import Network
from gateway.ledger.facts import Answer, Lease, LogProofs, NeededTiles, Outbound, Record, Ref, SignHeld
from gateway.ledger.prepared import Statement, Transaction, given, place, single
from gateway.ledger.statements import recalling
from gateway.ledger.statements.log import proofs
from gateway.ledger.statements.moving import FOUND, Found, Move, Step, found, look, move
from gateway.ledger.statements.receipts import record
from gateway.ledger.statements.waiting import load
from gateway.ledger.states import State, steps
from gateway.ledger.tables import Int8, any_of, delivery, lane, message
from gateway.merkle import leaf_hash

__all__ = ["answer", "bring_home", "hand_out", "lane_of", "lease", "outbound", "outbound_counts"]

PAGE_ROWS: Final = 256
NOT_FOUND: Final = "not-found"

_NETWORK: Final = sa.bindparam("network", type_=sa.Text())
_IS_OUTBOUND: Final = any_of(delivery.c.state, (State.OUTBOUND,))
_LANE: Final = single(
    sa.select(lane.c.epoch, lane.c.until, lane.c.after, lane.c.holder).where(lane.c.network == _NETWORK), "network"
)
_FIRST: Final = single(
    sa.insert(lane).values({column.name: sa.bindparam(column.name, type_=column.type) for column in lane.c}), *lane.c.keys()
)
_SET: Final = single(
    sa.update(lane)
    .values({name: sa.bindparam(f"new_{name}", type_=lane.c[name].type) for name in ("epoch", "holder", "until", "after")})
    .where(lane.c.network == sa.bindparam("of", type_=sa.Text())),
    "new_epoch",
    "new_holder",
    "new_until",
    "new_after",
    "of",
)
_PAGE: Final = single(
    sa.select(delivery.c.number, delivery.c.idx)
    .where(_IS_OUTBOUND, delivery.c.network == _NETWORK)
    .order_by(delivery.c.urgent.desc(), delivery.c.number, delivery.c.idx)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.bindparam("offset", type_=Int8)),
    "network",
    "limit",
    "offset",
)


def _attempted(rows: int) -> sa.Update:
    refs = given(rows, number=Int8, idx=sa.Integer())
    at = sa.and_(delivery.c.number == refs.c.number, delivery.c.idx == refs.c.idx)
    return sa.update(delivery).values(attempts=delivery.c.attempts + sa.literal_column("1")).where(at)


_ATTEMPT: Final = Statement(_attempted, ("number", "idx"))
_OF_NUMBERS: Final = Statement(
    lambda rows: sa.select(*FOUND)
    .join_from(delivery, message)
    .where(
        delivery.c.number.in_([place(delivery.c.number, row) for row in range(rows)]),
        delivery.c.network == _NETWORK,
    ),
    ("number",),
    ("network",),
)
_COUNTS: Final = single(
    sa.select(delivery.c.network, sa.func.count(), sa.func.min(message.c.accepted_at))
    .join_from(delivery, message)
    .where(_IS_OUTBOUND, delivery.c.network.is_not(None))
    .group_by(delivery.c.network)
)


def lane_of(transaction: Transaction, network: Network) -> Lease | None:
    """Return who takes what goes to a network; None before the first."""
    rows = transaction.run(_LANE, network)
    return Lease(*rows[0]) if rows else None


def lease(transaction: Transaction, batch: Sequence[tuple[Network, str, int | None, int]]) -> list[Lease | GatewayError]:
    """Take or keep lanes for some seconds; refused while another holder is active."""
    return [_lease(transaction, *one) for one in batch]


def hand_out(transaction: Transaction, batch: Sequence[tuple[Network, int, Sequence[Ref]]]) -> list[set[Ref] | GatewayError]:
    """Note that a relay takes rows; return those that it may have: still outbound, and its epoch the newest."""
    return [_hand_out(transaction, *one) for one in batch]


def answer(
    transaction: Transaction, batch: Sequence[tuple[Network, int, Sequence[Answer], SignHeld]]
) -> list[list[str] | GatewayError]:
    """Enter what the other network said of what was handed out."""
    return [_answer(transaction, *one) for one in batch]


def bring_home(
    transaction: Transaction, batch: Sequence[tuple[Network, int, int, Sequence[Record]]]
) -> list[list[str] | GatewayError]:
    """Record receipts that a relay brought, and how far it has read."""
    return [_bring_home(transaction, *one) for one in batch]


def outbound(
    transaction: Transaction, network: Network, limit_messages: int, limit_bytes: int, needs: NeededTiles
) -> tuple[list[Outbound], LogProofs | None]:
    """Return messages with all their rows that wait for a network, and what proves their receipts."""
    page = _outbound(transaction, network, limit_messages, limit_bytes)
    return page, proofs(transaction, [one.leaf for one in page], needs) if page else None


def outbound_counts(transaction: Transaction) -> dict[Network, tuple[int, int]]:
    """Return by network how many rows wait, and when the oldest of them was accepted."""
    return {network: (int(rows), int(oldest)) for network, rows, oldest in transaction.run(_COUNTS)}


def _outbound(transaction: Transaction, network: Network, limit_messages: int, limit_bytes: int) -> list[Outbound]:
    refs: list[Ref] = []
    numbers: dict[int, None] = {}
    for offset in count(0, PAGE_ROWS):
        rows = transaction.run(_PAGE, network, PAGE_ROWS, offset)
        for number, index in rows:
            if len(numbers) == limit_messages and number not in numbers:
                return _loaded(transaction, refs, limit_bytes)
            numbers[number] = None
            refs.append(Ref(number, index))
        if len(rows) < PAGE_ROWS:
            break
    return _loaded(transaction, refs, limit_bytes)


def _loaded(transaction: Transaction, refs: Sequence[Ref], limit_bytes: int) -> list[Outbound]:
    return [
        Outbound(one.number, one.head, one.body, one.receipt, leaf_hash(signed_receipt_leaf(one.receipt)), one.rows)
        for one in load(transaction, refs, limit_bytes)
    ]


def _lease(transaction: Transaction, network: Network, holder: str, epoch: int | None, keep_s: int) -> Lease | GatewayError:
    now, until = transaction.now, transaction.now + keep_s
    known = lane_of(transaction, network)
    same = known is not None and (known.holder, known.epoch) == (holder, epoch)
    if not keep_s and not same:
        return _replaced(network, "there is nothing to give up")
    if known is None:
        transaction.change(_FIRST, network, 1, holder, until, 0)
        return Lease(1, until, 0, holder)
    if known.holder != holder and known.until > now:
        return _replaced(network, f"{known.holder} is active until {known.until}")
    new = Lease(known.epoch if same else known.epoch + 1, until, known.after, holder)
    _set(transaction, network, new)
    return new


def _set(transaction: Transaction, network: Network, new: Lease) -> None:
    transaction.change(_SET, new.epoch, new.holder, new.until, new.after, network)


def _held_by(transaction: Transaction, network: Network, epoch: int) -> Lease | GatewayError:
    known = lane_of(transaction, network)
    if known is None or known.epoch != epoch:
        return _replaced(network, f"epoch {epoch} of {0 if known is None else known.epoch}")
    return known


def _replaced(network: Network, detail: str) -> Rejected:
    return Rejected(f"the relay to {network}: {detail}", code="session-replaced")


def _hand_out(transaction: Transaction, network: Network, epoch: int, refs: Sequence[Ref]) -> set[Ref] | GatewayError:
    known = _held_by(transaction, network, epoch)
    if isinstance(known, GatewayError):
        return known
    rows = [row for row in look(transaction, refs) if row.state is State.OUTBOUND and row.network == network]
    transaction.write(_ATTEMPT, [row.ref for row in rows if not row.attempts])
    return {row.ref for row in rows}


def _answer(
    transaction: Transaction, network: Network, epoch: int, answers: Sequence[Answer], sign: SignHeld
) -> list[str] | GatewayError:
    known = _held_by(transaction, network, epoch)
    if isinstance(known, GatewayError):
        return known
    rows: dict[int, list[Found]] = {}
    for row in transaction.look(_OF_NUMBERS, [(one,) for one in sorted({one.number for one in answers})], network):
        rows.setdefault(row[0], []).append(found(row))
    moves: dict[Ref, Move] = {}
    codes = []
    for one in answers:
        fits = [row for row in rows.get(one.number, ()) if one.fits(row.envelope_hash, row.sender)]
        codes.append("" if fits else NOT_FOUND)
        moves |= {row.ref: new for row in fits if row.ref not in moves and (new := _move(row, one, transaction.now, sign))}
    move(transaction, list(moves.values()))
    refused = [ref for ref, one in moves.items() if one.steps[-1].state is State.REFUSED]
    recalling.clear(transaction, refused)  # nobody there has a copy
    return codes


def _move(row: Found, one: Answer, now: int, sign: SignHeld) -> Move | None:
    """Return what an answer does to a row; a repeat, and what has gone on meanwhile, is left as it is."""
    if one.problem is not None:
        held = row.state is State.OUTBOUND
        step = Step(State.HELD, now, one.problem, sign(row.envelope_hash, row.recipient, one.problem)) if held else None
        return Move(row, (step,)) if step else None  # without attempts: it is not there
    said = one.accepted or one.refused.get(row.recipient)
    waits = row.state is State.OUTBOUND or (row.state is State.HELD and not row.may_be_there)
    if said is None or not waits:
        return None
    goal = State.RELAYED if one.accepted else State.REFUSED
    way = steps(row.state, goal)
    passed = tuple(Step(state, said.at, f"implied by {goal}") for state in way[:-1])
    return Move(row, (*passed, Step(goal, said.at, said.reason, said.signed)), max(1, row.attempts))


def _bring_home(
    transaction: Transaction, network: Network, epoch: int, after: int, records: Sequence[Record]
) -> list[str] | GatewayError:
    known = _held_by(transaction, network, epoch)
    if isinstance(known, GatewayError):
        return known
    (codes,) = record(transaction, [records])
    _set(transaction, network, known._replace(after=after))
    return codes
