"""
The vectors of receipts, run from their files alone: which statements count, and which prove nothing.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.envelope import Event, parse_receipt, receipt_leaf, verify_receipt
from gateway.errors import Rejected
from tests.envelope.given import Given, joined
from tests.vectors.generate_receipt import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a receipt in the words of the file."""
    try:
        signed = parse_receipt(joined(vector["receipt"]))
        receipt = verify_receipt(signed, Given(vector))
    except Rejected as refused:
        return {"code": refused.code}
    return {
        "event": receipt.event,
        "envelope_hash": receipt.envelope_hash.hex(),
        "subject": receipt.subject,
        "signer": receipt.signer,
        "at": receipt.at,
        "number": receipt.number,
        "reason": receipt.reason,
        "leaf": receipt_leaf(signed.receipt_bytes).hex(),
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_receipt_counts_as_its_file_says(vector: dict[str, Any]) -> None:
    """A receipt counts for what the file says, or proves nothing."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_there_is_a_good_receipt_of_every_event() -> None:
    """Each event has a file that shows a receipt of it that counts."""
    assert {vector["expected"].get("event") for vector in VECTORS} == {None, *Event}
