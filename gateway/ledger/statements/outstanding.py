"""
What holders have not answered yet: the destruction of recalled copies, and messages that change what they do with another.

A recalled copy counts from when its recall met it to when its holder says that it is destroyed. A correction, or a step in the
life of a notice, counts for each recipient from its acceptance to its end: `opened` is the holder's answer. Messages of these
kinds are few, and one that has ended for all has no body any more.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from gateway.ids import Kind
from gateway.ledger.facts import Outstanding
from gateway.ledger.prepared import Transaction, single
from gateway.ledger.states import ANNOUNCED, OPEN, RECALL
from gateway.ledger.tables import any_of, delivery, message

__all__ = ["outstanding"]

_COPIES: Final = single(
    sa.select(sa.func.count(), sa.func.min(delivery.c.recalled_at)).where(delivery.c.recalled_at.is_not(None))
)


def _announced() -> sa.Select[Any]:
    waits = sa.and_(any_of(message.c.kind, ANNOUNCED), any_of(delivery.c.state, OPEN))
    counts = sa.select(message.c.kind, sa.func.count(), sa.func.min(message.c.accepted_at))
    return counts.join_from(message, delivery, delivery.c.number == message.c.number).where(waits).group_by(message.c.kind)


_ANNOUNCED: Final = single(_announced())


def outstanding(transaction: Transaction) -> dict[Kind, Outstanding]:
    """Return what is not answered, and since when the oldest is not, by the kind of what asks for it; of each kind a row."""
    ((count, since),) = transaction.run(_COPIES)
    found = dict.fromkeys(map(Kind, ANNOUNCED), Outstanding(0, None))
    found |= {kind: Outstanding(int(waiting), oldest) for kind, waiting, oldest in transaction.run(_ANNOUNCED)}
    return {Kind(RECALL): Outstanding(int(count), since), **found}
