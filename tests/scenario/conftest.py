"""The two set-ups that every promise holds on: one process with a file, and a gateway on PostgreSQL and RabbitMQ."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.scenario.theatre import Theatre, playing
from tests.scenario.town import Town
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.postgres import Cluster
    from tests.support.rabbitmq import RabbitNode

QUICK = "repair_after_s = 1.0, poll_s = 0.5"


@dataclass
class Setup:
    """
    What a gateway stands on.

    Args:
        folder: For what lies in files.
        ledger: Address of a database; None is a file.
        node: The broker's node; None is a broker in memory.
        proxy: Before the node, to misbehave.
    """

    folder: Path
    ledger: str | None = None
    node: RabbitNode | None = None
    proxy: Proxy | None = None

    def town(self, **more: Any) -> Town:
        """Make a network on it."""
        found = {"folder": self.folder / "town", "limits": QUICK, "ledger": self.ledger, **more}
        if self.proxy is not None:
            found["brokers"] = (f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/",)
        return Town(**found)

    async def crash_broker(self) -> None:
        """End the broker as a power cut does, and start it again; one in memory dies with the gateway."""
        if self.node is not None:
            await asyncio.to_thread(self.node.kill)
            await asyncio.to_thread(self.node.start)


@pytest.fixture
def embedded(tmp_path: Path) -> Setup:
    """One process: a SQLite file, and the broker in memory."""
    return Setup(tmp_path)


@pytest.fixture
async def services(tmp_path: Path, postgres_url: str, rabbit_node: RabbitNode) -> AsyncIterator[Setup]:
    """A gateway on PostgreSQL and RabbitMQ."""
    async with Proxy(rabbit_node.port) as proxy:
        yield Setup(tmp_path, postgres_url, rabbit_node, proxy)


@pytest.fixture(params=["embedded", pytest.param("services", marks=[pytest.mark.broker, pytest.mark.postgres])])
def setup(request: pytest.FixtureRequest) -> Setup:
    """Each of the two."""
    found: Setup = request.getfixturevalue(request.param)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(
    tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Cluster, rabbit_node: RabbitNode
) -> AsyncIterator[Theatre]:
    """One network for all conversations of a file."""
    database = postgres_cluster.create()
    async with playing(tmp_path_factory.mktemp("theatre"), postgres_cluster.url(database), rabbit_node.url) as found:
        yield found
    postgres_cluster.drop(database)
