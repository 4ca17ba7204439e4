"""
A histogram of one thread: the event loop's.

prometheus_client's own takes locks and five calls for an observation, and a message has two; here it is a search and a sum.
What is exposed is the same.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import contextmanager
from itertools import accumulate
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client import CollectorRegistry

__all__ = ["LoopHistogram"]


class LoopHistogram:
    """
    Counts amounts by size.

    Args:
        name: With its base unit.
        documentation: The help sentence.
        buckets: Upper bounds, growing; what is larger counts as well.
        registry: Where it is exposed.
    """

    def __init__(self, name: str, documentation: str, *, buckets: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._bounds = [*map(float, buckets), float("inf")]
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        registry.register(self)

    def observe(self, amount: float) -> None:
        """Count one amount; on the event loop alone."""
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount

    @contextmanager
    def time(self) -> Iterator[None]:
        """Count the seconds of what is done inside, whether it succeeds or fails."""
        began = perf_counter()
        try:
            yield
        finally:
            self.observe(perf_counter() - began)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return what the registry asks for."""
        pairs = zip(map(floatToGoString, self._bounds), accumulate(self._counts), strict=True)
        yield HistogramMetricFamily(self._name, self._documentation, buckets=list(pairs), sum_value=self._sum)
