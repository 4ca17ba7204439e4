"""Health: ready means that a submission could be accepted now."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import Unavailable
from gateway.ops import Health, Probe, health


async def well() -> bool:
    """Say yes."""
    return True


async def unwell() -> bool:
    """Say no."""
    return False


async def broken() -> bool:
    """Raise."""
    raise Unavailable("no line")


async def hangs() -> bool:
    """Answer too late."""
    await asyncio.sleep(30)
    return True


async def test_ready_when_everything_is_well() -> None:
    """All parts answer yes."""
    report = await Health({"ledger": Probe(well, needed=True), "broker": Probe(well, needed=False)}).report()
    assert report.ready
    assert report.parts == {"ledger": "ok", "broker": "ok"}


async def test_without_the_broker_the_gateway_still_accepts() -> None:
    """Promise 8: the broker is shown as away and does not make the gateway unready."""
    report = await Health({"ledger": Probe(well, needed=True), "broker": Probe(unwell, needed=False)}).report()
    assert report.ready
    assert report.parts["broker"] == "unavailable"


async def test_without_the_ledger_nothing_is_accepted() -> None:
    """A needed part that is away makes the gateway unready."""
    report = await Health({"ledger": Probe(broken, needed=True)}).report()
    assert not report.ready
    assert report.parts["ledger"] == "unavailable"


async def test_a_part_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe has a time limit."""
    monkeypatch.setattr(health, "PROBE_LIMIT_S", 0.01)
    report = await Health({"ledger": Probe(hangs, needed=True)}).report()
    assert report.parts["ledger"] == "time-limit"


async def test_a_gateway_that_stops_turns_load_balancers_away() -> None:
    """Readiness ends first in a graceful stop."""
    asked = Health({"ledger": Probe(well, needed=True)})
    asked.stopping = True
    assert not (await asked.report()).ready


async def test_a_drained_gateway_turns_load_balancers_away_until_it_is_put_back() -> None:
    """An operator's order is shown, and ends."""
    asked = Health({"ledger": Probe(well, needed=True)})
    asked.drain(True)  # noqa: FBT003
    report = await asked.report()
    assert (report.ready, report.parts) == (False, {"ledger": "ok", "operator": "draining"})
    asked.drain(False)  # noqa: FBT003
    assert (await asked.report()).ready
