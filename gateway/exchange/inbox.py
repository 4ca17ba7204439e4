"""
Thin clients: the ledger answers, without lease or session.

What a thin client has answered is drained from its mailbox queue, beside the answer: without a broker thin clients still work.
What it has not answered it gets again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.envelope import common_of, make_delivery
from gateway.ledger import Ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from gateway.exchange.dispatch import Dispatcher
    from gateway.exchange.parts import Parts
    from gateway.ids import Address
    from gateway.ledger import Waiting

__all__ = ["ThinInbox"]

DRAINED_AT_ONCE: Final = 1000


class ThinInbox:
    """
    Reads mailboxes from the ledger.

    Args:
        parts: Of this process.
        dispatcher: Is told what was drained.
    """

    def __init__(self, parts: Parts, dispatcher: Dispatcher) -> None:
        self._parts = parts
        self._dispatcher = dispatcher

    async def read(self, asker: Address, after: int) -> tuple[list[bytes], bool]:
        """
        Return what waits.

        Args:
            asker: Whose mailbox.
            after: Only what was accepted with a higher number.

        Returns:
            Deliveries in order of acceptance, and whether it is worth asking for more: only an empty answer is surely the end.
        """
        waiting = await self._parts.ledger.inbox(asker, after, self._parts.limits.thin_bytes)
        deliveries = [delivery for one in waiting for delivery in _deliveries(one)]
        self._parts.metrics.handed_over.inc(len(deliveries))
        return deliveries, bool(deliveries)

    async def drain(self, mailbox: Address) -> None:
        """
        Throw out of the mailbox queue what the ledger wants no more.

        Raises:
            Unavailable: The broker is away; it is drained another time.
        """
        if not self._parts.broker.ready:
            return
        dropped = await self._parts.broker.drain(mailbox, self._wanted, DRAINED_AT_ONCE)
        if dropped:
            self._parts.metrics.unwanted.inc(dropped)
            self._dispatcher.emptied(mailbox)

    async def _wanted(self, refs: Sequence[tuple[int, int]]) -> AbstractSet[tuple[int, int]]:
        return await self._parts.ledger.wanted([Ref(*ref) for ref in refs])


def _deliveries(waiting: Waiting) -> list[bytes]:
    common = common_of(waiting.head, waiting.body)
    return [make_delivery(common, row.index, row.stanza, row.proof, waiting.receipts) for row in waiting.rows]
