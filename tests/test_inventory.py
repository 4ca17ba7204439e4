"""The crypto inventory lists what the code has: auditors begin there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.envelope import Use

ROOT = Path(__file__).parents[1]
INVENTORY = (ROOT / "deploy/crypto-inventory.md").read_text()
LABELS = sorted(set(re.findall(r'b"([a-z0-9]+/[a-z0-9/-]+)', (ROOT / "gateway/envelope/contexts.py").read_text())))


@pytest.mark.parametrize("label", LABELS)
def test_every_label_is_listed(label: str) -> None:
    """A label that the code builds stands in the inventory, so two meanings of one label would show."""
    assert f"`{label}" in INVENTORY


@pytest.mark.parametrize("use", list(Use))
def test_every_use_of_a_key_is_listed(use: Use) -> None:
    """Each use has a row that says who holds the key, and what to do when it is lost or stolen."""
    assert f"| `{use}` |" in INVENTORY
