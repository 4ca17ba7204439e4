"""
The second implementation judges receipts as the vectors say, from the text alone.

Rules: as for the envelopes; what stands in a file is read as the text says, and nothing of it is corrected.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.second_opener.pack import RefusedError
from tests.second_opener.receipts import judge
from tests.second_opener.test_vectors import from_parts, reader

RECEIPTS = sorted((Path(__file__).resolve().parents[2] / "schemas" / "vectors" / "receipt").glob("*.json"))


def found(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what a receipt proves, or the code."""
    try:
        receipt, leaf = judge(from_parts(vector["receipt"]), reader(vector))
    except RefusedError as refused:
        return {"code": refused.code}
    return {
        "event": receipt.event,
        "envelope_hash": receipt.envelope_hash.hex(),
        "subject": receipt.subject,
        "signer": receipt.signer,
        "at": receipt.at,
        "number": receipt.acceptance,
        "reason": receipt.reason,
        "leaf": leaf.hex(),
    }


@pytest.mark.parametrize("path", RECEIPTS, ids=lambda path: path.name)
def test_a_receipt_counts_as_it_says(path: Path) -> None:
    """Another implementation believes the same receipts, and no others."""
    vector = json.loads(path.read_text())
    assert found(vector) == vector["expected"]


def test_there_are_receipts_of_both_kinds() -> None:
    """Receipts that count and receipts that do not are among the vectors."""
    counting = [path for path in RECEIPTS if path.name.startswith("valid-")]
    assert 0 < len(counting) < len(RECEIPTS)
