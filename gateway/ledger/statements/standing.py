"""
Whom an operator suspended, and how much of each sender waits.

An order and its leaf of the audit log stand in one commit; one that cannot be done leaves neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.ids import Address
from gateway.ledger.order_tables import suspended as table
from gateway.ledger.prepared import Insert, Transaction, single
from gateway.ledger.statements.directory import record_action
from gateway.ledger.tables import message

__all__ = ["resume", "suspend", "suspended", "waiting_bytes"]

Order = tuple[Address, bytes, str]  # who, leaf, summary

_WHO: Final = sa.bindparam("who", type_=sa.Text())
_ALL: Final = single(sa.select(table.c.participant).order_by(table.c.participant))
_ONE: Final = single(sa.select(table.c.at).where(table.c.participant == _WHO), "who")
_ADD: Final = Insert(table, ("participant", "at"))
_REMOVE: Final = single(sa.delete(table).where(table.c.participant == _WHO), "who")
_WAITING: Final = single(
    sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(message.c.body)), sa.literal_column("0"))).where(
        message.c.body.is_not(None), message.c.sender == _WHO
    ),
    "who",
)


def suspend(transaction: Transaction, batch: Sequence[Order]) -> list[bool]:
    """Suspend participants; who is suspended already stays so."""
    return [_suspend(transaction, *one) for one in batch]


def resume(transaction: Transaction, batch: Sequence[Order]) -> list[bool]:
    """End suspensions; False where there is none."""
    return [_resume(transaction, *one) for one in batch]


def suspended(transaction: Transaction) -> frozenset[Address]:
    """Return who is suspended."""
    return frozenset(Address(participant) for (participant,) in transaction.run(_ALL))


def waiting_bytes(transaction: Transaction, sender: Address) -> int:
    """Return the sealed bytes of a sender that are not handed over and ended yet."""
    ((total,),) = transaction.run(_WAITING, sender)
    return int(total)


def _suspend(transaction: Transaction, who: Address, leaf: bytes, summary: str) -> bool:
    if not transaction.run(_ONE, who):
        transaction.write(_ADD, [(who, transaction.now)])
    record_action(transaction, [(leaf, summary)])
    return True


def _resume(transaction: Transaction, who: Address, leaf: bytes, summary: str) -> bool:
    if not transaction.change(_REMOVE, who):
        return False
    record_action(transaction, [(leaf, summary)])
    return True
