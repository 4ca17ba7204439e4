"""The socket under a line to RabbitMQ: opened as aiormq would, and remembered, so that a silent peer cannot keep it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aiormq
from aiormq.connection import TCPTransportFactory, TLSTransportFactory
from yarl import URL

__all__ = ["CLOSE_S", "LineSocket", "hang_up"]

CLOSE_S: Final = 3.0  # for the goodbye; aiormq itself waits 2 s for the broker's answer


class LineSocket(aiormq.TransportFactory):
    """One socket, as aiormq asks for it."""

    def __init__(self, scheme: str) -> None:
        self._factory = TLSTransportFactory() if scheme == "amqps" else TCPTransportFactory()
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open the socket."""
        reader, self._writer = await self._factory.create(url, **options)
        return reader, self._writer

    def abort(self) -> None:
        """Cut it at once: a close waits for what is still to be written; to a silent peer that is for ever."""
        if self._writer is not None:
            self._writer.transport.abort()


async def hang_up(connection: aiormq.Connection, socket: LineSocket) -> None:
    """Close in good manners within the limit, else without; never raises for the line."""
    goodbye = asyncio.ensure_future(connection.close())
    try:
        await asyncio.wait([goodbye], timeout=CLOSE_S)
    finally:
        socket.abort()
        # Not cancelled on the way: aiormq's own tasks end by the abort, and their results are taken here.
        await asyncio.wait([goodbye], timeout=CLOSE_S)
        if goodbye.done() and not goodbye.cancelled():
            goodbye.exception()
