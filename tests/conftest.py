"""The event loop of every test, and servers that the whole run shares; each starts with the first test that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from gateway.ledger import migrate
from tests.support.checked_loop import check_threads
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitNode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_configure() -> None:
    """Before any loop runs. No example is late: servers of other tests share the cores."""
    check_threads()
    settings.register_profile("shared-cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("shared-cores")


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[RabbitNode]:
    """A private RabbitMQ node; tests share it and use queue prefixes of their own."""
    with RabbitNode() as node:
        yield node


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A private PostgreSQL cluster with a migrated template; tests that stop it start it again."""
    with Cluster() as cluster:
        template = cluster.create()
        migrate(cluster.url(template))
        cluster.use_template(template)
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A place for a fresh SQLite ledger; opening it with `migrate=True` makes it."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"
