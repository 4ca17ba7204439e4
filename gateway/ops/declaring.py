"""
How metrics are declared: one statement for each, which makes it and notes its row of the operators' table.

Labels come from closed sets, named with the metric: the values themselves, or where they are closed (the kinds of the registry,
the peers of the signed directory); never a participant or a message.
Children with labels are looked up once and kept: `labels()` costs as much as a hash of 4 KiB.
Each process has a registry of its own, so that a process can run several gateways (demo, tests).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from gateway.ops.histogram import LoopHistogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from functools import _lru_cache_wrapper

    from prometheus_client.metrics import MetricWrapperBase

__all__ = ["CONTENT_TYPE", "Declared", "Row", "Values"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Values = tuple[str, ...] | str
"""The closed set of a label, or the name of the place where it is closed."""


class Row(NamedTuple):
    """
    One metric, as operators read of it.

    Args:
        name: As it is scraped, a counter's with `_total`.
        type: counter, gauge or histogram.
        labels: Name to closed set.
        text: The help sentence.
    """

    name: str
    type: str
    labels: Mapping[str, Values]
    text: str


class Declared:
    """
    The metrics of one process.

    Attributes:
        process: Which process shows them.
        registry: What is scraped.
        rows: What was declared, in order.
    """

    process: ClassVar[str]

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.rows: list[Row] = []
        self._families: dict[Any, MetricWrapperBase] = {}

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text form."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str) -> Counter:
        self.rows.append(Row(f"{name}_total", "counter", {}, text))
        return Counter(name, text, registry=self.registry)

    def _counters(self, name: str, text: str, **labels: Values) -> _lru_cache_wrapper[Counter]:
        self.rows.append(Row(f"{name}_total", "counter", labels, text))
        return cache(Counter(name, text, list(labels), registry=self.registry).labels)

    def _gauge(self, name: str, text: str) -> Gauge:
        self.rows.append(Row(name, "gauge", {}, text))
        return Gauge(name, text, registry=self.registry)

    def _gauges(self, name: str, text: str, **labels: Values) -> _lru_cache_wrapper[Gauge]:
        self.rows.append(Row(name, "gauge", labels, text))
        family = Gauge(name, text, list(labels), registry=self.registry)
        children = cache(family.labels)
        self._families[children] = family
        return children

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> LoopHistogram:
        self.rows.append(Row(name, "histogram", {}, text))
        return LoopHistogram(name, text, buckets=buckets, registry=self.registry)

    def _forget(self, children: _lru_cache_wrapper[Gauge], *labels: str) -> None:
        """Show a child no more."""
        children(*labels)  # there is something to remove
        self._families[children].remove(*labels)
        children.cache_clear()
