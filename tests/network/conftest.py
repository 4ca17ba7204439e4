"""What tests of the authority's work begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.authority import Office

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return a new network."""
    return Office(tmp_path)
