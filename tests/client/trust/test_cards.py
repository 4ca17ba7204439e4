"""A home publishes and renews its own delivery card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.directory.cards import DeliveryCard, parse_card
from gateway.errors import GatewayError
from tests.client.examples import content, drain
from tests.client.sending.test_sending import pass_time

if TYPE_CHECKING:
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

DAY_S = 86_400


def cards(gate: FakeGateway) -> list[DeliveryCard]:
    """Return the delivery cards that were published."""
    found = [parse_card(data)[1] for event, _, data in gate.events if event == "card"]
    return [card for card in found if isinstance(card, DeliveryCard)]


async def test_the_first_contact_publishes_a_card(homes: Homes, gate: FakeGateway) -> None:
    """Whatever the first contact is; a second opening of the home publishes nothing."""
    async with homes("GN-QN") as gn:
        assert await drain(gn) == []
    async with homes("GN-QN") as gn:
        assert await drain(gn) == []
    [card] = cards(gate)
    assert card.address == "GN-QN@icn"
    assert card.expires - card.issued <= 60 * DAY_S


async def test_a_card_is_renewed_before_its_key_ends(homes: Homes, gate: FakeGateway, world: World, clock: Clock) -> None:
    """A new key stands beside the old one, and mail to the old one still opens."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        pass_time(world, clock, 22 * DAY_S)
        await qm.send(content(), to=["GN-QN"])
        read = await drain(gn)
        await qm.send(content(), to=["GN-QN"])
        read += await drain(gn)
    serials = [(card.serial, len(card.keys)) for card in cards(gate) if card.address == "GN-QN@icn"]
    assert [keys for _, keys in serials] == [2, 3]  # beside the one that the directory listed before the home was made
    assert serials[0] < serials[1]
    assert [one.number for one in read] == [1, 2, 3]


async def test_a_card_from_a_wrong_clock_is_followed_by_a_good_one(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A machine that woke up in another year renewed its card there; with the right time it can be sealed to again."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
        clock.ahead_s = 400 * DAY_S
        gate.clock = time.time
        with pytest.raises(GatewayError):
            await gn.publish_card()
        clock.ahead_s = 0.0
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(gn)) == 1


async def test_two_openings_of_one_home_publish_one_card(homes: Homes, gate: FakeGateway) -> None:
    """The second one finds the key that the first one made, and opens mail with it."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as one, homes("GN-QN") as two:
        await one.publish_card()
        await qm.send(content(), to=["GN-QN"])
        assert len(await drain(two)) == 1
    assert len([card for card in cards(gate) if card.address == "GN-QN@icn"]) == 1
