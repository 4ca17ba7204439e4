"""
A relay's line to an exchange in this process: what HTTP does in between is left out, and `line.down = True` is an outage.

`clocked(clock)` is the relay's time on a clock that a test sets forward: who sleeps wakes when the clock says so.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from gateway.errors import Rejected, Unavailable
from gateway.ids import Network
from gateway.protocol import media
from gateway.protocol.relaying import Bodies, Lease
from gateway.relay.pauses import Time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.exchange import Stage

__all__ = ["LocalLine", "clocked"]

LOOK_S = 0.02


def clocked(clock: Callable[[], float]) -> Time:
    """Return a relay's time on a clock that jumps."""

    async def sleep(seconds: float) -> None:
        until = clock() + seconds
        while clock() < until:
            await asyncio.sleep(min(LOOK_S, max(0.0, until - clock())))

    return Time(clock, sleep)


class LocalLine:
    """
    Asks an exchange as a gateway's routes would.

    Args:
        stage: The exchange.
        carrier: Network whose relay asks; that of the stage for a relay at home.
    """

    def __init__(self, stage: Stage, carrier: Network) -> None:
        self.down = False
        self.asked = 0
        self._desk = stage.exchange.relay
        self._carrier = carrier
        at_home = carrier == stage.world.network
        self._routes: dict[tuple[str, str], Callable[[Network, dict[str, int], bytes], Awaitable[bytes]]] = (
            {
                ("POST", "lease"): self._lease,
                ("GET", "forwards"): self._forwards,
                ("POST", "answers"): self._answers,
                ("POST", "receipts"): self._taken,
            }
            if at_home
            else {("POST", "forwards"): self._take, ("GET", "receipts"): self._receipts}
        )

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """Do what a route would; Unavailable while the line is down, `not-found` for directories."""
        self.asked += 1
        if self.down:
            raise Unavailable("the line is down")
        parts = urlsplit(path)
        name, _, network = parts.path.removeprefix(media.RELAY).partition("/")
        route = self._routes.get((method, name))
        if route is None:
            raise Rejected(f"{method} {path} is not played here", code="not-found")
        return await route(Network(network), {key: int(value[0]) for key, value in parse_qs(parts.query).items()}, body)

    def prefer_next(self) -> None:
        """There is one gateway."""

    async def close(self) -> None:
        """Nothing is open."""

    async def _lease(self, network: Network, _: dict[str, int], body: bytes) -> bytes:
        wish = Bodies.lease_wish.decode(body)
        lease = await self._desk.lease(network, wish.holder, wish.epoch, release=wish.release)
        return Bodies.lease.encode(Lease(lease.epoch, lease.until, lease.after))

    async def _forwards(self, network: Network, query: dict[str, int], _: bytes) -> bytes:
        return Bodies.forward_page.encode(list(await self._desk.forwards(network, query["epoch"], query["wait"])))

    async def _answers(self, network: Network, query: dict[str, int], body: bytes) -> bytes:
        answers = Bodies.numbered_answers.decode(body)
        return Bodies.codes.encode(list(await self._desk.answered(network, query["epoch"], answers)))

    async def _taken(self, network: Network, query: dict[str, int], body: bytes) -> bytes:
        after, receipts = Bodies.receipts_taken.decode(body)
        return Bodies.codes.encode(list(await self._desk.receipts_from(network, query["epoch"], after, receipts)))

    async def _take(self, _: Network, __: dict[str, int], body: bytes) -> bytes:
        found = await self._desk.take(Bodies.forwards.decode(body), self._carrier)
        return Bodies.answers.encode([(code, list(receipts)) for code, receipts in found])

    async def _receipts(self, network: Network, query: dict[str, int], _: bytes) -> bytes:
        return Bodies.receipt_page.encode(list(await self._desk.receipts_for(network, query["after"], query["wait"])))
