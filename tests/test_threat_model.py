"""The threat model points at tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "deploy/threat-model.md").read_text()
TESTS = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", TEXT)


@cache
def functions(path: str) -> frozenset[str]:
    """Name the functions of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_a_named_test_exists(path: str, name: str) -> None:
    """Whoever follows the model to a test finds it."""
    assert name in functions(path)


@pytest.mark.parametrize("number", range(1, 12))
def test_every_promise_is_attacked(number: int) -> None:
    """Each promise has a section that names at least one test."""
    sections = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
    mine = [section for section in sections if str(number) in re.findall(r"\d+", section.partition(".")[0])]
    assert mine
    assert "::test_" in mine[0]
