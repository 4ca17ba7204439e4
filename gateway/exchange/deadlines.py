"""
Deadlines: answers that come to be at risk or overdue are logged, each once for a delivery.

The ledger remembers what was told, over all processes and restarts. A line names the message and how many owe an answer to it,
never who, nor content; how many there are in all is in the gauges.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gateway.ids import format_id
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts
    from gateway.ids import Kind, MessageId
    from gateway.ledger import Overdue

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
            for (number, message_id, kind, overdue), count in Counter(map(_line, found)).items():
                name = "deadline-overdue" if overdue else "deadline-at-risk"
                self._log.warning(name, number=number, message_id=format_id(message_id), kind=kind, count=count)


def _line(one: Overdue) -> tuple[int, MessageId, Kind, bool]:
    """Name what is told together: thousands may owe an answer to one message."""
    return one.number, one.message_id, one.kind, one.overdue
