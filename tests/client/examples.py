"""The published example messages, as content to send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.message import read_message_file
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.client import ContactPoint, Delivery
    from gateway.message import Content

__all__ = ["content", "drain", "path", "until"]

REQUEST = "cooperation.request/hear-a-witness"
RESPONSE = "request.response/questions"


def path(name: str = REQUEST) -> Path:
    """Return the file of an example."""
    return schemas_path() / "examples" / f"{name}.json"


def content(name: str = REQUEST) -> Content:
    """Return the content of an example."""
    return read_message_file(path(name).read_bytes())[1]


async def drain(contact_point: ContactPoint, *, acknowledge: bool = True) -> list[Delivery]:
    """Walk through an inbox until it is empty."""
    found = []
    async for delivery in contact_point.inbox():
        found.append(delivery)
        if acknowledge:
            await delivery.acknowledge()
    return found


async def until(condition: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait for something that another task or process does."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)
