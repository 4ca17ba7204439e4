"""A network of three participants, made anew for each test."""

from __future__ import annotations

import pytest

from tests.support.network import World, make_world

NOW = 2_000_000_000


@pytest.fixture
def world() -> World:
    """Return the network."""
    return make_world(["NCB-QM", "GN-QN", "TRIB-QX-OTP"], NOW)
