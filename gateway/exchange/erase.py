"""
Erase: metadata goes when the retention of its kind is over.

It counts from the end of a message, or from its expiry where a delivery has not ended by then. The row of the kind says how
long, the configuration may say less. Never before `expires` and 30 days: so long a repeat gets its first receipt (promise 4).
The ledger erases in small commits, so that nobody waits long for the writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ledger import Erasure
from gateway.message.kind_spec import DAY_S
from gateway.message.registry import KINDS
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts
    from gateway.message.kind_spec import KindSpec

__all__ = ["REPEATABLE_DAYS", "Eraser"]

REPEATABLE_DAYS: Final = 30  # after `expires`: promise 4
MESSAGES_AT_ONCE: Final = 50
ROWS_AT_ONCE: Final = 1000  # deliveries in one commit, or those of one message


class Eraser:
    """
    Ends what was kept long enough.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()
        self._untidy = False

    async def round(self) -> None:
        """
        Erase everything that is due now, then take it out of the files.

        Raises:
            Unavailable: The ledger is away; the rest is due next time.
        """
        for row in KINDS.values():
            if count := await self._of_kind(row):
                self._log.info("erased", kind=row.kind, count=count)
        if await self._parts.ledger.relay.forget_refusals(int(self._parts.clock())):
            self._untidy = True
        if self._untidy:
            self._untidy = not await self._parts.ledger.kept.tidy()

    async def _of_kind(self, row: KindSpec) -> int:
        total, now = 0, int(self._parts.clock())
        erasure = Erasure(
            kind=row.kind,
            ended_by=now - min(row.retention_days, self._parts.retention.days) * DAY_S,
            expired_by=now - REPEATABLE_DAYS * DAY_S,
            limit_messages=MESSAGES_AT_ONCE,
            limit_rows=ROWS_AT_ONCE,
        )
        while count := await self._parts.ledger.kept.erase(erasure):
            self._untidy = True
            self._parts.metrics.erased(row.kind).inc(count)
            total += count
        return total
