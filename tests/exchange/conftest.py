"""Fixtures of the exchange: one at work, and one whose broker misbehaves on request."""

from __future__ import annotations

import io
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.broker.rabbitmq import RabbitBroker
from gateway.ops import logs
from tests.support.exchange import MAILBOX_BYTES, Stage, staged
from tests.support.flaky_broker import FlakyBroker
from tests.support.rabbitmq import RabbitNode

_prefixes = itertools.count()


@pytest.fixture(autouse=True)
def quiet() -> io.BytesIO:
    """Logs go into memory."""
    file = io.BytesIO()
    logs.configure("info", file)
    return file


@pytest.fixture
def prefix() -> str:
    """A prefix for queue names that no other test has."""
    return f"exchange{next(_prefixes)}."


@pytest.fixture(params=["embedded", pytest.param("servers", marks=[pytest.mark.broker, pytest.mark.postgres])])
async def stage(request: pytest.FixtureRequest, tmp_path: Path, prefix: str) -> AsyncIterator[Stage]:
    """An exchange at work: on SQLite and the broker in memory, then on PostgreSQL and RabbitMQ."""
    if request.param == "embedded":
        async with staged(tmp_path) as one:
            yield one
        return
    node: RabbitNode = request.getfixturevalue("rabbit_node")
    broker = RabbitBroker([node.url], MAILBOX_BYTES, prefix)
    async with staged(tmp_path, broker=broker, url=request.getfixturevalue("postgres_url"), shared=True) as one:
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
