"""
Submissions sealed beforehand, so that a load generator only sends.

A real home seals to real keys of the directory; each message has its own id, blinds and signatures. Contents are random text
of a chosen length: a gateway cannot read them.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.client import ContactPoint
from gateway.client.home.home import Home
from gateway.client.parts import Parts
from gateway.demo.stage import NETWORK
from gateway.envelope import Header, PublicKey, addressees_hash, draw_addressees, encode_header, seal, sign_content
from gateway.ids import Address, ConversationId, Kind, MessageId, Participant, make_address, new_uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.running import Stand

__all__ = ["CONTENT_BYTES", "publish_cards", "read_all", "seal_many", "write_all"]

CONTENT_BYTES: Final = 4096 - 100  # with the author's signature and the padding, the sealed body has 4 KiB and a tag
_LENGTH_BYTES: Final = 4
_DAY_S: Final = 86_400


def publish_cards(stand: Stand, names: Sequence[str]) -> None:
    """Let participants be in contact once, so that they can be sealed to; the gateway must run."""

    async def publish() -> None:
        for name in names:
            async with ContactPoint.open(stand.stage.home(name), passphrase=stand.stage.passphrase) as point:
                await point.publish_card()

    asyncio.run(publish())


def seal_many(stand: Stand, sender: str, recipients: Sequence[str], count: int) -> list[bytes]:
    """Return so many different submissions of one sender to the same recipients, names or addresses; the gateway must run."""

    async def make() -> list[bytes]:
        home = Home.unlock(stand.stage.home(sender), stand.stage.passphrase)
        parts = Parts.of(home, home.gateways, time.time)
        try:
            directory = await parts.directory.refresh()
        finally:
            await parts.transport.close()
            await home.close()
        addresses = [Address(name) if "@" in name else make_address(Participant(name), NETWORK) for name in recipients]
        records = {address: directory.delivery_key(address, time.time()) for address in addresses}
        keys = {one.address: PublicKey(one.address, one.use, one.key) for one in records.values() if one is not None}
        return [_sealed(home, keys, directory.version) for _ in range(count)]

    return asyncio.run(make())


def write_all(path: Path, submissions: Sequence[bytes]) -> None:
    """Write them one after the other, each with its length."""
    path.write_bytes(b"".join(len(one).to_bytes(_LENGTH_BYTES, "big") + one for one in submissions))


def read_all(path: Path) -> Iterator[bytes]:
    """Read what `write_all` wrote."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        yield data[start:at]


def _sealed(home: Home, keys: Mapping[Address, PublicKey], directory_version: int) -> bytes:
    addressees, content, now = draw_addressees(keys, os.urandom), os.urandom(CONTENT_BYTES), time.time()
    header = encode_header(
        Header(
            message_id=MessageId(new_uuid7(int(now * 1000), os.urandom(10))),
            sender=home.address,
            sealer=home.address,
            kind=Kind("information.report"),
            schema_version="1.0.0",
            created=int(now),
            expires=int(now) + _DAY_S,
            urgency="normal",
            handling="amber/restricted",
            conversation_id=ConversationId(new_uuid7(int(now * 1000), os.urandom(10))),
            recipients=len(addressees),
            addressees=addressees_hash(addressees),
            blobs=(),
        )
    )
    return seal(
        header,
        content,
        author=sign_content(header, content, home.keyring),
        addressees=addressees,
        keys=keys,
        keyring=home.keyring,
        directory_version=directory_version,
        rng=os.urandom,
    ).submission
