"""
Outcomes: what an author is told about his own messages without asking for each of them.

Signed receipts that say that a delivery was rejected, held, expired or recalled, in the order in which that happened; an author
reads on from the last one that he has. Nobody reads about another's messages (promise 9).
Spec: schemas/api.md, "Outcomes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.exchange.parts import Parts
    from gateway.ids import Address

__all__ = ["AT_ONCE", "Outcomes"]

AT_ONCE: Final = 256  # receipts of some 350 bytes each


class Outcomes:
    """
    Tells authors.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def after(self, asker: Address, seq: int) -> Sequence[tuple[int, bytes]]:
        """
        Return what happened to the asker's own messages after a number.

        Args:
            asker: The author, proved.
            seq: The last number that he has; 0 from the beginning.

        Returns:
            Numbers, which rise with gaps, and signed receipts; at most `AT_ONCE`, and fewer mean that there are no more.

        Raises:
            Unavailable: The ledger is away.
        """
        return await self._parts.ledger.outcomes(asker, seq, AT_ONCE)
