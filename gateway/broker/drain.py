"""Looking through a mailbox with a consumer: one way for every adapter, so that order and faults are those of consuming."""

from __future__ import annotations

from typing import Final

from gateway.broker.base import Consumer, Keep, Ref

__all__ = ["look_through"]

QUIET_S: Final = 0.5  # parcels that were counted and do not come within this are held by somebody else by now


async def look_through(consumer: Consumer, keep: Keep, expected: int) -> int:
    """
    Hold up to `expected` parcels, ask `keep` about them, and acknowledge those that are not kept.

    The caller closes the consumer afterwards, which gives the others back in order.

    Returns:
        How many were acknowledged.
    """
    held: list[tuple[Ref, int]] = []  # without the bodies: a full mailbox is larger than what a process should hold
    while len(held) < expected and (arrived := await consumer.get(QUIET_S)) is not None:
        held.append((arrived.ref, arrived.tag))
    if not held:
        return 0
    kept = await keep([ref for ref, _ in held])
    unwanted = [tag for ref, tag in held if ref not in kept]
    await consumer.ack(unwanted)
    return len(unwanted)
