"""
Two networks with a bridge each, and a courier between their folders; what he does wrong is one line: `courier.does = loses`.

Each gateway is at once home of its own relay and taker of the other's mail, as `tests.relay.world` plays both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gateway.envelope.keys import Use
from gateway.ids import Network
from gateway.ops.metrics import RelayMetrics
from gateway.protocol.bridge import Reader
from gateway.relay.bridge.bridge import Bridge
from gateway.relay.bridge.folder import Folder
from gateway.relay.bridge.post import Post
from tests.relay.world import OTHER, OWN, Fake, FakeHome, FakeOther, FakeTime
from tests.support.network import Member, make_member

__all__ = ["Courier", "Gateway", "Side", "TwoSides"]

AGAIN_S = 600.0


@dataclass
class Gateway(Fake):
    """A gateway that is asked by its own relay, and by the bridge for the other side's."""

    home: FakeHome = field(init=False)
    taker: FakeOther = field(init=False)

    def __post_init__(self) -> None:
        self.home, self.taker = FakeHome(self.time), FakeOther(self.time)

    async def answer(self, request: str, body: bytes, **query: int) -> bytes:
        """Answer in the role that is asked."""
        taking = request == "POST /v1/relay/forwards" or (
            request.startswith("GET /v1/relay/receipts/") and "epoch" not in query
        )
        return await (self.taker if taking else self.home).answer(request, body, **query)


class Side:
    """One network: its gateway and its bridge."""

    def __init__(self, way: tuple[Network, Network], keys: tuple[Member, Member], time: FakeTime, path: Path) -> None:
        self.way = way
        self.path = path
        self.gateway = Gateway(time)
        self.metrics = RelayMetrics()
        self._keys = keys
        self._time = time

    @property
    def out(self) -> Path:
        """What the courier takes."""
        return self.path / "out"

    @property
    def came(self) -> Path:
        """Where the courier brings."""
        return self.path / "in"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bridge]:
        """Run the bridge until the block ends."""
        folder = Folder(self.path)
        reader = Reader(self.way[0], [self._keys[1].key(Use.AGENT).public])
        keyring = self._keys[0].keyring
        post = Post(folder, self.way, keyring, reader, self.metrics, self._time.time, AGAIN_S)
        bridge = Bridge(self.way, self.gateway, post, self.metrics, holder="one", time=self._time.time)
        task = asyncio.create_task(bridge.run())
        try:
            await self._time.go(0)
            yield bridge
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            folder.close()

    def count(self, name: str, **labels: str) -> float:
        """Return a metric."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@dataclass
class Courier:
    """
    Carries files from each side to the other.

    Attributes:
        does: What happens to a file on the way: gets its bytes, returns what arrives of it.
    """

    sides: tuple[Side, Side]
    does: Callable[[bytes], list[bytes]] = lambda data: [data]
    carried: int = 0

    def carry(self) -> None:
        """Go once each way."""
        for one, other in (self.sides, self.sides[::-1]):
            for path in sorted(one.out.glob("*.b1")):
                for copy in self.does(path.read_bytes()):
                    self.carried += 1
                    (other.came / f"{path.name[:-3]}-{self.carried}.b1").write_bytes(copy)
                path.unlink()


class TwoSides:
    """Two networks and what carries files between them."""

    def __init__(self, tmp_path: Path) -> None:
        self.time = FakeTime()
        self.time.now = time.time()  # files have the times of this machine
        members = make_member("BRIDGE-EU", OWN), make_member("BRIDGE-ICN", OTHER)
        self.ours = Side((OWN, OTHER), members, self.time, tmp_path / "ours")
        self.theirs = Side((OTHER, OWN), members[::-1], self.time, tmp_path / "theirs")
        self.courier = Courier((self.ours, self.theirs))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run both bridges."""
        async with self.ours.running(), self.theirs.running():
            yield

    async def travel(self, times: int, every_s: float = 60.0) -> None:
        """Let the courier go several times."""
        for _ in range(times):
            await self.time.go(every_s)
            self.courier.carry()
        await self.time.go(every_s)
