"""
What is accepted, as the ledger and the dispatcher get it: of a submission here, and of a forward from another network.

Rows of other networks are kept and not dispatched: their relay takes them. A forward brings rows of this network alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.exchange.parcels import Dispatch
from gateway.ids import network_of
from gateway.ledger import URGENT, Acceptance
from gateway.message.flows import flows

if TYPE_CHECKING:
    from gateway.exchange.judging import Ready, View
    from gateway.exchange.stamps import Stamps
    from gateway.ledger import Stored

__all__ = ["make_acceptance", "make_dispatch"]


def make_acceptance(ready: Ready, view: View, stamps: Stamps) -> Acceptance:
    """Return what the ledger keeps; the receipt is signed for the `now` of the view."""
    envelope, header = ready.envelope, ready.envelope.header
    return Acceptance(
        message_id=header.message_id,
        sender=header.sender,
        envelope_hash=envelope.envelope_hash,
        submission_hash=ready.submission_hash,
        kind=header.kind,
        urgency=header.urgency,
        handling=ready.handling or header.handling,
        conversation_id=header.conversation_id,
        created=header.created,
        expires=header.expires,
        head=ready.head,
        body=envelope.body,
        rows=ready.rows,
        sign=stamps.accepted(envelope.envelope_hash, header.sender, view.now),
        sign_recalled=stamps.recalled,
        in_reply_to=header.in_reply_to,
        respond_by=header.respond_by,
        at_risk_at=_at_risk_at(header.respond_by, view.now),
        answers=ready.answers,
        may_recall=ready.may_recall,
        network=view.directory.network,
        first_receipt=ready.first_receipt,
    )


def make_dispatch(ready: Ready, stored: Stored, view: View) -> Dispatch:
    """Return what the dispatcher conveys: the rows of this network, which may be none."""
    envelope, header = ready.envelope, ready.envelope.header
    return Dispatch(
        number=stored.number,
        accepted_at=view.now,
        urgent=header.urgency in URGENT,
        expires=header.expires,
        envelope_hash=envelope.envelope_hash,
        common=envelope.common_bytes,
        receipts=[stored.receipt] if ready.first_receipt is None else [ready.first_receipt, stored.receipt],
        rows=[row for row in ready.rows if network_of(row.recipient) == view.directory.network],
    )


def _at_risk_at(respond_by: int | None, now: int) -> int | None:
    """Return from when an answer is at risk, as the tables of conversations say it of their clocks."""
    if respond_by is None:
        return None
    return now + max(0, respond_by - now) * flows().at_risk_after_percent // 100
