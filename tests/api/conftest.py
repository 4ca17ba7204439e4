"""Fixtures of the HTTP interface: a stage with quick limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.http_stage import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """An interface over a fake exchange, with limits that pass quickly."""
    async with staged() as one:
        yield one
