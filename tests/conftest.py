"""Servers that the whole run shares; each starts with the first test that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rabbitmq import RabbitNode

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[RabbitNode]:
    """A private RabbitMQ node; tests share it and use queue prefixes of their own."""
    with RabbitNode() as node:
        yield node
