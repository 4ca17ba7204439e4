"""
Two networks that are each other's peers, as their operators run them: two gateways and two relays, each a process of its own.

Stages are those of `running`, on SQLite with the broker in memory; gateways and relays run with their default configuration.
Participants have the same names in both networks, so that only the border differs.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from gateway.client import ContactPoint
from gateway.demo.stage import CAST, GATEWAY, NETWORK
from gateway.ids import Address, Network, Participant, make_address
from gateway.staging.pair import Border, Side, join, relay_member, write_relay_key
from gateway.staging.stage import Place, Services, build
from tests.bench import running
from tests.bench.running import GatewayProcess, Program, Stand
from tests.bench.submissions import publish_cards
from tests.support.ports import free_ports

__all__ = ["FAR_RECIPIENT", "RECIPIENT", "SENDER", "BothSides", "RelayProcess", "both_sides"]

FAR: Final = Network("eu-network")
RELAY: Final = "RELAY-QN"
SENDER: Final = "NCB-QM"
RECIPIENT: Final = "NCB-QN"
FAR_RECIPIENT: Final = make_address(Participant(RECIPIENT), FAR)
PER_HOUR: Final = 1_000_000  # a bench sends in minutes what a peer sends in days
KNOWN_S: Final = 90


class RelayProcess(Program):
    """
    `gateway relay`, from its start until it is ended.

    Args:
        ours: Whose mail it carries; has the key file already.
        theirs: Where to.
    """

    def __init__(self, ours: Side, theirs: Side) -> None:
        folder = ours.stage.folder
        secret, config = folder / "relay.passphrase", folder / "relay.toml"
        secret.touch(mode=0o600)
        secret.write_bytes(ours.stage.passphrase)
        words = {"network": theirs.stage.place.network, "passphrase_file": secret.name}
        lines = [f'{name} = "{value}"\n' for name, value in words.items()]
        config.write_text("".join([*lines, f'home = ["{ours.url}"]\n', f'other = ["{theirs.url}"]\n']))
        super().__init__([running.GATEWAY, "relay", config], folder / "relay.log")


class BothSides(NamedTuple):
    """Everything that runs."""

    ours: Side
    theirs: Side
    near: Stand
    far: Stand
    near_gateway: GatewayProcess
    far_gateway: GatewayProcess
    relay: RelayProcess  # of the near side: it carries there, and brings receipts home
    far_relay: RelayProcess

    @property
    def programs(self) -> Sequence[Program]:
        """All that a message from the near side costs something."""
        return self.near_gateway, self.far_gateway, self.relay, self.far_relay


@contextmanager
def both_sides() -> Iterator[BothSides]:
    """Start gateways and relays of both networks; senders and recipients are known on both sides."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-border-")))
        ports = free_ports(4)
        near, ours = _side(folder / "near", Place(NETWORK, GATEWAY), FAR, ports[:2])
        far, theirs = _side(folder / "far", Place(FAR, Participant("GW-EU")), NETWORK, ports[2:])
        join(ours, theirs, Border(per_hour=PER_HOUR), now=time.time())
        gateways = [stack.enter_context(stand.gateway()) for stand in (near, far)]
        for stand, gateway in zip((near, far), gateways, strict=True):
            gateway.wait_ready()
            publish_cards(stand, [SENDER, RECIPIENT])
            asyncio.run(write_relay_key(ours if stand is near else theirs))
        relays = [stack.enter_context(RelayProcess(*sides)) for sides in ((ours, theirs), (theirs, ours))]
        asyncio.run(_known(near, FAR_RECIPIENT))
        asyncio.run(_known(far, make_address(Participant(SENDER), NETWORK)))
        yield BothSides(ours, theirs, near, far, *gateways, *relays)  # type: ignore[arg-type]


def _side(folder: Path, place: Place, other: Network, ports: Sequence[int]) -> tuple[Stand, Side]:
    port, operations_port = ports
    services = Services(port, operations_port)
    cast = (*CAST, relay_member(Participant(RELAY), other))
    stage = build(folder, services, cast, place, now=time.time())
    running.log_as_operators_do(stage)
    stand = Stand("sqlite", stage, services, None)
    return stand, Side(stage, stand.url, RELAY)


async def _known(stand: Stand, address: Address) -> None:
    """Wait until the gateway of one side has the other one's directory with a participant's card."""
    async with ContactPoint.open(stand.stage.home(SENDER), passphrase=stand.stage.passphrase) as point:
        for _ in range(KNOWN_S):
            if (await point._parts.directory.refresh()).delivery_key(address, time.time()) is not None:
                return
            await asyncio.sleep(1)
    raise RuntimeError(f"{address} is not known after {KNOWN_S} s")
