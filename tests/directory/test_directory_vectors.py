"""
The vectors of cards, of publishing and of reading a directory, run from their files alone.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vectors.card_case import outcome
from tests.vectors.generate_directory import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]
FORMS = {"key-card", "delivery-card", "publish", "view"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['form']}-{vector['name']}")
def test_each_card_and_directory_is_judged_as_its_file_says(vector: dict[str, Any]) -> None:
    """A card or directory is read as the file says, or refused with the code that the file names."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_every_form_has_good_and_bad_files() -> None:
    """Each form has inputs to accept and inputs to refuse."""
    assert {vector["form"] for vector in VECTORS if vector["name"].startswith("valid")} == FORMS
    assert {vector["form"] for vector in VECTORS if "code" in vector["expected"]} == FORMS
