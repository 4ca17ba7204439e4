"""
What waits: the dispatcher's page, a thin client's page, and whether a parcel is still wanted.

Pages are bounded in rows and bytes, so that a full ledger costs no memory. The dispatcher goes from mailbox to mailbox
through the index: what it passes over costs nothing, however much waits there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import merge
from itertools import count, islice
from typing import Any, Final

import sqlalchemy as sa

from gateway.envelope import Row
from gateway.ids import Address
from gateway.ledger.facts import URGENT, Page, Ref, Waiting
from gateway.ledger.prepared import Statement, Transaction, given, place, single
from gateway.ledger.states import INBOX, WAITING, State
from gateway.ledger.tables import Int8, any_of, delivery, message

__all__ = ["inbox", "load", "sealed_to", "waiting", "waiting_count", "wanted"]

LEAST_ROWS: Final = 16  # rows that are read of one mailbox at once
INBOX_ROWS: Final = 512  # rows that one page of a thin client's inbox looks at
SIBLING_BYTES: Final = 32

_STATE, _RECIPIENT = delivery.c.state, delivery.c.recipient
# The index's own condition stands beside the narrower one: SQLite does not conclude it.
_IS_ACCEPTED: Final = sa.and_(any_of(_STATE, WAITING), any_of(_STATE, (State.ACCEPTED,)))
_IN_ORDER: Final = (delivery.c.urgent.desc(), delivery.c.number, delivery.c.idx)
_BOX: Final = sa.bindparam("recipient", type_=sa.Text())


def _first_box(*beyond: sa.ColumnElement[bool]) -> sa.Select[tuple[str]]:
    # Ordered as the index is, so that no other index will do.
    first = sa.select(_RECIPIENT).where(_IS_ACCEPTED, *beyond).order_by(_RECIPIENT, *_IN_ORDER)
    return first.limit(sa.literal_column("1")).offset(sa.literal_column("0"))


def _boxes() -> sa.Select[tuple[str]]:
    """Jump from recipient to recipient in the index, instead of reading all of its rows."""
    boxes = sa.select(_first_box().scalar_subquery().label("recipient")).cte("boxes", recursive=True)
    after = _first_box(boxes.c.recipient < _RECIPIENT).correlate(boxes).scalar_subquery()
    boxes = boxes.union_all(sa.select(after).where(boxes.c.recipient.is_not(None)))
    return sa.select(boxes.c.recipient).where(boxes.c.recipient.is_not(None))


def _numbers(*columns: sa.ColumnElement[Any]) -> Statement:
    """Read columns of messages by number."""
    return Statement(
        lambda rows: sa.select(*columns).where(message.c.number.in_([place(message.c.number, row) for row in range(rows)])),
        ("number",),
    )


def _of_refs(*columns: sa.ColumnElement[Any], where: Sequence[sa.ColumnElement[bool]] = ()) -> Statement:
    """Read columns of deliveries by reference."""

    def build(rows: int) -> sa.Select[Any]:
        refs = given(rows, number=Int8, idx=sa.Integer())
        at = sa.and_(delivery.c.number == refs.c.number, delivery.c.idx == refs.c.idx)
        return sa.select(delivery.c.number, delivery.c.idx, *columns).select_from(refs).join(delivery, at).where(*where)

    return Statement(build, ("number", "idx"))


_BOXES: Final = single(_boxes())
_IN_BOX: Final = single(
    sa.select(delivery.c.urgent, delivery.c.number, delivery.c.idx)
    .where(_IS_ACCEPTED, _RECIPIENT == _BOX)
    .order_by(*_IN_ORDER)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.bindparam("offset", type_=Int8)),
    "recipient",
    "limit",
    "offset",
)
_INBOX: Final = single(
    sa.select(delivery.c.number, delivery.c.idx)
    .where(any_of(_STATE, INBOX), _RECIPIENT == _BOX, delivery.c.number > sa.bindparam("after", type_=Int8))
    .order_by(delivery.c.number)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "recipient",
    "after",
    "limit",
)
_SIZE: Final = _numbers(message.c.number, sa.func.length(message.c.head) + sa.func.length(message.c.body))
_MESSAGE: Final = _numbers(
    message.c.number, *(message.c[name] for name in ("head", "body", "receipt", "urgency", "expires", "first_receipt"))
)
_ROW: Final = _of_refs(_RECIPIENT, delivery.c.stanza, delivery.c.proof)
_WANTED: Final = _of_refs(where=(any_of(_STATE, WAITING),))
# A stanza ends with the key id, 2 bytes that say how long the wrap is, and the wrap: schemas/envelope.md, "Forms".
_KEY_ID: Final = sa.func.substr(
    delivery.c.stanza, sa.func.length(delivery.c.stanza) - sa.literal_column("65"), sa.literal_column("16")
)
_SEALED_TO: Final = single(
    sa.select(delivery.c.number, delivery.c.idx)
    .where(any_of(_STATE, WAITING), sa.bindparam("key_id", type_=sa.LargeBinary()) == _KEY_ID)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "key_id",
    "limit",
)
_WAITING_COUNT: Final = single(
    sa.select(sa.func.count()).select_from(delivery).where(any_of(_STATE, WAITING), _RECIPIENT == _BOX), "recipient"
)


def waiting(transaction: Transaction, limit_bytes: int, limit_rows: int, skip: Collection[Address]) -> Page:
    """Return accepted rows with their messages: urgent first, then in order of acceptance."""
    boxes = [recipient for (recipient,) in transaction.run(_BOXES) if recipient not in skip]
    at_once = max(LEAST_ROWS, 2 * limit_rows // max(1, len(boxes)))
    first = islice(merge(*(_in_box(transaction, recipient, at_once) for recipient in boxes)), limit_rows)
    refs = [Ref(number, index) for _, number, index in first]
    messages = load(transaction, refs, limit_bytes)
    return Page(messages, whole=len(refs) < limit_rows and sum(len(one.rows) for one in messages) == len(refs))


def inbox(transaction: Transaction, recipient: Address, after_number: int, limit_bytes: int) -> list[Waiting]:
    """Return what one recipient has not answered, after a number, in order of acceptance."""
    rows = transaction.run(_INBOX, recipient, after_number, INBOX_ROWS)
    return load(transaction, [Ref(number, index) for number, index in rows], limit_bytes)


def wanted(transaction: Transaction, refs: Collection[Ref]) -> set[Ref]:
    """Return those of `refs` that are still to be conveyed."""
    return {Ref(number, index) for number, index in transaction.look(_WANTED, sorted(set(refs)))}


def waiting_count(transaction: Transaction, recipient: Address) -> int:
    """Count what is still to be conveyed to one recipient."""
    ((rows,),) = transaction.run(_WAITING_COUNT, recipient)
    return int(rows)


def sealed_to(transaction: Transaction, key_id: bytes, limit: int) -> list[Ref]:
    """Return rows still to be conveyed that are sealed to a key; reads all that wait, so it is for emergencies."""
    return [Ref(number, index) for number, index in transaction.run(_SEALED_TO, key_id, limit)]


def _in_box(transaction: Transaction, recipient: Address, at_once: int) -> Iterator[tuple[bool, int, int]]:
    """Yield a mailbox's rows in order, read a few at a time: of many mailboxes each gives only the head of its line."""
    for offset in count(0, at_once):
        rows = transaction.run(_IN_BOX, recipient, at_once, offset)
        yield from ((not urgent, number, index) for urgent, number, index in rows)
        if len(rows) < at_once:
            return


