"""
The vectors of signed problems, run from their files alone: whose word a refusal is, and what is nobody's.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import Rejected
from gateway.protocol.refusal import verify_problem
from tests.envelope.given import Given, joined
from tests.vectors.generate_problem import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a refusal in the words of the file."""
    try:
        found = verify_problem(
            vector["field"],
            request_body=joined(vector["request"]),
            problem=joined(vector["problem"]),
            answers=Given(vector),
            network=vector["network"],
            received_at=vector["received_at"],
        )
    except Rejected as refused:
        return {"code": refused.code}
    return {"gateway": found.gateway, "refused_as": found.code, "server_time": found.server_time}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_refusal_counts_as_its_file_says(vector: dict[str, Any]) -> None:
    """A refusal is a gateway's word as the file says, or nobody's."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()
