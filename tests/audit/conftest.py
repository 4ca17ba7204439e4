"""The log over both databases: `ledger_url` is a fresh SQLite file, then a fresh PostgreSQL database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """A fresh place for a ledger in each of the databases."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def ledger(ledger_url: str) -> AsyncIterator[Ledger]:
    """An open ledger."""
    async with await Ledger.open(ledger_url, migrate=True) as one:
        yield one
