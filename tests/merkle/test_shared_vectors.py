"""The vectors of transparency-dev/merkle: valid proofs, and every corruption that its authors thought of."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from gateway.merkle import verify_consistency, verify_inclusion
from tests.vectors.shared import shared


def load(kind: str) -> list[dict[str, Any]]:
    """Return all files of one kind."""
    return [json.loads(path.read_text()) for path in sorted((shared("merkle") / "testdata" / kind).rglob("*.json"))]


def hashes(values: list[str] | None) -> list[bytes]:
    """Decode a proof."""
    return [b64decode(value) for value in values or []]


def test_inclusion_vectors_of_others() -> None:
    """Proofs that a leaf is in a tree are judged as by the authors of the vectors."""
    vectors = load("inclusion")
    assert len(vectors) > 90
    for vector in vectors:
        good = verify_inclusion(
            vector["leafIdx"],
            vector["treeSize"],
            b64decode(vector["leafHash"]),
            hashes(vector["proof"]),
            b64decode(vector["root"]),
        )
        assert good is not vector["wantErr"], vector["desc"]


def test_consistency_vectors_of_others() -> None:
    """Proofs that a tree has grown are judged as by the authors of the vectors."""
    vectors = load("consistency")
    assert len(vectors) > 90
    for vector in vectors:
        good = verify_consistency(
            vector["size1"],
            vector["size2"],
            b64decode(vector["root1"]),
            b64decode(vector["root2"]),
            hashes(vector["proof"]),
        )
        assert good is not vector["wantErr"], vector


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_both_verdicts_are_among_the_vectors(kind: str) -> None:
    """The sets hold proofs that are good and proofs that are not."""
    assert {vector["wantErr"] for vector in load(kind)} == {True, False}
