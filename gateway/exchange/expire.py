"""
Expire: what passed its expiry unread ends with a signed `expired` receipt, and is never delivered after it.

What a relay took may have reached the other network in time, and is ended by an answer from there alone; of what never got one
this gateway says so at last.
The ledger takes the rows in small commits, so that the writer is never held for long; receipts are signed inside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts

__all__ = ["Expirer"]

AT_ONCE: Final = 200  # rows in one commit: some 15 ms of signatures in the writer
SILENCE_S: Final = 7 * 86_400  # after the expiry: so long an outage between two networks may last


class Expirer:
    """
    Ends what is past its time.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()

    async def round(self) -> None:
        """
        End everything that is due now.

        Raises:
            Unavailable: The ledger is away; the rest is due next time.
        """
        parts = self._parts
        total = 0
        now = int(parts.clock())
        while count := await parts.ledger.expire(now, AT_ONCE, parts.stamps.expired):
            total += count
            if count < AT_ONCE:
                break
        while count := await parts.ledger.relay.give_up(now - SILENCE_S, AT_ONCE, parts.stamps.unanswered):
            total += count
        if total:
            parts.metrics.expired.inc(total)
            self._log.info("expired", count=total)
