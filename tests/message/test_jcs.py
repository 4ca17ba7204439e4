"""Canonical JSON: the vectors of others, and what canonical JSON cannot say."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from gateway.errors import Rejected
from gateway.message.jcs import as_json, canonical, jcs_sha256
from gateway.message.shared.times import PartialDate
from tests.vectors.shared import shared

VECTORS = ("arrays", "french", "structures", "unicode", "values", "weird")


@pytest.mark.parametrize("name", VECTORS)
def test_published_vectors_come_out_byte_for_byte(name: str) -> None:
    """The canonical text is that of the published vectors, whose bytes are given twice."""
    folder = shared("jcs") / "testdata"
    made = canonical(json.loads((folder / "input" / f"{name}.json").read_bytes()))
    assert made == (folder / "output" / f"{name}.json").read_bytes()
    assert made == bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())


def test_every_published_vector_is_run() -> None:
    """No vector is left out."""
    assert {path.stem for path in (shared("jcs") / "testdata" / "input").iterdir()} == set(VECTORS)


def test_spelling_does_not_matter() -> None:
    """Order, spaces, escapes and spellings of a number change the bytes and not the hash."""
    spellings = ['{"b":1,"\\u0061":[24.50,-0.0]}', '{ "a" : [2.45E1, 0] , "b" : 1 }']
    assert {jcs_sha256(json.loads(text)) for text in spellings} == {sha256(b'{"a":[24.5,0],"b":1}').hexdigest()}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, ["\ud800"]])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """Numbers that readers hold differently, and text that is none, are refused rather than guessed."""
    with pytest.raises(Rejected, match="content-json"):
        canonical(value)


def test_values_of_ours_count_as_they_are_written() -> None:
    """A member that is left out on the wire is left out of the hash."""
    assert canonical(as_json([PartialDate(value="2098")])) == b'[{"value":"2098"}]'
