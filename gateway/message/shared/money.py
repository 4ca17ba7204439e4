"""Money: an amount as text, for no number of JSON holds it exactly, and its currency."""

from typing import Annotated

from msgspec import Meta

from gateway.message.shared.basics import Wire, whole

__all__ = ["Money"]


class Money(Wire, frozen=True, kw_only=True):
    """
    A sum of money.

    Args:
        amount: In units of the currency, with at most three decimals: `125000.50`.
        currency: ISO 4217.
    """

    amount: Annotated[str, Meta(pattern=whole(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,3})?"))]
    currency: Annotated[str, Meta(pattern=whole("[A-Z]{3}"))]
