"""What two moments of the metrics say together."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path

import pytest

from gateway.dashboard import gather
from gateway.dashboard.samples import Moments, Samples, quantile
from gateway.ops import Metrics


def test_a_rate_is_what_came_in_the_last_seconds() -> None:
    """Older moments do not dilute it, and one moment alone says nothing."""
    metrics, moments = Metrics(), Moments()
    moments.add(0.0, Samples(metrics.registry))
    assert moments.rate("gateway_messages_accepted_total") is None
    metrics.accepted("cooperation.request").inc(100)
    moments.add(50.0, Samples(metrics.registry))
    metrics.accepted("information.report").inc(5)
    moments.add(55.0, Samples(metrics.registry))
    assert moments.rate("gateway_messages_accepted_total") == 1.0
    assert moments.rate("gateway_messages_accepted_total", kind="cooperation.request") == 0.0


def test_times_are_of_the_last_minute() -> None:
    """What was slow before does not count any more."""
    metrics, moments = Metrics(), Moments()
    metrics.accept_seconds.observe(4.0)
    for at in range(0, 130, 10):
        moments.add(float(at), Samples(metrics.registry))
    assert moments.quantile("gateway_accept_seconds", 0.99) is None
    metrics.accept_seconds.observe(0.002)
    moments.add(130.0, Samples(metrics.registry))
    found = moments.quantile("gateway_accept_seconds", 0.99)
    assert found is not None
    assert 0.001 < found <= 0.0025


def test_every_metric_that_the_dashboard_reads_is_declared() -> None:
    """A name that is mistyped, or was renamed, would show a calm nothing."""
    source = Path(gather.__file__).read_text()
    named = {name.removesuffix("_total") for name in re.findall(r'"(gateway_[a-z_]+)"', source)}
    declared = {family.name for family in Metrics().registry.collect()}
    assert len(named) > 15
    assert named <= declared


@pytest.mark.parametrize(
    ("buckets", "share", "found"),
    [
        ([], 0.5, None),
        ([(1.0, 0.0), (inf, 0.0)], 0.5, None),
        ([(1.0, 10.0), (2.0, 20.0), (inf, 20.0)], 0.5, 1.0),
        ([(1.0, 10.0), (2.0, 20.0), (inf, 20.0)], 0.75, 1.5),
        ([(1.0, 0.0), (inf, 3.0)], 0.99, 1.0),
    ],
)
def test_a_quantile_is_read_between_two_bounds(buckets: list[tuple[float, float]], share: float, found: float | None) -> None:
    """Beyond the last bound it is that bound; of nothing there is none."""
    assert quantile(buckets, share) == found
