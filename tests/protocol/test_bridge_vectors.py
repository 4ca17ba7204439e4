"""
The vectors of files between bridges, run from their files alone: which files count, and what their numbers show.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.envelope.given import joined
from tests.vectors.bridge_cases import outcome
from tests.vectors.generate_bridge import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_file_counts_as_its_vector_says(vector: dict[str, Any]) -> None:
    """A file is read as the vector says, or refused with its code."""
    assert outcome(vector, joined(vector["file"])) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()