def load(transaction: Transaction, refs: Sequence[Ref], limit_bytes: int) -> list[Waiting]:
    """Read the messages of `refs`, in that order, until the next one is too much; the first one always fits."""
    numbers = _that_fit(transaction, list(dict.fromkeys(ref.number for ref in refs)), limit_bytes)
    rows: dict[int, list[Row]] = {number: [] for number in numbers}
    for number, index, *rest in transaction.look(_ROW, [ref for ref in refs if ref.number in rows]):
        rows[number].append(_row(index, *rest))
    found = {number: rest for number, *rest in transaction.look(_MESSAGE, [(number,) for number in numbers])}
    loaded = []
    for number in numbers:
        head, body, receipt, urgency, expires, first = found[number]
        loaded.append(Waiting(number, head, body, receipt, urgency in URGENT, expires, sorted(rows[number]), first))
    return loaded


def _that_fit(transaction: Transaction, numbers: list[int], limit_bytes: int) -> list[int]:
    sizes: dict[int, int] = dict(transaction.look(_SIZE, [(number,) for number in numbers]))
    total = 0
    for before, number in enumerate(numbers):
        total += sizes[number]
        if total > limit_bytes and before:
            return numbers[:before]
    return numbers


def _row(index: int, recipient: Address, stanza: bytes, proof: bytes) -> Row:
    siblings = tuple(proof[at : at + SIBLING_BYTES] for at in range(0, len(proof), SIBLING_BYTES))
    return Row(index, recipient, stanza, siblings)
