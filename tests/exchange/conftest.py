"""Fixtures of the exchange: one at work, and one whose broker misbehaves on request."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from gateway.ops import logs
from tests.support.exchange import Stage, staged
from tests.support.flaky_broker import FlakyBroker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def quiet() -> io.BytesIO:
    """Logs go into memory."""
    file = io.BytesIO()
    logs.configure("info", file)
    return file


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An exchange at work."""
    async with staged(tmp_path) as one:
        yield one


@pytest.fixture
def broker() -> FlakyBroker:
    """A broker that does what it is told."""
    return FlakyBroker()


@pytest.fixture
async def flaky(tmp_path: Path, broker: FlakyBroker) -> AsyncIterator[Stage]:
    """An exchange over that broker."""
    async with staged(tmp_path, broker=broker) as one:
        yield one
