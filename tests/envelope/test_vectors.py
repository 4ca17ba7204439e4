"""
The vectors of the envelope, run from their files alone as any other implementation runs them.

Nothing here knows how the files were made, but for the test that they are what the generator writes.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from gateway.envelope import DeliveryKey, MemoryKeyring, Use, open_delivery
from gateway.errors import CODES, CannotOpen, Rejected
from gateway.ids import Address
from tests.envelope.given import Given, joined
from tests.vectors.generate_envelope import files, folder

VECTORS = [json.loads(path.read_text()) for path in sorted(folder().glob("*.json"))]


def outcome(vector: dict[str, Any]) -> dict[str, Any]:
    """Open the delivery of a vector, and return what came of it in the words of the file."""
    me = Address(vector["me"])
    secrets = [DeliveryKey.from_seed(me, Use.DELIVERY, bytes.fromhex(secret)) for secret in vector["my_delivery_secrets"]]
    try:
        opened = open_delivery(
            joined(vector["delivery"]),
            me=me,
            keyring=MemoryKeyring(me, [], secrets),
            answers=Given(vector),
            now=vector["now"],
            suites=vector["suites"],
        )
    except CannotOpen as refused:
        return {"code": refused.code, "reason": refused.reason}
    except Rejected as refused:
        return {"code": refused.code, "reason": refused.code}
    header = opened.header
    return {
        "envelope_hash": opened.envelope_hash.hex(),
        "message_id": header.message_id.hex(),
        "sender": header.sender,
        "sealer": header.sealer,
        "kind": header.kind,
        "recipients": header.recipients,
        "index": opened.index,
        "number": opened.number,
        "first": opened.first,
        "last": opened.last,
        "author_key_id": opened.author.key_id.hex(),
        **content_as_in(vector, opened.content),
    }


def content_as_in(vector: dict[str, Any], content: bytes) -> dict[str, str]:
    """Return the content as the file states it: text, or the hash of what is no text."""
    if "content_sha256" in vector["expected"]:
        return {"content_sha256": sha256(content).hexdigest()}
    return {"content": content.decode()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_each_vector_gives_what_it_says(vector: dict[str, Any]) -> None:
    """Each file opens to what it says, or is refused with the code that it says."""
    assert outcome(vector) == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    """What is checked in can be made again, byte for byte."""
    assert {path.name: path.read_text() for path in folder().glob("*.json")} == files()


def test_there_are_vectors_for_every_reason() -> None:
    """Each code and reason that opening can give has a file that shows it."""
    refusals = [vector["expected"] for vector in VECTORS if "code" in vector["expected"]]
    assert len(VECTORS) >= 60
    assert {one["code"] for one in refusals} <= set(CODES)
    assert {one["reason"] for one in refusals if one["code"] == "cannot-open"} == {
        *("accepted-count", "accepted-event", "accepted-subject", "accepted-hash", "accepted-signer", "accepted-key"),
        *("accepted-signature", "seal-key", "seal-signature", "approval-missing", "approval-key", "approval-signature"),
        *("stanza-recipient", "addressee-proof", "stanza-key", "wrap", "commit", "body", "padding", "inner"),
        *("author-key", "author-signature"),
    }
