"""
Two real networks that are each other's peers, and `gateway relay` between them, each in a process of its own.

Gateways stand on PostgreSQL and RabbitMQ, with a database and a virtual host each. Authorities, homes and the relays' files are
made as people make them; nothing is shared by the two networks but the roots that their officers exchanged.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.client import ContactPoint
from gateway.ids import Address, Kind, Network, Participant, network_of, participant_of
from gateway.network import Authority
from gateway.staging.pair import Border, Side, join, relay_member, write_relay_key
from gateway.staging.stage import Member, Place, Services, build, publish
from tests.client.examples import drain
from tests.scenario.process import Served, environment
from tests.scenario.theatre import Line
from tests.support.ports import free_ports
from tests.support.zygote import Forked, start_forked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from gateway.client import Delivery, SendReceipt
    from gateway.message import Content

__all__ = ["EU", "GN", "ICN", "OTP", "QM", "Frontier", "RelayProcess", "frontier", "line", "soon"]

T = TypeVar("T")

ICN, EU = Network("icn"), Network("eu-network")
QM, OTP, GN = Address("NCB-QM@icn"), Address("TRIB-QX-OTP@icn"), Address("GN-QN@eu-network")
CASTS: Final = {ICN: {"NCB-QM": "ncb", "TRIB-QX-OTP": "tribunal"}, EU: {"GN-QN": "contact-point"}}
RELAYS: Final = {ICN: "RELAY-EU", EU: "RELAY-ICN"}
SOON_S: Final = 60.0  # a machine that runs other suites, and pauses of the relay after a fault


@dataclass
class RelayProcess:
    """
    `gateway relay CONFIG` of one side.

    Args:
        config: Its TOML file.
        log: Where standard error goes.
    """

    config: Path
    log: Path
    _process: Forked | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = start_forked(["relay", str(self.config)], environment(), log.fileno())

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(SOON_S)
            self._process = None

    def told(self, word: str) -> int:
        """Return in how many lines of its log a word stands."""
        return self.log.read_text().count(f'"{word}"') if self.log.exists() else 0


@dataclass
class Frontier:
    """Both networks."""

    sides: dict[Network, Side]
    gateways: dict[Network, Served]
    relays: dict[Network, RelayProcess] = field(default_factory=dict)
    points: dict[Address, ContactPoint] = field(default_factory=dict)
    heard: dict[Address, list[bytes]] = field(default_factory=dict)  # envelope hashes, in the order in which they came

    def authority(self, network: Network) -> Authority:
        """Return the authority of a network."""
        return Authority(self.sides[network].stage.folder / "authority")

    def publish(self, network: Network) -> None:
        """Let the officers of a network sign what its authority entered."""
        publish(self.sides[network].stage, time.time())

    def relay(self, network: Network, holder: str) -> RelayProcess:
        """Write the file of one more relay process of a network."""
        side, other = self.sides[network], EU if network == ICN else ICN
        folder = side.stage.folder
        config = folder / f"{holder}.toml"
        config.write_text(
            f'network = "{other}"\nhome = ["{side.url}"]\nroot = "authority/root.json"\nholder = "{holder}"\n'
            f'key_file = "relay.key"\npassphrase_file = "gateway/passphrase"\n'
        )
        return RelayProcess(config, folder / f"{holder}.log")

    async def says(
        self, who: Address, content: Content, to: Sequence[str], re: SendReceipt | Delivery | None = None, **wish: Any
    ) -> SendReceipt:
        """Send a message that is accepted at once; `re` is what it answers."""
        if re is not None:
            wish = {"in_reply_to": re.envelope_hash, "conversation_id": re.conversation_id, "inherit": True} | wish
        receipt = await self.points[who].send(content, to, **wish)
        assert receipt.number is not None
        return receipt

    async def hears(self, who: Address, said: SendReceipt) -> Delivery:
        """Wait until a message arrives somewhere, and return it; everything is acknowledged."""

        async def arrived() -> Delivery | None:
            found = await drain(self.points[who])
            self.heard.setdefault(who, []).extend(one.envelope_hash for one in found)
            return next((one for one in found if one.envelope_hash == said.envelope_hash), None)

        return await soon(arrived)

    async def state(self, who: Address, said: SendReceipt) -> str:
        """Return how the only delivery of a message stands, as far as it is proved."""
        [one] = (await self.points[who].status(said.message_id)).recipients
        return one.state if one.proved else ""

    async def comes_to(self, state: str, who: Address, said: SendReceipt) -> None:
        """Wait until the only delivery of a message stands so."""

        async def there() -> bool:
            return await self.state(who, said) == state

        await soon(there)

    async def knows(self, who: Address, other: Address) -> None:
        """Wait until a home can seal for somebody."""

        async def known() -> bool:
            directory = await self.points[who]._parts.directory.refresh()
            return directory.delivery_key(other, time.time()) is not None

        await soon(known)


def line(receipt: SendReceipt, kind: str = "") -> Line:
    """Return what a content that names what it answers is made from."""
    assert receipt.envelope_hash is not None
    return Line(receipt.envelope_hash, receipt.conversation_id, receipt.number or 0, Kind(kind))


async def soon(look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again and again until something is there, and return it."""
    async with asyncio.timeout(SOON_S):
        while not (found := await look()):  # noqa: ASYNC110  # what other processes do has no event
            await asyncio.sleep(0.1)
        return found


@asynccontextmanager
async def frontier(folder: Path, ledgers: Sequence[str], brokers: Sequence[str]) -> AsyncIterator[Frontier]:
    """
    Serve both networks, with a relay process for each, and open every home.

    Args:
        folder: For everything that lies in files.
        ledgers: Address of an empty, migrated database for each network.
        brokers: Address of a virtual host for each.
    """
    now = time.time()
    made = [_side(folder, *each, now) for each in zip((ICN, EU), ledgers, brokers, strict=True)]
    join(made[0], made[1], Border(), now=now)
    async with AsyncExitStack() as stack:
        gateways = {}
        for side in made:
            await write_relay_key(side)
            served = Served(side.stage.config, int(side.url.rpartition(":")[2]), side.stage.folder / "gateway.log")
            stack.callback(served.kill)
            await asyncio.to_thread(served.start)
            gateways[side.stage.place.network] = served
        found = Frontier({side.stage.place.network: side for side in made}, gateways)
        for network in found.sides:
            found.relays[network] = found.relay(network, "first")
            stack.callback(found.relays[network].kill)
            found.relays[network].start()
        for address in (QM, OTP, GN):
            stage = found.sides[network_of(address)].stage
            point = ContactPoint.open(stage.home(participant_of(address)), passphrase=stage.passphrase)
            found.points[address] = await stack.enter_async_context(point)
            await found.points[address].publish_card()
        await found.knows(QM, GN)
        await found.knows(GN, QM)
        yield found


def _side(folder: Path, network: Network, ledger: str, broker: str, now: float) -> Side:
    port, operations_port = free_ports(2)
    other = EU if network == ICN else ICN
    cast = [Member(Participant(name), f"Unit {name}", "QM", "unit", role) for name, role in CASTS[network].items()]
    services = Services(port, operations_port, ledger, (broker,))
    place = Place(network, Participant("GW"))
    stage = build(folder / network, services, (*cast, relay_member(RELAYS[network], other)), place, now=now)
    with stage.config.open("a") as config:
        config.write("import_every_s = 1.0\n")  # of the last section, which is the directory's
    return Side(stage, f"http://127.0.0.1:{port}", RELAYS[network])
