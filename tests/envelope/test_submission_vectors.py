"""
The vectors of submissions, run from their files alone: what a gateway accepts, and what it answers to the rest.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.envelope import check_clear, check_submission, examine, examine_clear, rows, seal_clear
from gateway.errors import CODES, CannotOpen, Rejected
from gateway.ids import Address
from tests.envelope.given import Given, joined
from tests.envelope.world import keyring, stream
from tests.vectors.generate_submission import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def accepted(vector: dict[str, Any]) -> dict[str, Any]:
    """Check a sealed submission as its gateway does, and return what it hands on."""
    answers, now = Given(vector), vector["now"]
    examined = examine(joined(vector["submission"]))
    check_submission(examined, answers, now, answers.delivery_key_ok)
    return {
        "envelope_hash": examined.envelope_hash.hex(),
        "message_id": examined.header.message_id.hex(),
        "sender": examined.header.sender,
        "kind": examined.header.kind,
        "rows": [[row.recipient, *(sibling.hex() for sibling in row.proof)] for row in rows(examined)],
    }


def sealed(vector: dict[str, Any]) -> dict[str, Any]:
    """Check clear text as its gateway does, seal it, and return what it was."""
    answers, now, me = Given(vector), vector["now"], Address(vector["me"])
    examined = examine_clear(joined(vector["submission"]))
    check_clear(examined, answers, now, me)
    seal_clear(examined, answers.delivery_keys(now), keyring(me), directory_version=7, rng=stream("sealing"))
    return {
        "submission_hash": examined.submission_hash.hex(),
        "message_id": examined.header.message_id.hex(),
        "sender": examined.header.sender,
        "kind": examined.header.kind,
        "recipients": [one.recipient for one in examined.addressees],
        "content": examined.content.decode(),
    }


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a submission in the words of the file."""
    try:
        return accepted(vector) if vector["form"] == "sealed" else sealed(vector)
    except CannotOpen as refused:
        return {"code": refused.code, "reason": refused.reason}
    except Rejected as refused:
        return {"code": refused.code, "reason": refused.code}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_submission_gets_the_answer_that_it_says(vector: dict[str, Any]) -> None:
    """A gateway accepts what the file says, or refuses it with the code that it says."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_there_are_vectors_for_every_answer() -> None:
    """Each code that a gateway gives to a submission because of its bytes has a file that shows it."""
    codes = {vector["expected"].get("code", "") for vector in VECTORS}
    assert codes <= {"", *CODES}
    assert codes == {
        *("", "too-large", "malformed", "not-canonical", "unknown-version", "unknown-suite", "directory-ahead", "expired"),
        *("out-of-time", "sealer-not-allowed", "cannot-open", "approval-missing", "recipient-repeated", "addressees-differ"),
        "recipient-key",
    }
