"""What tests of a home's view of the audit log do again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.envelope.receipt import LogView
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.client import ContactPoint
    from gateway.client.log.monitor import Monitor
    from tests.support.fake_log import FakeLog

__all__ = ["become", "found", "monitor", "refused", "view"]


def monitor(home: ContactPoint) -> Monitor:
    """Return the monitor of an open home."""
    return home._parts.monitor


def view(log: FakeLog) -> LogView:
    """Return the newest view of a log."""
    return LogView(log.newest.size, log.newest.root)


def become(log: FakeLog, other: FakeLog) -> None:
    """Let the gateway show another log in place of its own."""
    log.__dict__.update(other.__dict__)


async def refused(checking: Awaitable[object]) -> str:
    """Return the code of what is raised."""
    with pytest.raises(GatewayError) as caught:
        await checking
    return caught.value.code


async def found(home: ContactPoint) -> list[str]:
    """Return the codes of the evidence in a home."""
    return [one.code for one in await home.auditor.evidence()]
