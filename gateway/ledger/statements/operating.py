"""
What an operator does to the record: each act and its leaf of the audit log stand in one commit.

An act that cannot be done leaves neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.ledger.facts import Ref
from gateway.ledger.prepared import Transaction
from gateway.ledger.statements.conveying import may_release, released
from gateway.ledger.statements.directory import record_action
from gateway.ledger.statements.moving import look, move

__all__ = ["release"]


def release(transaction: Transaction, batch: Sequence[tuple[Ref, bytes, str]]) -> list[bool]:
    """Let held rows be conveyed again, with all their attempts; False for one that is not held."""
    return [_release(transaction, ref, leaf, summary) for ref, leaf, summary in batch]


def _release(transaction: Transaction, ref: Ref, leaf: bytes, summary: str) -> bool:
    held = [row for row in look(transaction, [ref]) if may_release(row)]
    if not held:
        return False
    move(transaction, [released(row, transaction.now) for row in held])
    record_action(transaction, [(leaf, summary)])
    return True
