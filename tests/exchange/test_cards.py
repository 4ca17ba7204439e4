"""Publishing cards: a participant's new keys stand in the directory at once, and only its own."""

from __future__ import annotations

import pytest

from gateway.directory.possession import solve
from gateway.errors import Rejected
from tests.support.exchange import Stage, address

GN, XA = address("GN-QN"), address("NCB-XA")


def card(stage: Stage, name: str = "GN-QN", serial: int = 2) -> bytes:
    """Sign a delivery card as a participant's software does."""
    return stage.world.member(name).delivery_card(stage.world.now, serial=serial)


async def answers(stage: Stage, data: bytes, name: str = "GN-QN") -> list[bytes]:
    """Ask for challenges and solve them."""
    return solve(data, await stage.exchange.challenge(address(name), data), stage.world.member(name).keyring)


async def test_a_card_is_in_the_directory_at_once(stage: Stage) -> None:
    """Without the authority, and with the version that envelopes name raised."""
    data, version = card(stage), stage.exchange.directory.version
    await stage.exchange.publish_card(GN, data, await answers(stage, data))
    assert stage.exchange.directory.delivery_cards[GN].serial == 2
    assert stage.exchange.directory.version == version + 1


async def test_the_same_card_again_is_answered_like_the_first_time(stage: Stage) -> None:
    """Publishing is safe to retry."""
    data = card(stage)
    solved = await answers(stage, data)
    await stage.exchange.publish_card(GN, data, solved)
    version = stage.exchange.directory.version
    await stage.exchange.publish_card(GN, data, solved)
    assert await answers(stage, data) == solved
    assert stage.exchange.directory.version == version


async def test_keys_that_nobody_can_open_are_not_published(stage: Stage) -> None:
    """Possession of each delivery key is proved by opening what was sealed to it."""
    data = card(stage)
    with pytest.raises(Rejected) as caught:
        await stage.exchange.publish_card(GN, data, [bytes(32)])
    assert caught.value.code == "possession"
    with pytest.raises(Rejected):
        await stage.exchange.publish_card(GN, data, [])
    assert stage.exchange.directory.delivery_cards[GN].serial == 1


async def test_a_lower_serial_is_refused(stage: Stage) -> None:
    """Nobody takes a participant's keys back to older ones."""
    data = stage.world.member("GN-QN").delivery_card(stage.world.now + 5, serial=1)
    with pytest.raises(Rejected) as caught:
        await stage.exchange.challenge(GN, data)
    assert caught.value.code == "card-serial"


async def test_nobody_publishes_the_card_of_another(stage: Stage) -> None:
    """A card is published by its holder alone, even with the right answers."""
    data = card(stage)
    solved = await answers(stage, data)
    with pytest.raises(Rejected) as caught:
        await stage.exchange.publish_card(XA, data, solved)
    assert caught.value.code == "card-bad"


async def test_files_are_served_by_name(stage: Stage) -> None:
    """A home finds the files that its refresh asks for, and nothing else."""
    found = await stage.exchange.directory_files(["metadata/timestamp.json", "metadata/99.root.json", "../secret"])
    assert list(found) == ["metadata/timestamp.json"]
