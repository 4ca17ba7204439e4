"""
What authors are told: receipts that say that a delivery of theirs was rejected, held, expired or recalled, or a copy destroyed.

Each row is written in the same commit as the event that it speaks of; an author reads on from the last one that he saw. Who
wrote from another network is told there: its relay reads every signed receipt under `@network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.ids import Address, network_of
from gateway.ledger.prepared import Insert, Transaction, single
from gateway.ledger.tables import Int8, outcome

__all__ = ["read", "reader_of", "tell"]

_TELL: Final = Insert(outcome, ("sender", "receipt", "number"))
_READ: Final = single(
    sa.select(outcome.c.seq, outcome.c.receipt)
    .where(
        outcome.c.sender == sa.bindparam("sender", type_=sa.Text()),
        outcome.c.seq > sa.bindparam("after", type_=Int8),
    )
    .order_by(outcome.c.seq)
    .limit(sa.bindparam("limit", type_=Int8))
    .offset(sa.literal_column("0")),
    "sender",
    "after",
    "limit",
)


def reader_of(who: Address, *, relayed: bool) -> Address:
    """Return under which name it is kept what somebody is told: his own, or his network's where his mail was relayed."""
    return Address(f"@{network_of(who)}") if relayed else who


def tell(transaction: Transaction, told: Sequence[tuple[Address, bytes, int]]) -> None:
    """Keep signed receipts for the senders that they concern, each with the number of its message."""
    transaction.write(_TELL, told)
    transaction.tells = transaction.tells or bool(told)


def read(transaction: Transaction, sender: Address, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Return what a sender is told after a number, in the order in which it happened."""
    return [(seq, receipt) for seq, receipt in transaction.run(_READ, sender, after, limit)]
