"""How fast a peer may make our log grow."""

from __future__ import annotations

import pytest

from gateway.errors import Rejected
from gateway.exchange.growth import MOST_BYTES, Growth
from gateway.ids import Network
from tests.support.exchange import Clock

EU, OTHER = Network("eu-network"), Network("other")


def test_who_changes_everything_again_and_again_waits() -> None:
    """Two whole directories are taken at once, a third within the day; other peers notice nothing."""
    clock = Clock()
    growth = Growth(clock)
    half = MOST_BYTES // 2
    for _ in range(2):
        growth.take(EU, half)
    with pytest.raises(Rejected) as refused:
        growth.take(EU, half)
    assert refused.value.code == "too-many"
    growth.take(OTHER, half)
    clock.jump(43_201)
    growth.take(EU, half)
