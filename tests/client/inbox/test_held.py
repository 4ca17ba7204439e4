"""What cannot be judged yet is held, and neither handed over nor refused."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from gateway.client.inbox import inbox as inbox_module
from gateway.client.inbox import intake
from tests.client.examples import drain, until
from tests.client.inbox.test_receiving import mail

if TYPE_CHECKING:
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway


async def test_with_a_wrong_clock_nothing_is_rejected(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """Ten minutes behind the gateway a delivery is held, and opens when the clock is right."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
    gate.clock = clock
    async with homes("GN-QN") as gn:
        gn._parts.opener.clock_off_s = 0.0
        real = gn._parts.opener._clock
        gn._parts.opener._clock = lambda: real() - 600
        deliveries = gn.inbox()
        assert [one async for one in deliveries] == []
        assert (deliveries.refused, gate.states()) == (0, {"delivered": 1})
        gn._parts.opener._clock = real
        assert len(await drain(gn)) == 1


async def test_what_is_held_is_tried_again_soon(
    homes: Homes, gate: FakeGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A followed inbox offers it as soon as it can be judged, long before the next pulse."""
    monkeypatch.setattr(intake, "PULSE_S", 60.0)
    monkeypatch.setattr(inbox_module, "HELD_S", 0.02)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
    gate.clock = clock
    async with homes("GN-QN") as gn, asyncio.timeout(10):
        opener = gn._parts.opener
        real = opener._clock
        looks: list[float] = []

        def wrong_twice() -> float:
            looks.append(real())
            return real() - 600 * (len(looks) <= 3)

        opener._clock = wrong_twice
        async with aclosing(gn.inbox(follow=True)) as deliveries:
            assert (await anext(deliveries)).number == 1
    assert len(looks) > 3


@pytest.mark.parametrize("where", ["before-the-first-session", "over-a-lost-session"])
async def test_what_is_held_without_a_session_is_tried_again_soon(
    homes: Homes, gate: FakeGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Held while no session was open, or in one that is lost: the next one tries again, long before its pulse."""
    lost = where == "over-a-lost-session"
    monkeypatch.setattr(intake, "PULSE_S", 3600.0)
    monkeypatch.setattr(inbox_module, "HELD_S", 3600.0 if lost else 0.02)
    monkeypatch.setattr(inbox_module, "BACK_OFF_S", (0.01, 0.05))
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        await drain(gn, acknowledge=False)
    gate.clock = clock
    async with homes("GN-QN") as gn, asyncio.timeout(10), aclosing(gn.inbox(follow=True)) as deliveries:
        opener = gn._parts.opener
        real = opener._clock
        opener._clock = lambda: real() - 600
        gate.down = not lost
        coming = asyncio.ensure_future(anext(deliveries))
        await until(lambda: bool(deliveries._held))
        if lost:
            await until(lambda: bool(gate.sessions))
        opener._clock = real
        gate.down = False
        gate.break_sessions()
        assert (await coming).number == 1
