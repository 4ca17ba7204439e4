"""A real Prometheus with the shipped configuration and rules scrapes a real gateway, and sees when it is gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.ops import Metrics
from tests.ops.test_rules import ALERTS, RECORDED, SHOWN
from tests.scenario.process import serving
from tests.scenario.town import Town
from tests.support.prometheus import Prometheus
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

STALE_S = 20.0  # a scrape, and a rule after it


async def test_a_gateway_is_scraped_judged_and_missed(tmp_path: Path) -> None:
    """It is up, no rule is in error, every picture can be drawn, and what is declared is there; stopped, it is an alert."""
    town = Town(folder=tmp_path / "town")
    served = await town.prepare()
    async with serving(served):
        with Prometheus(tmp_path, [town.operations_port]) as prometheus:
            await until(lambda: prometheus.value('up{job="gateway"}') == 1, STALE_S)
            await until(lambda: prometheus.value("gateway:oldest_waiting_seconds:max") == 0, STALE_S)
            await until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), STALE_S)
            rules = prometheus.rules()
            assert {rule["name"] for rule in rules} == {*RECORDED, *(rule["alert"] for rule in ALERTS)}
            assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
            assert [rule["name"] for rule in rules if rule.get("state", "inactive") != "inactive"] == []
            for expression in SHOWN:
                prometheus.value(expression)  # what does not parse is answered with 400
            assert plain_names() - prometheus.names() == set()
            served.stop()
            await until(lambda: prometheus.state("GatewayDown") == "pending", STALE_S)
            await asyncio.to_thread(served.start)
            await until(lambda: prometheus.state("GatewayDown") == "inactive", STALE_S)


def plain_names() -> set[str]:
    """Return the metrics that are there from the start: those without labels."""
    return {row.name for row in Metrics().rows if not row.labels and row.type != "histogram"}
