"""
The metrics of one moment, and what two moments say together: rates, and how long things took.

A moment is read from the registry in one pass: the dashboard shows what Prometheus would scrape, and nothing is counted twice.
Quantiles are of histograms: between two bounds they are interpolated, beyond the last one it is the last bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ["Buckets", "Moments", "Samples", "quantile"]

RATE_S: Final = 10.0
TIMES_S: Final = 60.0
MOMENT_S: Final = 0.9  # moments that are closer than this are one: looks come once a second

Buckets = dict[float, float]  # upper bound, and how many were at most that


class Samples:
    """
    The metrics of one moment.

    Args:
        registry: Of a gateway.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._found: dict[str, list[tuple[dict[str, str], float]]] = {}
        for family in registry.collect():
            for sample in family.samples:
                self._found.setdefault(sample.name, []).append((sample.labels, sample.value))

    def total(self, name: str, **labels: str) -> float:
        """Add up all samples of a name with these labels; 0 where there is none."""
        found = self._found.get(name, ())
        return sum(value for given, value in found if all(given.get(key) == one for key, one in labels.items()))

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the samples of a name, by one label."""
        return {given[label]: value for given, value in self._found.get(name, ())}

    def buckets(self, name: str) -> Buckets:
        """Return a histogram without labels."""
        return {float(given["le"]): value for given, value in self._found.get(f"{name}_bucket", ())}


class Moments:
    """What the last minute's moments say together."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Samples]] = deque()

    def add(self, at: float, samples: Samples) -> None:
        """Keep a moment, in seconds that never go back, and forget what is too old to compare with."""
        if self._kept and at - self._kept[-1][0] < MOMENT_S:
            self._kept.pop()
        self._kept.append((at, samples))
        while len(self._kept) > 2 and at - self._kept[1][0] >= TIMES_S:
            self._kept.popleft()

    def rate(self, name: str, **labels: str) -> float | None:
        """Return how much a counter grew a second, over the last `RATE_S`; None without two moments."""
        if len(self._kept) < 2:
            return None
        now_at, now = self._kept[-1]
        at, before = next(one for one in self._kept if now_at - one[0] <= RATE_S or one is self._kept[-2])
        return max(0.0, now.total(name, **labels) - before.total(name, **labels)) / max(now_at - at, MOMENT_S)

    def quantile(self, name: str, share: float) -> float | None:
        """Return what a share of a histogram's observations of the last minute was at most; None without any."""
        if not self._kept:
            return None
        before = self._kept[0][1].buckets(name) if len(self._kept) > 1 else {}
        now = self._kept[-1][1].buckets(name)
        return quantile([(bound, count - before.get(bound, 0)) for bound, count in sorted(now.items())], share)


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """
    Return what a share of observations was at most, in the unit of the bounds; None without any.

    Args:
        buckets: Bounds, growing, and how many were at most that.
        share: Above 0, up to 1.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted = share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted:
            return low if bound == inf else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low
