"""
Repair at start: what this process's memory held is gone, so its rows go back to `accepted`.

Only for a broker in memory: RabbitMQ keeps its queues, and an offline mailbox is never published twice. What a broker lost
while a mailbox is connected is repaired by the session that finds it empty (`session`), by evidence and never by time alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ops.logs import logger

if TYPE_CHECKING:
    from gateway.exchange.parts import Parts

__all__ = ["requeue_lost"]


async def requeue_lost(parts: Parts) -> int:
    """
    Send back every row that stands `queued`; call it before anything is dispatched.

    Returns:
        How many rows.
    """
    count = await parts.ledger.requeue_all()
    if count:
        parts.metrics.repaired.inc(count)
        logger().info("requeued", count=count)
    return count
