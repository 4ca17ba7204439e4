"""
How a parcel travels in AMQP: the body as it is, the rest in the message's properties.

correlation_id   `number.index` of the row
message_id       see `gateway.broker.publisher`
delivery_mode    2, persistent
expiration       milliseconds, in digits
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pamqp.commands import Basic

if TYPE_CHECKING:
    from gateway.broker.base import Parcel, Ref

__all__ = ["properties_of", "ref_of"]

PERSISTENT: Final = 2

# RabbitMQ closes the channel over more (10 years). Longer ones get none: the row itself expires in the ledger.
LONGEST_EXPIRATION_MS: Final = 315_360_000_000

_REF = re.compile(r"([0-9]{1,19})\.([0-9]{1,9})")


def properties_of(parcel: Parcel, message_id: str) -> Basic.Properties:
    """Return the properties for one attempt to publish."""
    number, index = parcel.ref
    return Basic.Properties(
        delivery_mode=PERSISTENT,
        message_id=message_id,
        correlation_id=f"{number}.{index}",
        expiration=_expiration(parcel.expires_in_s),
    )


def ref_of(properties: Basic.Properties) -> Ref | None:
    """Read the row back; None when this is not a parcel of ours."""
    found = _REF.fullmatch(properties.correlation_id or "")
    return None if found is None else (int(found[1]), int(found[2]))


def _expiration(expires_in_s: int | None) -> str | None:
    if expires_in_s is None:
        return None
    milliseconds = max(1, expires_in_s) * 1000
    return str(milliseconds) if milliseconds <= LONGEST_EXPIRATION_MS else None
