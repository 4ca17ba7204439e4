"""Two networks that are each other's peers, a fake gateway for each, and homes in both."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.client.contact_point import ContactPoint
from gateway.ids import Address, network_of, participant_of
from tests.client.conftest import PASSPHRASE, Clock, make_test_home
from tests.support.fake_gateway import FakeGateway, fake_gateway
from tests.support.fake_peers import bring_home, carry
from tests.support.network import World, make_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["EU", "FAR", "NEAR", "Pair", "serve_pair"]

NEAR, FAR = Address("NCB-QM@icn"), Address("GN-QN@eu-network")
EU = network_of(FAR)


@dataclass
class Pair:
    """What a test of two networks has."""

    ours: World
    theirs: World
    here: FakeGateway
    there: FakeGateway
    folder: Path
    clock: Clock

    def home(self, address: Address) -> ContactPoint:
        """Open a home of either network, made when it is first named."""
        world, gate = (self.theirs, self.there) if network_of(address) == EU else (self.ours, self.here)
        folder = self.folder / address
        if not folder.exists():
            make_test_home(folder, world, participant_of(address), [gate.base])
        return ContactPoint.open(folder, passphrase=PASSPHRASE, clock=self.clock)

    def carry(self, *, refuse: str | None = None) -> None:
        """Let both relays carry what waits, and bring receipts home."""
        carry(self.here, self.there, refuse=refuse)
        carry(self.there, self.here)
        bring_home(self.here, self.there)
        bring_home(self.there, self.here)


@asynccontextmanager
async def serve_pair(folder: Path, clock: Clock) -> AsyncIterator[Pair]:
    """Serve both networks on loopback."""
    ours, theirs = make_pair(clock())
    async with fake_gateway(ours, clock) as here, fake_gateway(theirs, clock) as there:
        here.peer_files[theirs.network] = lambda: theirs.files
        there.peer_files[ours.network] = lambda: ours.files
        yield Pair(ours, theirs, here, there, folder, clock)
