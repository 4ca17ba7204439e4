"""
The vectors of the audit log's formats, run from their files alone.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vectors.audit_case import outcome
from tests.vectors.generate_audit import CASES, files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]
FORMS = {"vkey", "note", "checkpoint", "cosignature", "tile-path", "bundle", "inclusion", "consistency", "leaf", "witness"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['form']}-{vector['name']}")
def test_each_input_is_judged_as_its_file_says(vector: dict[str, Any]) -> None:
    """An input is read as the file says, or refused with the code or status that the file names."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_every_form_has_good_and_bad_files() -> None:
    """Each format has inputs to accept and inputs to refuse, and no two files have one name."""
    assert {vector["form"] for vector in VECTORS if vector["name"].startswith("valid")} == FORMS
    assert {vector["form"] for vector in VECTORS if not vector["name"].startswith("valid")} == FORMS
    assert len({case.file_name for case in CASES}) == len(CASES) == len(VECTORS)


def test_witnesses_have_a_file_for_every_status() -> None:
    """Each answer of a witness can be seen in a file."""
    assert {vector["expected"]["status"] for vector in VECTORS if vector["form"] == "witness"} == {200, 400, 403, 404, 409, 422}
