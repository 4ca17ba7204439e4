"""What ends soon is told to the operator while there is time: once a day in the log, always in the metrics."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import generate_latest

from gateway.directory.expiry import DELIVERY_CARD_WARN_S, KEY_WARN_S, METADATA_WARN_S, cards_ending, key_ends, metadata_late
from gateway.directory.roles import TufRole
from gateway.envelope.keys import Use
from gateway.exchange.expiry import Expiry
from tests.support.network import make_world

if TYPE_CHECKING:
    from tests.support.exchange import Stage

DAY = 86_400
NOW = 2_000_000_000


async def told(log: io.BytesIO) -> list[dict[str, Any]]:
    """Return the lines about what ends soon; they are written at the end of a turn of the loop."""
    await asyncio.sleep(0.05)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["event"] == "ends-soon"]


async def test_a_network_in_order_has_nothing_to_tell(flaky: Stage, quiet: io.BytesIO) -> None:
    """One line a day says so, for an operator who wonders whether anybody looks."""
    before = len(await told(quiet))
    expiry = Expiry(flaky.parts)
    await expiry.round()
    await expiry.round()
    assert [(line["level"], line["count"]) for line in (await told(quiet))[before:]] == [("info", 0)]


async def test_what_ends_is_told_once_a_day_with_the_command_that_mends_it(flaky: Stage, quiet: io.BytesIO) -> None:
    """Own keys, participants' cards and the authority's metadata: each in words in the log."""
    expiry = Expiry(flaky.parts)
    flaky.clock.jump(371 * DAY)
    before = len(await told(quiet))
    await expiry.round()
    await expiry.round()
    [line] = (await told(quiet))[before:]
    assert line["level"] == "warning"
    assert "own agent key: gateway gateway-keys rotate" in line["detail"]
    assert "key cards of 5 participants" in line["detail"]
    assert "delivery cards of 4 participants" in line["detail"]
    assert "targets metadata" in line["detail"]
    flaky.clock.jump(DAY)
    await expiry.round()
    assert len((await told(quiet))[before:]) == 2


async def test_metrics_show_how_long_everything_lasts(flaky: Stage) -> None:
    """An alarm can be set on the time that is left, without reading any log."""
    await Expiry(flaky.parts).round()
    text = generate_latest(flaky.parts.metrics.registry).decode()
    values = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line and line[0] != "#"}
    assert values['gateway_own_key_ends_seconds{use="log"}'] == pytest.approx(400 * DAY, abs=2 * DAY)
    assert values['gateway_metadata_ends_seconds{role="revocations"}'] == pytest.approx(3 * DAY, abs=DAY / 2)
    assert values['gateway_cards_ending{card="key"}'] == 0
    assert values['gateway_card_ends_seconds{card="key"}'] == pytest.approx(400 * DAY, abs=2 * DAY)
    assert 0 < values['gateway_card_ends_seconds{card="delivery"}'] <= 60 * DAY


def test_warnings_begin_in_time() -> None:
    """A month for what needs an identity key from a safe, a week for what software renews, each role as it is signed."""
    world = make_world(["NCB-QM"], NOW)
    end = key_ends(world.directory, world.gate.address)[Use.AGENT]
    assert cards_ending(world.directory, end - KEY_WARN_S)["key"] == 0
    assert cards_ending(world.directory, end - KEY_WARN_S + 1)["key"] == 2
    sealed_until = NOW - 300 + 31 * DAY
    assert cards_ending(world.directory, sealed_until - DELIVERY_CARD_WARN_S)["delivery"] == 0
    assert cards_ending(world.directory, sealed_until - DELIVERY_CARD_WARN_S + 1)["delivery"] == 1
    for role in TufRole:
        assert not metadata_late(role, NOW, NOW - METADATA_WARN_S[role])
        assert metadata_late(role, NOW, NOW - METADATA_WARN_S[role] + 1)
