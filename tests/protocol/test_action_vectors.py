"""
The vectors of operator actions, run from their files alone: which orders count.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import Rejected
from gateway.protocol.action import parse_action, verify_action
from tests.envelope.given import Given, joined
from tests.vectors.generate_action import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what came of an action in the words of the file."""
    try:
        signed = parse_action(joined(vector["action"]))
        action = verify_action(signed, Given(vector).key, vector["gateway"], vector["now"])
    except Rejected as refused:
        return {"code": refused.code}
    fields = {"verb": action.verb, "target": action.target, "reason": action.reason, "at": action.at}
    return {**fields, "nonce": action.nonce.hex(), "leaf": signed.leaf.hex()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_action_counts_as_its_file_says(vector: dict[str, Any]) -> None:
    """An order counts as the file says, or has no effect."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()
