"""
The lines of a cluster, each of which misbehaves when told: before the gateways, and from them to database and broker.

    with ClusterLines(gateways, postgres, brokers) as lines:    # lines.front, lines.ledger, lines.brokers are ports
        lines.suffer("ledger", "cut")                           # until lines.heal("ledger")
In a thread of its own. Imports nothing of `gateway`.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Self

from tests.support.balancer import Balancer
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ClusterLines"]

START_S: Final = 10.0
SLOW_S: Final = {"front": 0.1, "ledger": 0.01, "brokers": 0.05}  # for each piece, both ways


class ClusterLines:
    """
    Lines on loopback.

    Args:
        gateways: Ports that the balancer leads to.
        postgres: The port of the database.
        brokers: The ports of the broker's nodes.

    Attributes:
        front: What participants are given.
        ledger: What gateways are given for the database.
        brokers: What they are given for each node.
    """

    def __init__(self, gateways: Sequence[int], postgres: int, brokers: Sequence[int]) -> None:
        self.front = self.ledger = 0
        self.brokers: list[int] = []
        self._targets = gateways, postgres, brokers
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("the lines did not start")
        return self

    def __exit__(self, *failure: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def suffer(self, where: str, trouble: str) -> None:
        """Let lines be `cut` or `slow`."""

        def misbehave(proxy: Proxy) -> None:
            if trouble == "cut":
                proxy.refuse()
            else:
                proxy.delay_s = SLOW_S[where]

        self._each(where, misbehave)

    def heal(self, where: str) -> None:
        """Let them behave."""
        self._each(where, Proxy.heal)

    def _each(self, where: str, do: Callable[[Proxy], None]) -> None:
        for proxy in self._proxies[where]:
            self._loop.call_soon_threadsafe(do, proxy)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        gateways, postgres, brokers = self._targets
        async with AsyncExitStack() as stack:
            front = await stack.enter_async_context(Balancer(gateways))
            ledger = await stack.enter_async_context(Proxy(postgres))
            nodes = [await stack.enter_async_context(Proxy(port)) for port in brokers]
            self._proxies: dict[str, list[Proxy]] = {"front": [front], "ledger": [ledger], "brokers": nodes}
            self.front, self.ledger, self.brokers = front.port, ledger.port, [node.port for node in nodes]
            self._ready.set()
            await self._stop.wait()
