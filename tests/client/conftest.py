"""A network in memory, a fake gateway on loopback, and homes that are made in a moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import pytest

from gateway.client.contact_point import ContactPoint
from gateway.client.home.create import create_home
from gateway.envelope.keyfile import Cost
from gateway.envelope.keys import Use
from tests.support.fake_gateway import FakeGateway, fake_gateway
from tests.support.network import World, make_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

PASSPHRASE = b"seven fictional words for a test"
CHEAP = Cost(1, 8192)
NAMES = ("NCB-QM", "TRIB-QX-OTP", "GN-QN")


class Clock:
    """Real time, moved by a test."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.ahead_s


class Homes(Protocol):
    """Makes and opens homes."""

    def __call__(self, name: str, *, gateways: Sequence[str] | None = None) -> ContactPoint:
        """Open the home of a participant, made when it is first named."""
        ...


@pytest.fixture
def clock() -> Clock:
    """Return a clock that a test can move."""
    return Clock()


@pytest.fixture
def world() -> World:
    """Return a network of three whose cards are published."""
    world = make_world(NAMES, time.time())
    world.groups["tribunals"] = ("TRIB-QX-OTP",)
    world.groups["everybody"] = NAMES
    world.publish()
    return world


@pytest.fixture
async def gate(world: World, clock: Clock) -> AsyncIterator[FakeGateway]:
    """Serve the network on loopback."""
    async with fake_gateway(world, clock) as gateway:
        yield gateway


def make_test_home(folder: Path, world: World, name: str, gateways: Sequence[str]) -> None:
    """Make the home of a participant of the world, with a passphrase that is cheap to open."""
    member = world.member(name)
    keys = [member.key(Use.AUTHOR), member.key(Use.AGENT)]
    create_home(
        folder,
        address=member.address,
        root=world.root,
        gateways=gateways,
        keys=keys,
        passphrase=PASSPHRASE,
        exercise=world.exercise,
        cost=CHEAP,
    )


@pytest.fixture
def homes(tmp_path: Path, world: World, gate: FakeGateway, clock: Clock) -> Homes:
    """Return a function that opens a participant's home, made when it is first named."""

    def opened(name: str, *, gateways: Sequence[str] | None = None) -> ContactPoint:
        folder = tmp_path / name
        if not folder.exists():
            make_test_home(folder, world, name, [gate.base])
        return ContactPoint.open(folder, passphrase=PASSPHRASE, clock=clock, gateways=gateways)

    return opened
