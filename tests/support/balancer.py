"""
One address for several gateways, as a load balancer gives it: TCP, and behind that a look at `/readyz`.

    async with Balancer(ports) as balancer:    # balancer.port leads to one of them; the misbehaviour of `Proxy` is there too

A gateway that is not ready gets no new line; one that does not answer loses those it has, because what is half-open would
otherwise hang until its heartbeat.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from tests.support.ports import LOOPBACK
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Balancer"]

LOOK_EVERY_S: Final = 0.3
ANSWER_S: Final = 1.0
DEAD_AFTER: Final = 2  # looks without an answer
_ASK: Final = b"GET /readyz HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n"
_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer(Proxy):
    """
    Leads each new line to the next gateway that is ready.

    Args:
        ports: Of the gateways, on loopback.

    Attributes:
        ready: Those that were at the last look.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(ports[0])
        self.ready = set(ports)
        self._ports = ports
        self._turns = itertools.count()
        self._lines_of: dict[int, set[asyncio.StreamWriter]] = {port: set() for port in ports}
        self._looks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._looks = [asyncio.create_task(self._look(port)) for port in self._ports]
        return self

    async def __aexit__(self, *failure: object) -> None:
        for look in self._looks:
            look.cancel()
        await asyncio.wait(self._looks)
        await super().__aexit__(*failure)

    def lines(self, port: int) -> int:
        """Return how many lines lead to a gateway now."""
        return sum(not writer.is_closing() for writer in self._lines_of[port])

    async def _reach(self) -> _Line:
        turn = next(self._turns)
        ports = [self._ports[(turn + at) % len(self._ports)] for at in range(len(self._ports))]
        for port in [one for one in ports if one in self.ready] or ports:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    line = await asyncio.open_connection(LOOPBACK, port)
                lines = self._lines_of[port] = {one for one in self._lines_of[port] if not one.is_closing()}
                lines.add(line[1])
                return line
        raise ConnectionRefusedError("no gateway can be reached")

    async def _look(self, port: int) -> None:
        """Look whether a gateway is ready, for ever."""
        silent = 0
        while True:
            status = await self._status(port)
            silent = 0 if status else silent + 1
            if status == b"200":
                self.ready.add(port)
            else:
                self.ready.discard(port)
            if silent >= DEAD_AFTER:
                for writer in self._lines_of[port]:
                    writer.transport.abort()
            await asyncio.sleep(LOOK_EVERY_S)

    @staticmethod
    async def _status(port: int) -> bytes:
        """Ask; empty where nobody answers."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(LOOPBACK, port)
                try:
                    writer.write(_ASK)
                    return (await reader.readline())[9:12]
                finally:
                    writer.close()
        return b""
