"""
The second implementation judges signed problems and operators' orders as the vectors say, from the text alone.

Rules: as for the envelopes; what stands in a file is read as the text says, and nothing of it is corrected.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.second_opener.pack import RefusedError
from tests.second_opener.refusals import judge_order, judge_refusal
from tests.second_opener.test_vectors import from_parts, reader

VECTORS = Path(__file__).resolve().parents[2] / "schemas" / "vectors"
PROBLEMS = sorted((VECTORS / "problem").glob("*.json"))
ACTIONS = sorted((VECTORS / "action").glob("*.json"))


def refusal(vector: dict[str, Any]) -> dict[str, Any]:
    """Return whose word a refusal is, or the code."""
    me = replace(reader(vector), now=vector["received_at"])
    request, problem = from_parts(vector["request"]), from_parts(vector["problem"])
    try:
        gateway, code, at = judge_refusal(vector["field"], request, problem, me, vector["network"])
    except RefusedError as refused:
        return {"code": refused.code}
    return {"gateway": gateway, "refused_as": code, "server_time": at}


def order(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what is ordered, or the code."""
    try:
        found = judge_order(from_parts(vector["action"]), replace(reader(vector), address=vector["gateway"]))
    except RefusedError as refused:
        return {"code": refused.code}
    return {**found._asdict(), "nonce": found.nonce.hex(), "leaf": found.leaf.hex()}


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.name)
def test_a_refusal_counts_as_it_says(path: Path) -> None:
    """Another implementation believes the same refusals, and no others."""
    vector = json.loads(path.read_text())
    assert refusal(vector) == vector["expected"]


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.name)
def test_an_order_counts_as_it_says(path: Path) -> None:
    """Another implementation obeys the same orders, and no others."""
    vector = json.loads(path.read_text())
    assert order(vector) == vector["expected"]


@pytest.mark.parametrize("paths", [PROBLEMS, ACTIONS], ids=["problem", "action"])
def test_there_are_good_ones_and_bad_ones(paths: list[Path]) -> None:
    """What counts and what does not are among the vectors."""
    assert 0 < len([path for path in paths if path.name.startswith("valid")]) < len(paths)
