"""
All metrics of a relay and of a bridge, in a registry of their own.

They stand apart from the gateway's because they are another process'. Labels come from closed sets: codes of the error tree,
sides, outcomes.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.errors import CODES

__all__ = ["RelayMetrics"]

_LINE: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class RelayMetrics:
    """The gauges, counters and histograms of one relay or bridge process; those with labels return a cached child."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lanes()
        self._bridge()
        # One cache for each process, not for the class: children belong to this registry.
        self.forwards = cache(self._forwards.labels)
        self.refused_answers = cache(self._refused_answers.labels)
        self.faults = cache(self._faults.labels)
        self.pause_seconds = cache(self._pause_seconds.labels)
        self.published = cache(self._published.labels)
        self.files = cache(self._files.labels)
        self.bad_files = cache(self._bad_files.labels)

    def _lanes(self) -> None:
        own = self.registry
        self.active = Gauge("gateway_relay_active", "1 while this process has the lease of its lane.", registry=own)
        self.receipts = Counter(
            "gateway_relay_receipts", "Receipts that the home gateway took; refused ones are not counted.", registry=own
        )
        self.hand_over_seconds = Histogram(
            "gateway_relay_hand_over_seconds",
            "From handing over a page of forwards to its answer; what fails is counted too.",
            buckets=_LINE,
            registry=own,
        )
        self._forwards = Counter(
            "gateway_relay_forwards",
            "Forwards handed over: settled, or to come again later; refused answers are not counted.",
            ["outcome"],
            registry=own,
        )
        self._refused_answers = Counter(
            "gateway_relay_refused_answers",
            "Answers and receipts of the other network that the home gateway did not take.",
            ["code"],
            registry=own,
        )
        self._faults = Counter(
            "gateway_relay_faults", "Turns of a task that failed and were retried.", ["task", "code"], registry=own
        )
        self._pause_seconds = Gauge(
            "gateway_relay_pause_seconds",
            "The pause after a task's last failure; 0 while it goes well.",
            ["task"],
            registry=own,
        )
        self._published = Counter(
            "gateway_relay_published", "Versions of a directory that were brought to a side.", ["side"], registry=own
        )

    def _bridge(self) -> None:
        own = self.registry
        self._files = Counter(
            "gateway_bridge_files", "Files written and taken; those written again are counted.", ["way", "type"], registry=own
        )
        self._bad_files = Counter("gateway_bridge_bad_files", "Files that were set aside, by code.", ["code"], registry=own)
        self.repeated_files = Counter("gateway_bridge_repeated_files", "Files that came once more.", registry=own)
        self.missing_files = Gauge(
            "gateway_bridge_missing_files", "Files that later ones show to be missing: lost, or overtaken.", registry=own
        )
        self.unanswered_files = Gauge(
            "gateway_bridge_unanswered_files", "Files that the other side has not answered.", registry=own
        )

    @staticmethod
    def known(code: str) -> str:
        """Return a code of the error tree; what another gateway made up is `internal`."""
        return code if code in CODES else "internal"

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text form."""
        return generate_latest(self.registry)
