"""
A process that does nothing but change a gateway's directory, until it kills itself at a call through its ports.

The ports are the ledger and the authority's folder. It writes to its own file what it promised: `answered PATH SERIAL SHA256`
when a card is published, `served VERSION` when it would serve that version. Run by `rotation_kills` from a fork server.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

from gateway.directory.cards import (
    KEY_CARD_S,
    CardKey,
    DeliveryCard,
    KeyCard,
    card_path,
    parse_card,
    sign_delivery_card,
    sign_key_card,
)
from gateway.directory.possession import solve
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, SigningKey, Use
from gateway.exchange import Authority, DirectorySource
from gateway.exchange.publication import FolderPublication
from gateway.exchange.publish_directory import CardDesk
from gateway.ledger import Ledger
from gateway.ops import Metrics
from gateway.ops.logs import configure
from tests.faults.victim import Deadly, Doom
from tests.support.network import make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import TextIOWrapper
    from pathlib import Path

    from gateway.directory.view import Directory
    from tests.support.network import Member

__all__ = ["NAMES", "DirectoryLife", "live_directory"]

NAMES: Final = ("NCB-QM", "TRIB-QX-OTP", "GN-QN", "NCB-XA")
MOST_KEYS: Final = 200  # of the 256 that a card has room for: then it is signed anew with the keys it has
BACKDATED_S: Final = 300
RENEW_SHARE: Final = 0.3

T = TypeVar("T")


class DirectoryLife(NamedTuple):
    """What the life of a gateway's directory is told."""

    url: str
    publication: Path
    world_at: float  # the world is made anew from it, with the same keys
    promises: Path
    death: str
    seed: int
    last: bool = False  # ends by itself when it has taken in what is published, and a card of everybody


def live_directory(life: DirectoryLife) -> None:
    """Take in publications and cards until the end."""
    configure("critical")
    asyncio.run(_change_directory(life))


class _Publication:
    """The authority's folder; reading it can be the last thing that is done."""

    def __init__(self, folder: Path, doom: Doom) -> None:
        self._inner = FolderPublication(folder)
        self._doom = doom

    def read(self) -> dict[str, bytes] | None:
        """Read as ever."""
        return self._at("publication.read", self._inner.read)

    def taken(self) -> None:
        """Note as ever."""
        self._at("publication.taken", self._inner.taken)

    def _at(self, call: str, work: Callable[[], T]) -> T:
        self._doom.at(call, "before")
        done = work()
        self._doom.at(call, "after")
        return done


async def _change_directory(life: DirectoryLife) -> None:
    world, doom, chance = make_world(NAMES, life.world_at), Doom(life.death), random.Random(life.seed)
    real = await Ledger.open(life.url, migrate=True)
    ledger: Any = Deadly(real, "ledger", doom)
    source = DirectorySource(
        ledger, Authority(world.root, _Publication(life.publication, doom), world.online), time.time, Metrics()
    )
    desk = CardDesk(SimpleNamespace(clock=time.time, directory=source, keyring=world.gateway, rng=os.urandom))  # type: ignore[arg-type]
    with life.promises.open("a", buffering=1) as promises:
        await source.start()
        everybody = [partial(make, world.member(name)) for name in NAMES for make in (_key_card, _delivery_card)]
        while True:
            for make in everybody if life.last else [chance.choice(everybody)]:
                await _publish_card(desk, source, make, promises)
            if life.last or chance.random() < RENEW_SHARE:
                await source.renew()
            promises.write(f"served {source.current().version}\n")
            if life.last:
                break
    await real.close()


async def _publish_card(
    desk: CardDesk, source: DirectorySource, make: Callable[[Directory], tuple[bytes, MemoryKeyring]], promises: TextIOWrapper
) -> None:
    card, keyring = make(source.current())
    parsed = parse_card(card)[1]
    answers = [] if isinstance(parsed, KeyCard) else solve(card, await desk.challenge(keyring.address, card), keyring)
    await desk.publish(keyring.address, card, answers)
    promises.write(f"answered {card_path(parsed)} {parsed.serial} {sha256(card).hexdigest()}\n")


def _key_card(member: Member, directory: Directory) -> tuple[bytes, MemoryKeyring]:
    """Sign the next key card of a participant: one more author key."""
    old, start = directory.key_cards[member.address], int(time.time()) - BACKDATED_S
    new = SigningKey.generate(member.address, Use.AUTHOR, os.urandom)
    keys = (*old.keys, CardKey.of(new, start, start + KEY_CARD_S)) if len(old.keys) < MOST_KEYS else old.keys
    card = msgspec.structs.replace(old, serial=old.serial + 1, issued=start, expires=start + KEY_CARD_S, keys=keys)
    return sign_key_card(card, member.identity), member.keyring


def _delivery_card(member: Member, directory: Directory) -> tuple[bytes, MemoryKeyring]:
    """Sign the next delivery card; a key comes from its place on the card, so that every life has it."""
    old = directory.delivery_cards.get(member.address)
    first = parse_card(member.delivery_card(int(time.time())))[1]
    assert isinstance(first, DeliveryCard)
    listed = () if old is None else old.keys
    count = min(len(listed) + 1, MOST_KEYS)
    seeds = (sha256(f"{member.address} {place}".encode()).digest() for place in range(count))
    held = [DeliveryKey.from_seed(member.address, Use.DELIVERY, seed) for seed in seeds]
    [window] = first.keys
    news = tuple(msgspec.structs.replace(window, key=key.public.key) for key in held[len(listed) :])
    card = msgspec.structs.replace(first, serial=1 if old is None else old.serial + 1, keys=(*listed, *news))
    keyring = MemoryKeyring(member.address, member.signing, held)
    return sign_delivery_card(card, keyring), keyring
