"""Brokers to try: each test gets fresh ones, with a prefix of its own on the shared node."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from gateway.broker.memory import MemoryBroker
from gateway.broker.rabbitmq import RabbitBroker

if TYPE_CHECKING:
    from gateway.broker.base import Broker
    from tests.support.rabbitmq import RabbitNode

LIMIT_BYTES = 10_000_000
MakeBroker = Callable[..., Awaitable["Broker"]]

_prefixes = itertools.count()


@pytest.fixture
def prefix() -> str:
    """A prefix for queue names that no other test has."""
    return f"test{next(_prefixes)}."


@pytest.fixture(params=["memory", pytest.param("rabbitmq", marks=pytest.mark.broker)])
async def make_broker(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[MakeBroker]:
    """Return a function that starts a broker of the kind under test, with the given bound of a mailbox."""
    node: RabbitNode | None = request.getfixturevalue("rabbit_node") if request.param == "rabbitmq" else None
    async with AsyncExitStack() as stack:

        async def make(limit_bytes: int = LIMIT_BYTES) -> Broker:
            made: Broker = MemoryBroker(limit_bytes) if node is None else RabbitBroker([node.url], limit_bytes, prefix)
            stack.push_async_callback(made.close)
            await made.start()
            return made

        yield make


@pytest.fixture
async def broker(make_broker: MakeBroker) -> Broker:
    """A started broker with room for everything."""
    return await make_broker()
