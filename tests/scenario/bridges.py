"""
Two real networks that no line joins: `gateway bridge folder` on each side, in a process of its own, and a courier between them.

Gateways run in this process, on SQLite. The files of the bridges are written as `deploy/bridge.md` says, with the keys that
`gateway bridge key` prints. The courier is bad at his work as long as a test has fates for him; what he lost is lost.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp

from gateway.client import ContactPoint
from gateway.ending import end
from gateway.ids import Address, Network, Participant
from gateway.staging.pair import Border, Side, join, relay_member, write_relay_key
from gateway.staging.running import serving
from gateway.staging.stage import Member, Place, Services, build
from tests.client.examples import drain
from tests.scenario.process import environment, run
from tests.support.ports import free_ports
from tests.support.zygote import Forked, start_forked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from gateway.client import Delivery, SendReceipt

__all__ = ["EU", "GN", "ICN", "QM", "Bridge", "Bridged", "Courier", "Fate", "bridged", "soon"]

T = TypeVar("T")

QM, GN = "NCB-QM@icn", "GN-QN@eu-network"
KNOWN: Final = "amber+strict/restricted"  # the only code of icn that has a meaning on the other side
AGAIN_S: Final = 3.0
TRIP_S: Final = 0.2
STOP_S: Final = 30.0
SOON_S: Final = 90.0  # a busy machine, a truncated file that is left alone for 10 s, and pauses after a fault
ICN, EU = Network("icn"), Network("eu-network")
CASTS: Final = {ICN: ("NCB-QM", "ncb", "BRIDGE-EU", EU), EU: ("GN-QN", "contact-point", "BRIDGE-ICN", ICN)}
LATE_TRIPS: Final = 10
TOLD: Final = 4_000  # characters of a bridge's log, where nothing crosses


class Fate(Enum):
    """What happens to a file on its way."""

    LOST = auto()
    TRUNCATED = auto()
    TWICE = auto()
    LATE = auto()


@dataclass
class Bridge:
    """
    `gateway bridge folder CONFIG` of one side.

    Args:
        side: Its network.
        port: Where its operators look.
    """

    side: Side
    port: int
    _process: Forked | None = None

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.side.stage.folder / "bridge"

    @property
    def log(self) -> Path:
        """What it said."""
        return self.side.stage.folder / "bridge.log"

    def key(self) -> str:
        """Return the line that this side tells the other."""
        told = run("bridge", "key", self.side.stage.folder / "relay.key", "--passphrase-file", self._passphrase)
        assert told.code == 0, told.err
        return told.out.strip()

    def configure(self, other: Network, their_key: str) -> None:
        """Write its file."""
        self._config.write_text(
            f'network = "{other}"\nhome = ["{self.side.url}"]\nkey_file = "relay.key"\nfolder = "bridge"\n'
            f'passphrase_file = "{self._passphrase}"\ntheir_keys = ["{their_key}"]\nagain_s = {AGAIN_S}\n'
            f"[operations]\nport = {self.port}\n"
        )

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = start_forked(["bridge", "folder", str(self._config)], environment(), log.fileno())

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    async def count(self, name: str) -> float:
        """Return a metric as its operators see it, the sum over its labels."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.partition("{")[0].split()[0] == name)

    def waits_for(self) -> list[str]:
        """Return the types of its files that are not answered."""
        return [path.name.split(".")[1] for path in (self.folder / "sent").glob("*.b1")]

    @property
    def _config(self) -> Path:
        return self.side.stage.folder / "bridge.toml"

    @property
    def _passphrase(self) -> Path:
        return self.side.stage.folder / "gateway" / "passphrase"


@dataclass
class Courier:
    """
    Carries files from each side to the other, the newest first.

    Args:
        ways: From whose `out/` to whose `in/`.
        fates: By type: what happens to the next files of it, whoever made them.
        did: What became of files, as far as it was no good.
        rests: Nothing is carried meanwhile.
    """

    ways: tuple[tuple[Bridge, Bridge], ...]
    fates: dict[str, list[Fate]] = field(default_factory=dict)
    did: list[tuple[str, Fate]] = field(default_factory=list)
    rests: bool = False
    _trips: int = 0
    _late: list[tuple[int, Path, bytes]] = field(default_factory=list)
    _carried: int = 0

    async def run(self) -> None:
        """Go until cancelled."""
        while True:
            if not self.rests:
                self._go()
            await asyncio.sleep(TRIP_S)

    def _go(self) -> None:
        """Go once each way, and bring what is late by now."""
        self._trips += 1
        for one, other in self.ways:
            if not (other.folder / "in").is_dir():
                continue  # the other bridge is still starting
            for path in sorted((one.folder / "out").glob("*.b1"), reverse=True):
                self._carry(path, other.folder / "in")
        due = [each for each in self._late if each[0] <= self._trips]
        self._late = [each for each in self._late if each[0] > self._trips]
        for _, place, data in due:
            self._put(place, data)

    def _carry(self, path: Path, place: Path) -> None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return  # it was answered just now
        path.unlink(missing_ok=True)
        sort = path.name.split(".")[1]
        fate = self.fates[sort].pop(0) if self.fates.get(sort) else None
        if fate is not None:
            self.did.append((sort, fate))
        if fate is Fate.LATE:
            self._late.append((self._trips + LATE_TRIPS, place, data))
        elif fate is not Fate.LOST:
            for _ in range(2 if fate is Fate.TWICE else 1):
                self._put(place, data[: len(data) // 2] if fate is Fate.TRUNCATED else data)

    def _put(self, place: Path, data: bytes) -> None:
        """Bring a file as `deploy/bridge.md` asks: written under another ending, then renamed."""
        self._carried += 1
        new = place / f"{self._carried:06d}.part"
        new.write_bytes(data)
        new.rename(new.with_suffix(".b1"))


@dataclass
class Bridged:
    """Both networks, their bridges, and who goes between them."""

    bridges: dict[Network, Bridge]
    courier: Courier
    points: dict[str, ContactPoint]
    heard: dict[str, list[Delivery]] = field(default_factory=lambda: {QM: [], GN: []})

    async def hears(self, who: str, said: SendReceipt) -> Delivery:
        """Wait until a message arrives somewhere, and return it; everything is acknowledged."""

        async def arrived() -> Delivery | None:
            self.heard[who] += await drain(self.points[who])
            return next((one for one in self.heard[who] if one.envelope_hash == said.envelope_hash), None)

        return await self._soon(arrived)

    async def comes_to(self, state: str, who: str, said: SendReceipt) -> None:
        """Wait until the only delivery of a message stands so, and that is proved to its author."""

        async def there() -> bool:
            [one] = (await self.points[who].status(said.message_id)).recipients
            return one.proved and one.state == state

        await self._soon(there)

    async def settles(self) -> None:
        """Wait until everything but a directory, which is laid out anew again and again, is answered."""

        async def settled() -> bool:
            return not {sort for bridge in self.bridges.values() for sort in bridge.waits_for()} - {"directory"}

        await self._soon(settled)

    async def _soon(self, look: Callable[[], Awaitable[T | None]]) -> T:
        try:
            return await soon(look)
        except TimeoutError as exc:
            raise AssertionError("\n".join(bridge.log.read_text()[-TOLD:] for bridge in self.bridges.values())) from exc


async def soon(look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again and again until something is there, and return it."""
    async with asyncio.timeout(SOON_S):
        while not (found := await look()):  # noqa: ASYNC110  # what other processes do has no event
            await asyncio.sleep(0.2)
        return found


@asynccontextmanager
async def bridged(folder: Path) -> AsyncIterator[Bridged]:
    """Serve both networks with a bridge each and a courier, and open a home in each."""
    now = time.time()
    bridges = {network: _bridge(folder, network, now) for network in (ICN, EU)}
    here, there = bridges[ICN], bridges[EU]
    join(here.side, there.side, Border(handling={EU: {KNOWN: KNOWN}}), now=now)
    async with AsyncExitStack() as stack:
        for bridge in (here, there):
            await write_relay_key(bridge.side)
            await stack.enter_async_context(serving(bridge.side.stage))
        for bridge, other in ((here, there), (there, here)):
            bridge.configure(other.side.stage.place.network, await asyncio.to_thread(other.key))
            stack.callback(bridge.kill)
            bridge.start()
        courier = Courier(((here, there), (there, here)))
        going = asyncio.create_task(courier.run())
        stack.push_async_callback(end, [going])
        found = Bridged(bridges, courier, {})
        for address, bridge in ((QM, here), (GN, there)):
            stage = bridge.side.stage
            point = ContactPoint.open(stage.home(address.partition("@")[0]), passphrase=stage.passphrase)
            found.points[address] = await stack.enter_async_context(point)
            await point.publish_card()
        await _knows(found.points[QM], Address(GN))
        await _knows(found.points[GN], Address(QM))
        yield found


async def _knows(point: ContactPoint, other: Address) -> None:
    """Wait until a home can seal for somebody."""

    async def known() -> bool:
        directory = await point._parts.directory.refresh()
        return directory.delivery_key(other, time.time()) is not None

    await soon(known)


def _bridge(folder: Path, network: Network, now: float) -> Bridge:
    name, role, bridge, other = CASTS[network]
    port, gateway_operations, operations = free_ports(3)
    cast = Member(Participant(name), f"Unit {name}", "QM", "unit", role), relay_member(bridge, other)
    services = Services(port, gateway_operations)
    stage = build(folder / network, services, cast, Place(network, Participant("GW")), now=now)
    with stage.config.open("a") as config:
        config.write("import_every_s = 1.0\n")  # of the last section, which is the directory's
    return Bridge(Side(stage, f"http://127.0.0.1:{port}", bridge), operations)
