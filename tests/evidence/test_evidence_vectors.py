"""
The vectors of evidence, run from their files alone: what proves something, and what is refused for which reason.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import ast
import json
from inspect import getsource
from typing import Any

import pytest

from gateway.evidence import listed, log, parties
from gateway.evidence import verify as steps
from tests.envelope.given import joined
from tests.vectors.generate_evidence import files, folder, outcome

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_bundle_proves_what_its_file_says(vector: dict[str, Any]) -> None:
    """A bundle proves what the file says, or is refused for the reason that it says."""
    assert outcome(joined(vector["bundle"]), vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_every_refusal_has_a_file() -> None:
    """For each reason that a bundle of evidence can be refused for there is a file that shows it."""
    shown = {vector["expected"].get("reason", "") for vector in VECTORS}
    assert reasons() - shown == set()


def reasons() -> set[str]:
    """Return every reason that stands in the code as one text."""
    calls = [node for module in (listed, log, parties, steps) for node in ast.walk(ast.parse(getsource(module)))]
    named = [node.args[0] for node in calls if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EvidenceBad"]
    return {str(node.value) for node in named if isinstance(node, ast.Constant)}
