"""Vectors that others wrote: they stand beside the repository, and are not part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

__all__ = ["shared", "wycheproof"]

_FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"


def shared(name: str) -> Path:
    """Return a folder of vectors, or skip the test where it is absent."""
    folder = _FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"../shared/vectors/{name} is not there")
    return folder


def wycheproof(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (group, test) for each test of a Wycheproof set."""
    groups = json.loads((shared("wycheproof") / f"{name}_test.json").read_text())["testGroups"]
    return [(group, test) for group in groups for test in group["tests"]]
