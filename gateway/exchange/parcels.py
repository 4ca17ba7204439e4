"""
Parcels: how deliveries travel through the broker, from one gateway process to another.

A parcel's body is the envelope hash (32 bytes), then the delivery as its recipient gets it: the session needs the hash to
match receipts, and must not decode a delivery to find it. Nothing in a parcel is believed: the recipient verifies the
delivery, and the ledger says whether it is still wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.broker import Parcel
from gateway.envelope import common_of, make_delivery, parse_receipt
from gateway.ids import EnvelopeHash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.envelope import Row
    from gateway.ledger import Waiting

__all__ = ["HASH_BYTES", "Dispatch", "from_waiting", "make_parcel", "open_parcel"]

HASH_BYTES: Final = 32
_EXPIRING_S: Final = 1  # the least that a broker is asked to keep a parcel


class Dispatch(NamedTuple):
    """One accepted message on its way to mailboxes: its rows, and what they share; `receipts` are the `accepted` ones."""

    number: int
    accepted_at: int
    urgent: bool
    expires: int
    envelope_hash: EnvelopeHash
    common: bytes
    receipts: Sequence[bytes]
    rows: Sequence[Row]

    @property
    def size_bytes(self) -> int:
        """What it holds in memory, about."""
        return len(self.common) + 512 * len(self.rows)

    @property
    def rank(self) -> tuple[bool, int]:
        """Its place in the order of a mailbox: urgent before normal, then as accepted."""
        return not self.urgent, self.number


def from_waiting(waiting: Waiting) -> Dispatch:
    """Return what the ledger gave back as it was when it was accepted."""
    accepted = parse_receipt(waiting.receipt).receipt
    return Dispatch(
        number=waiting.number,
        accepted_at=accepted.at,
        urgent=waiting.urgent,
        expires=waiting.expires,
        envelope_hash=accepted.envelope_hash,
        common=common_of(waiting.head, waiting.body),
        receipts=waiting.receipts,
        rows=waiting.rows,
    )


def make_parcel(dispatch: Dispatch, row: Row, parcel_id: bytes, now: float) -> Parcel:
    """
    Make one attempt to bring one row to its mailbox.

    Args:
        dispatch: The message.
        row: One of its rows.
        parcel_id: Unique for this attempt.
        now: Unix seconds.
    """
    delivery = make_delivery(dispatch.common, row.index, row.stanza, row.proof, dispatch.receipts)
    return Parcel(
        id=parcel_id,
        mailbox=row.recipient,
        urgent=dispatch.urgent,
        ref=(dispatch.number, row.index),
        body=dispatch.envelope_hash + delivery,
        expires_in_s=max(_EXPIRING_S, dispatch.expires - int(now)),
    )


def open_parcel(body: bytes) -> tuple[EnvelopeHash, bytes]:
    """Return the envelope hash and the delivery."""
    return EnvelopeHash(body[:HASH_BYTES]), body[HASH_BYTES:]
