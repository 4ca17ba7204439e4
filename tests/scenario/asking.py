"""Asking a gateway from a test: by hand, as a thin client, and as software that waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from gateway.protocol import media
from tests.scenario.lines import Answer, Line, plain, signed

if TYPE_CHECKING:
    from tests.scenario.town import Town

__all__ = ["ask", "read_until", "thin"]


async def ask(town: Town, request: bytes) -> Answer:
    """Ask the gateway by hand."""

    def asked() -> Answer:
        with Line(town.port) as line:
            return line.ask(request)

    return await asyncio.to_thread(asked)


async def thin(town: Town, name: str) -> list[bytes]:
    """Read what waits for a thin client."""
    answer = await ask(town, plain("GET", media.INBOX, signed(town.member(name).keyring, "GET", media.INBOX)))
    assert answer.status == 200, answer
    deliveries: list[bytes] = msgspec.msgpack.decode(answer.body)[0]
    return deliveries


async def read_until(town: Town, name: str, wanted: set[bytes]) -> list[bytes]:
    """Acknowledge what comes until all that is wanted was there; return all that came."""
    found: list[bytes] = []
    async with town.home(name) as point, asyncio.timeout(45):
        async for delivery in point.inbox(follow=True):
            found.append(delivery.envelope_hash)
            await delivery.acknowledge()
            if wanted <= set(found):
                break
    return found
