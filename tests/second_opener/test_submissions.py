"""
The second implementation judges submissions as the vectors say, from the text alone.

Rules: as for the envelopes; what stands in a file is read as the text says, and nothing of it is corrected.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.second_opener.acceptor import accept, accept_clear, rows
from tests.second_opener.checks import Me
from tests.second_opener.pack import RefusedError
from tests.second_opener.test_vectors import from_parts, reader

SUBMISSIONS = sorted((Path(__file__).resolve().parents[2] / "schemas" / "vectors" / "submission").glob("*.json"))


def judged(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what the gateway of a vector finds or answers."""
    data, me = from_parts(vector["submission"]), reader(vector)
    try:
        return found_sealed(data, me) if vector["form"] == "sealed" else found_clear(data, me)
    except RefusedError as refused:
        return {"code": refused.code, "reason": refused.reason}


def found_sealed(data: bytes, me: Me) -> dict[str, Any]:
    """Return what is found in a sealed submission."""
    submission, envelope_hash = accept(data, me)
    header = submission.envelope.header
    return {
        "envelope_hash": envelope_hash.hex(),
        "message_id": header.message_id.hex(),
        "sender": header.sender,
        "kind": header.kind,
        "rows": [[recipient, *(sibling.hex() for sibling in siblings)] for recipient, siblings in rows(submission)],
    }


def found_clear(data: bytes, me: Me) -> dict[str, Any]:
    """Return what is found in clear text."""
    clear, name = accept_clear(data, me)
    return {
        "submission_hash": name.hex(),
        "message_id": clear.header.message_id.hex(),
        "sender": clear.header.sender,
        "kind": clear.header.kind,
        "recipients": [one.recipient for one in clear.addressees],
        "content": clear.content.decode(),
    }


@pytest.mark.parametrize("path", SUBMISSIONS, ids=lambda path: path.name)
def test_a_submission_is_judged_as_it_says(path: Path) -> None:
    """Another implementation of a gateway accepts the same submissions, and refuses the others for the same cause."""
    vector = json.loads(path.read_text())
    assert judged(vector) == vector["expected"]


def test_there_are_submissions_of_both_forms() -> None:
    """Sealed submissions and clear text, good ones and bad ones, are among the vectors."""
    names = [path.name for path in SUBMISSIONS]
    for front in ("sealed-valid-", "clear-valid-", "sealed-order-", "clear-order-"):
        assert any(name.startswith(front) for name in names), front
