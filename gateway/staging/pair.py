"""
Two stages that are each other's peers, and the relays between them, in this process.

What two authorities agree on by voice, and sign, is done here by the same functions; a relay gets a key file with the agent key
of its home alone. Nothing of one stage is given to the other but its root.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.client.home.aliases import home_of
from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.directory.peers import Peer
from gateway.ending import end
from gateway.envelope.keyfile import Cost
from gateway.network import ROOT_FILE, Authority
from gateway.ops.metrics import RelayMetrics
from gateway.relay.identity import export_agent, read_agent
from gateway.relay.lane import Lines
from gateway.relay.line import GatewayLine, Line
from gateway.relay.pauses import Time
from gateway.relay.relay import Relay
from gateway.staging.stage import Entering, Member, Stage, enter, publish

__all__ = ["Border", "Side", "add_alias", "join", "relay_member", "relaying", "write_relay_key"]

_KEY: Final = "relay.key"


@dataclass(frozen=True, slots=True)
class Border:
    """
    What both networks let pass; see `gateway.directory.peers.Peer`.

    Args:
        ceiling: The strictest handling code.
        handling: By network: what the other one's codes mean there.
        kinds: That pass, in both directions.
        per_hour: Messages that each takes from the other in an hour.
    """

    ceiling: str = "red/confidential"
    handling: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: tuple[str, ...] = ("*",)
    per_hour: int = 3_600


@dataclass(frozen=True, slots=True)
class Side:
    """
    One of two networks.

    Args:
        stage: Its files.
        url: Where its gateway is.
        relay: Its participant that carries mail to the other one.
    """

    stage: Stage
    url: str
    relay: str


def relay_member(participant: str, other: str) -> Member:
    """Return the relay of a cast."""
    return Member(participant, f"Relay to {other}", "ZZ", "relay", "relay")  # type: ignore[arg-type]


def add_alias(side: Side, owner: str, alias: Member, known_to: Sequence[str], now: float) -> None:
    """Give one of a stage's cast another name, for these networks alone; `publish` puts it in force."""
    home = home_of(side.stage.home(owner), alias.participant)
    enter(side.stage, alias, Entering(home, side.url, tuple(known_to)), now)


def join(one: Side, two: Side, border: Border, *, now: float) -> None:
    """Let two authorities name each other's network, with the root that the other one handed over, and publish."""
    for ours, theirs in ((one, two), (two, one)):
        network = theirs.stage.place.network
        peer = Peer(
            network=network,
            root=(theirs.stage.folder / "authority" / ROOT_FILE).read_bytes(),
            endpoints=(theirs.url,),
            relay=ours.relay,
            sends=border.kinds,
            takes=border.kinds,
            ceiling=border.ceiling,
            per_hour=border.per_hour,
            handling=dict(border.handling.get(ours.stage.place.network, {})),
        )
        Authority(ours.stage.folder / "authority").add_peer(peer)
        publish(ours.stage, now)


async def write_relay_key(side: Side) -> Path:
    """Take the agent key out of the relay's home into a file of its own, and return the file."""
    home = await asyncio.to_thread(Home.unlock, side.stage.home(side.relay), side.stage.passphrase)
    try:
        data = export_agent(await home.store.read(home.shelf.load), side.stage.passphrase, os.urandom, Cost(1, 8 << 20))
    finally:
        await home.close()
    path = side.stage.folder / _KEY
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


@asynccontextmanager
async def relaying(
    ours: Side, theirs: Side, watched: Callable[[Line], Line] = lambda line: line, time: Time | None = None
) -> AsyncIterator[Relay]:
    """Carry from one network to the other while inside; `watched` puts somebody on the lines who sees what passes."""
    key = ours.stage.folder / _KEY
    if not key.exists():
        await write_relay_key(ours)
    keyring = await asyncio.to_thread(read_agent, key, ours.stage.passphrase)
    time = time or Time()
    lines = Lines(*(watched(GatewayLine(Transport([side.url], keyring, time.clock))) for side in (ours, theirs)))
    networks = ours.stage.place.network, theirs.stage.place.network
    relay = Relay(*networks, lines, RelayMetrics(), holder=f"{ours.relay} {os.getpid()}", time=time)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        await end([running])
        for line in lines:
            await line.close()
