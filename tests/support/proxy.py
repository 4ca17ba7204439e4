"""
A TCP proxy on loopback whose misbehaviour is one line each.

    async with Proxy(port) as proxy:     # proxy.port leads to port
        proxy.cut()                      # every line breaks now; new ones are welcome
        proxy.refuse()                   # and new ones are turned away, until heal()
        proxy.freeze()                   # half-open: lines stand, nothing comes through, until heal()
        proxy.delay_s = 0.2              # each piece comes later
        proxy.bytes_per_s = 100          # trickle, in both directions
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Self

from tests.support.ports import LOOPBACK

__all__ = ["Proxy"]

PIECE_BYTES: Final = 65_536
TRICKLE_TURN_S: Final = 0.1


class Proxy:
    """
    Stands between a client and a server; `accepted` counts the lines that clients opened.

    Args:
        target_port: Of the server.
        host: Of the server.
    """

    def __init__(self, target_port: int, host: str = LOOPBACK) -> None:
        self.delay_s = 0.0
        self.bytes_per_s: int | None = None
        self.accepted = 0
        self.port = 0
        self._target = (host, target_port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._lines: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *failure: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for line in self._lines:
            line.cancel()
        if self._lines:
            await asyncio.wait(self._lines)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break every line as a reset does."""
        for writer in self._writers:
            writer.transport.abort()

    def refuse(self) -> None:
        """Break every line, and every new one as soon as it is made."""
        self._refusing = True
        self.cut()

    def freeze(self) -> None:
        """Forward nothing and read nothing; new lines are accepted and hang too."""
        self._flowing.clear()

    def heal(self) -> None:
        """Behave from now on; frozen lines that still stand go on where they were."""
        self._refusing = False
        self.delay_s = 0.0
        self.bytes_per_s = None
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self._writers.add(writer)
        self.accepted += 1
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):  # the server's callback is the outermost place of this task
            writer.transport.abort()
        finally:
            writer.close()  # a client that left while the proxy was frozen has ended neither direction
            self._writers.discard(writer)
            self._lines.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        await self._flowing.wait()
        far_reader, far_writer = await self._reach()
        self._writers.add(far_writer)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open the line to the server."""
        return await asyncio.open_connection(*self._target)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Forward until the source ends, then end the sink."""
        while True:
            await self._flowing.wait()
            piece = await source.read(self._piece_bytes())
            await self._flowing.wait()
            if not piece:
                break
            if pause_s := TRICKLE_TURN_S if self.bytes_per_s else self.delay_s:
                await asyncio.sleep(pause_s)
            sink.write(piece)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()

    def _piece_bytes(self) -> int:
        return PIECE_BYTES if self.bytes_per_s is None else max(1, int(self.bytes_per_s * TRICKLE_TURN_S))
