"""Parcels for tests, and what tests do with mailboxes again and again."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from gateway.broker.base import Outcome, Parcel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.broker.base import Arrived, Broker, Consumer

__all__ = ["BOX", "SOON_S", "fill", "numbers", "parcel", "parcels", "take", "until"]

BOX = "NCB-QM@icn"
SOON_S = 10.0  # for what must come: a loaded machine has time, a good one does not wait

_attempts = itertools.count(1)


def parcel(
    number: int, *, mailbox: str = BOX, urgent: bool = False, body: bytes = b"sealed", life_s: int | None = None
) -> Parcel:
    """Make one attempt to bring row (number, 0)."""
    return Parcel(next(_attempts).to_bytes(16, "big"), mailbox, urgent, (number, 0), body, life_s)


def parcels(count: int, *, first: int = 1, urgent: bool = False, mailbox: str = BOX) -> list[Parcel]:
    """Make parcels with consecutive numbers."""
    return [parcel(number, urgent=urgent, mailbox=mailbox) for number in range(first, first + count)]


async def fill(broker: Broker, wanted: Sequence[Parcel]) -> None:
    """Declare the mailboxes and store all parcels."""
    for mailbox in {one.mailbox for one in wanted}:
        await broker.declare(mailbox)
    assert set(await broker.publish(wanted)) <= {Outcome.STORED}


async def take(consumer: Consumer, count: int) -> list[Arrived]:
    """Get `count` parcels and fail if one of them does not come soon."""
    arrived = []
    for turn in range(count):
        one = await consumer.get(SOON_S)
        assert one is not None, f"parcel {turn + 1} of {count} did not come"
        arrived.append(one)
    return arrived


async def until(happens: Callable[[], Awaitable[bool]], limit_s: float = 20.0, pause_s: float = 0.05) -> None:
    """Try until it happens, and fail if it does not within the limit."""
    async with asyncio.timeout(limit_s):
        for turn_s in itertools.repeat(pause_s):
            if await happens():
                return
            await asyncio.sleep(turn_s)


def numbers(arrived: Sequence[Arrived]) -> list[int]:
    """Return the acceptance numbers, in order of arrival."""
    return [one.ref[0] for one in arrived]
