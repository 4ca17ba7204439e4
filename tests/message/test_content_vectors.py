"""
The vectors of content that must be refused, run from their files alone: our reader gives code and pointer of each.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import CODES, Rejected
from gateway.message import check_repeats, read
from tests.vectors.content_given import Fields, joined
from tests.vectors.generate_content import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def outcome(vector: dict[str, Any]) -> dict[str, Any] | None:
    """Return what came of a content in the words of the file; None where it was taken."""
    try:
        content = read(vector["kind"], vector["schema_version"], joined(vector), frozenset(vector.get("understood", ())))
        if "header" in vector:
            check_repeats(Fields(vector["header"]), content)
    except Rejected as refused:
        return {"code": refused.code, "pointer": refused.pointer}
    return None


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_content_is_refused_as_its_file_says(vector: dict[str, Any]) -> None:
    """A reader refuses it with this code at this place."""
    assert outcome(vector) == vector["expected"]
    assert vector["expected"]["code"] in CODES


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()
