"""Looking through a mailbox with a consumer: one way for every adapter, so that order and faults are those of consuming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.broker.base import Arrived, Consumer, Keep

__all__ = ["look_through"]

QUIET_S: Final = 0.5  # parcels that were counted and do not come within this are held by somebody else by now


async def look_through(consumer: Consumer, keep: Keep, expected: int) -> int:
    """
    Hold up to `expected` parcels, ask `keep` about them, and acknowledge those that are not kept.

    The caller closes the consumer afterwards, which gives the others back in order.

    Returns:
        How many were acknowledged.
    """
    held: list[Arrived] = []
    while len(held) < expected and (arrived := await consumer.get(QUIET_S)) is not None:
        held.append(arrived)
    if not held:
        return 0
    kept = await keep([arrived.ref for arrived in held])
    unwanted = [arrived.tag for arrived in held if arrived.ref not in kept]
    await consumer.ack(unwanted)
    return len(unwanted)
