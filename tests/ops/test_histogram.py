"""The histogram of the event loop exposes what prometheus_client's own would."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from gateway.ops.histogram import LoopHistogram

BUCKETS = (0.001, 0.5, 2)
SEEN = (0.0005, 0.001, 0.25, 2.0, 7.5, 7.5)


def exposed(kind: type[Histogram | LoopHistogram]) -> set[bytes]:
    """Return the lines of a histogram that saw the same amounts, but for the time of its making."""
    registry = CollectorRegistry()
    one = kind("answer_seconds", "Time of an answer.", buckets=BUCKETS, registry=registry)
    for amount in SEEN:
        one.observe(amount)
    return {line for line in generate_latest(registry).splitlines() if b"_created" not in line}


def test_it_exposes_what_the_librarys_own_does() -> None:
    """Bounds are part of their bucket, what is larger than all counts too, and counts and sum are the same."""
    assert exposed(LoopHistogram) == exposed(Histogram)
    assert b'answer_seconds_bucket{le="2.0"} 4.0' in exposed(LoopHistogram)
