"""
Deadlines: answers that come to be at risk or overdue are logged, each once for a delivery.

The ledger remembers what was told, over all processes and restarts. A line names the message and never who owes the answer, nor
content; how many there are is in the gauges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ids import format_id
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts

__all__ = ["LOOK_S", "DeadlineWatch"]

LOOK_S: Final = 30.0  # respond_by is in hours or days
AT_ONCE: Final = 500  # answers in one commit


class DeadlineWatch:
    """
    Looks for answers that are late.

    Args:
        parts: Of this process.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = logger()

    async def round(self) -> None:
        """
        Tell what came due since the last round.

        Raises:
            Unavailable: The ledger is away; it is told next time.
        """
        while found := await self._parts.ledger.owed.come_due(int(self._parts.clock()), AT_ONCE):
            for one in found:
                name = "deadline-overdue" if one.overdue else "deadline-at-risk"
                self._log.warning(name, number=one.number, message_id=format_id(one.message_id), kind=one.kind)
