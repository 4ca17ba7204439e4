"""
Who holds a mailbox now, and which nonces were used.

A newer session of a participant raises its epoch; the older one sees that and ends. A nonce is kept until it would be
refused for its age; the expirer deletes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.ids import Address
from gateway.ledger.prepared import Insert, Statement, Transaction, given, single
from gateway.ledger.tables import Int8, nonce, session

__all__ = ["begin", "epoch", "remember"]

Nonce = tuple[str, bytes, int]


def _known(rows: int) -> sa.Select[Any]:
    asked = given(rows, scope=sa.Text(), nonce=sa.LargeBinary())
    at = sa.and_(nonce.c.scope == asked.c.scope, nonce.c.nonce == asked.c.nonce)
    return sa.select(nonce.c.scope, nonce.c.nonce).select_from(asked).join(nonce, at)


_KNOWN: Final = Statement(_known, ("scope", "nonce"))
_REMEMBER: Final = Insert(nonce, nonce.c.keys())
_WHO: Final = sa.bindparam("participant", type_=sa.Text())
_EPOCH: Final = single(sa.select(session.c.epoch).where(session.c.participant == _WHO), "participant")
_FIRST: Final = single(
    sa.insert(session).values({column.name: sa.bindparam(column.name, type_=column.type) for column in session.c}),
    "participant",
    "epoch",
    "process",
    "at",
)
_NEXT: Final = single(
    sa.update(session)
    .values(
        epoch=sa.bindparam("new", type_=Int8),
        process=sa.bindparam("by", type_=sa.Text()),
        at=sa.bindparam("now", type_=Int8),
    )
    .where(session.c.participant == sa.bindparam("who", type_=sa.Text())),
    "new",
    "by",
    "now",
    "who",
)


def begin(transaction: Transaction, batch: Sequence[tuple[Address, str]]) -> list[int]:
    """Raise the epochs; the last one of a participant wins."""
    return [_begin(transaction, participant, process) for participant, process in batch]


def epoch(transaction: Transaction, participant: Address) -> int:
    """Return the epoch; 0 before the first session."""
    rows = transaction.run(_EPOCH, participant)
    return int(rows[0][0] or 0) if rows else 0


def remember(transaction: Transaction, batch: Sequence[Nonce]) -> list[bool]:
    """Keep nonces; False for one that was used before, in the ledger or in this group."""
    used = set(transaction.look(_KNOWN, sorted({one[:2] for one in batch})))
    fresh: list[Nonce] = []
    outcomes = []
    for one in batch:
        outcomes.append(one[:2] not in used)
        if outcomes[-1]:
            used.add(one[:2])
            fresh.append(one)
    transaction.write(_REMEMBER, fresh)
    return outcomes


def _begin(transaction: Transaction, participant: Address, process: str) -> int:
    new = epoch(transaction, participant) + 1
    if new == 1:
        transaction.change(_FIRST, participant, new, process, transaction.now)
    else:
        transaction.change(_NEXT, new, process, transaction.now, participant)
    return new
