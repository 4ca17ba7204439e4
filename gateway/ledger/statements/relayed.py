"""
The other side of the relay: what is remembered of mail from other networks, beside the messages themselves.

First answers are kept, refusals too, so that a forward that comes again is answered alike whatever the checks say by then. An
event of a refusal has its leaf and its code, and names nobody: erasing the row of `refusal` erases all of it.
Spec: schemas/relay.md, "Forward" and "Inclusion".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.envelope import signed_receipt_leaf
from gateway.ids import Address, EnvelopeHash, Network
from gateway.ledger.facts import Refusal, SeenTree
from gateway.ledger.prepared import Insert, Statement, Transaction, place, single
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.states import State
from gateway.ledger.tables import Int8, message, peer_log, refusal

__all__ = ["first_answers", "forget_refusals", "refuse", "saw", "seen", "waiting_bytes"]

_STORED: Final = Statement(
    lambda rows: sa.select(message.c.envelope_hash, message.c.receipt).where(
        message.c.envelope_hash.in_([place(message.c.envelope_hash, row) for row in range(rows)]),
        message.c.origin.is_not(None),
    ),
    ("envelope_hash",),
)
_REFUSED: Final = Statement(
    lambda rows: sa.select(refusal.c.envelope_hash, refusal.c.receipt)
    .where(refusal.c.envelope_hash.in_([place(refusal.c.envelope_hash, row) for row in range(rows)]))
    .order_by(refusal.c.envelope_hash, refusal.c.recipient),
    ("envelope_hash",),
)
_REFUSE: Final = Insert(refusal, refusal.c.keys())
_FORGET: Final = single(sa.delete(refusal).where(refusal.c.until <= sa.bindparam("now", type_=Int8)), "now")
_SEEN: Final = single(
    sa.select(peer_log.c.size, peer_log.c.root, peer_log.c.at).where(
        peer_log.c.gateway == sa.bindparam("gateway", type_=sa.Text())
    ),
    "gateway",
)
_SAW_FIRST: Final = Insert(peer_log, peer_log.c.keys())
_SAW: Final = single(
    sa.update(peer_log)
    .values({name: sa.bindparam(f"new_{name}", type_=peer_log.c[name].type) for name in SeenTree._fields})
    .where(peer_log.c.gateway == sa.bindparam("of", type_=sa.Text())),
    *(f"new_{name}" for name in SeenTree._fields),
    "of",
)
_WAITING: Final = single(
    sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(message.c.body)), sa.literal_column("0"))).where(
        message.c.origin.is_not(None),
        message.c.body.is_not(None),
        message.c.origin == sa.bindparam("network", type_=sa.Text()),
    ),
    "network",
)


def first_answers(transaction: Transaction, hashes: Sequence[EnvelopeHash]) -> dict[EnvelopeHash, list[bytes]]:
    """Return the receipts with which envelopes were answered before: one that accepted, or one for each refused recipient."""
    keys = [(one,) for one in sorted(set(hashes))]
    answers: dict[EnvelopeHash, list[bytes]] = {}
    for envelope_hash, receipt in transaction.look(_REFUSED, keys):
        answers.setdefault(envelope_hash, []).append(receipt)
    return answers | {envelope_hash: [receipt] for envelope_hash, receipt in transaction.look(_STORED, keys)}


def refuse(transaction: Transaction, batch: Sequence[Refusal]) -> list[list[bytes]]:
    """Keep refusals; what was answered before is answered alike."""
    known = first_answers(transaction, [one.envelope_hash for one in batch])
    for one in batch:
        if one.envelope_hash not in known:
            known[one.envelope_hash] = [receipt for _, receipt in one.receipts]
            transaction.write(_REFUSE, [(one.envelope_hash, who, receipt, one.until) for who, receipt in one.receipts])
            transaction.write(event_statement, [_event(transaction.now, one, receipt) for _, receipt in one.receipts])
    return [known[one.envelope_hash] for one in batch]


def _event(now: int, one: Refusal, receipt: bytes) -> tuple[int, str, None, str, str, None, bytes, None]:
    return now, State.REFUSED.value, None, "", one.reason, None, signed_receipt_leaf(receipt), None


def forget_refusals(transaction: Transaction, batch: Sequence[int]) -> list[int]:
    """Erase refusals that nobody will ask for again; return how many."""
    return [transaction.change(_FORGET, now) for now in batch]


def seen(transaction: Transaction, gateway: Address) -> SeenTree | None:
    """Return the largest tree that was seen of a gateway's log."""
    rows = transaction.run(_SEEN, gateway)
    return SeenTree(*rows[0]) if rows else None


def saw(transaction: Transaction, batch: Sequence[tuple[Address, SeenTree]]) -> list[None]:
    """Remember trees; a smaller one than before changes nothing."""
    for gateway, tree in batch:
        known = seen(transaction, gateway)
        if known is None:
            transaction.write(_SAW_FIRST, [(gateway, *tree)])
        elif known.size < tree.size:
            transaction.change(_SAW, *tree, gateway)
    return [None] * len(batch)


def waiting_bytes(transaction: Transaction, network: Network) -> int:
    """Return the sealed bytes from another network that are not handed over and ended yet."""
    ((total,),) = transaction.run(_WAITING, network)
    return int(total)
