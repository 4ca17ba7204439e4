"""What ends soon is told while there is time, with the command that mends it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway.client.warnings import EarlyWarning
from gateway.envelope.keys import SigningKey, Use
from gateway.ids import format_id
from tests.client.examples import drain
from tests.client.sending.test_sending import pass_time

if TYPE_CHECKING:
    import pytest

    from gateway.client import ContactPoint
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

DAY_S = 86_400


async def told(contact_point: ContactPoint) -> list[str]:
    """Return the warnings as text."""
    return [str(one) for one in await contact_point.warnings()]


async def test_a_home_in_order_warns_of_nothing(homes: Homes) -> None:
    """Before its first contact and after it."""
    async with homes("GN-QN") as gn:
        assert await told(gn) == []
        await drain(gn)
        assert await told(gn) == []


async def test_signing_keys_that_end_are_told_a_month_before(homes: Homes, world: World, clock: Clock) -> None:
    """With the command; once they are rotated there is nothing to say."""
    async with homes("GN-QN") as gn:
        await drain(gn)
        for days in (100, 100, 100, 69):
            pass_time(world, clock, days * DAY_S)
            await drain(gn)
        assert await told(gn) == []
        pass_time(world, clock, 2 * DAY_S)
        await drain(gn)
        officers, text = await told(gn)
        member = world.member("GN-QN")
        await gn.rotate([Use.AGENT, Use.AUTHOR], identity=member.identity)
        assert await told(gn) == [officers]
        successor, last = SigningKey.from_seed(gn.address, Use.APPROVAL, bytes(32)), member.key(Use.APPROVAL).key_id
        await gn.add_officer(successor, identity=member.identity, closes=[last])
        clock.ahead_s += 2  # it is closed with this second
        assert await told(gn) == []
    assert f"the approval key {format_id(last)} of an officer" in officers
    assert f"gateway keys officer FILE --identity IDENTITY.KEY --closes {format_id(last)}" in officers
    assert "agent and author keys" in text
    assert "gateway keys rotate agent author --identity" in text


async def test_a_delivery_card_that_was_not_renewed_is_told(
    homes: Homes, world: World, clock: Clock, gate: FakeGateway
) -> None:
    """A home that was away for four weeks is told to connect, and is well when it did."""
    async with homes("GN-QN") as gn:
        await drain(gn)
    clock.ahead_s = 29 * DAY_S
    async with homes("GN-QN") as gn:
        found = await told(gn)
    assert any("the delivery card ends on" in one and "gateway inbox" in one for one in found)
    assert any("this home seals until" in one for one in found)
    clock.ahead_s = 0
    pass_time(world, clock, 29 * DAY_S)
    async with homes("GN-QN") as gn:
        await drain(gn)
        assert await told(gn) == []


async def test_a_directory_that_ends_is_told(homes: Homes, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its authority has to publish again: a participant can only remind it."""
    async with homes("GN-QN") as gn:
        await drain(gn)
    clock.ahead_s = 80 * DAY_S
    async with homes("GN-QN") as gn:
        found = await told(gn)
    assert any("the directory's targets ends on" in one for one in found)


async def test_warnings_are_logged_when_the_home_closes(
    homes: Homes, clock: Clock, gate: FakeGateway, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that never asks reads them in its log."""
    async with homes("GN-QN") as gn:
        await drain(gn)
    gate.clock = time.time
    clock.ahead_s = 29 * DAY_S
    async with homes("GN-QN"):
        pass
    assert "warning: the delivery card ends on" in caplog.text


def test_a_warning_names_what_mends_it() -> None:
    """One line says both."""
    assert str(EarlyWarning(text="it ends", mend="do this")) == "it ends; do this"
