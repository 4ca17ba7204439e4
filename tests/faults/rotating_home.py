"""
A process that does nothing but rotate the keys of a home, until it kills itself at a call through its ports.

The ports are the home's file (`home.read`, `home.write`) and the line to a gateway (`transport.ask`, `transport.get`). It
writes `rotated` to its own file for each rotation. Run by `rotation_kills` from a fork server, because it dies so often.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.trust import cards as home_cards
from gateway.client.trust.cards import CardKeeper
from gateway.client.trust.directory import HomeDirectory
from gateway.client.trust.keys import KeyKeeper
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import GatewayError
from gateway.ops.logs import configure
from tests.faults.victim import Deadly, Doom

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PASSPHRASE", "HomeLife", "live_home"]

PASSPHRASE: Final = b"seven fictional words for a test"
SIGNING: Final = (Use.AUTHOR, Use.AGENT)  # an officer has a key of its own, outside the home
KEYS_A_DAY: Final = 256  # a card's whole room: a day of this home is a second
LOST_SHARE: Final = 0.3  # of rotations that close the keys before them at once


class HomeLife(NamedTuple):
    """What the life of a home is told; it crosses a process border."""

    folder: Path
    identity: bytes
    promises: Path
    death: str
    seed: int
    shared: bool = False  # another process works on the same home: some of its rotations come first
    last: bool = False  # ends by itself when every kind of key was rotated once more


def live_home(life: HomeLife) -> None:
    """Rotate until the end."""
    configure("critical")
    vars(home_cards)["KEYS_A_DAY"] = KEYS_A_DAY
    asyncio.run(_rotate_home(life))


async def _rotate_home(life: HomeLife) -> None:
    home, doom, chance = Home.unlock(life.folder, PASSPHRASE), Doom(life.death), random.Random(life.seed)
    vars(home)["store"] = Deadly(home.store, "home", doom)
    real = Transport(home.gateways, home.keyring, time.time, home.tls_context)
    transport: Any = Deadly(real, "transport", doom)
    directory = HomeDirectory(home, transport, time.time)
    identity = SigningKey.from_seed(home.address, Use.IDENTITY, life.identity)
    keys, cards = KeyKeeper(home, transport, directory, time.time), CardKeeper(home, transport, directory, time.time)
    with life.promises.open("a", buffering=1) as promises:
        await directory.current()
        await keys.settle()
        await cards.ensure()
        while True:
            uses = SIGNING if life.last else chance.sample(SIGNING, chance.randint(1, len(SIGNING)))
            try:
                await keys.rotate(uses, identity, lost=chance.random() < LOST_SHARE)
                await cards.ensure()
                await cards.rotate(lost=chance.random() < LOST_SHARE)
                promises.write("rotated\n")
            except GatewayError:
                if not life.shared:
                    raise
            if life.last:
                break
    await transport.close()
    await home.close()
