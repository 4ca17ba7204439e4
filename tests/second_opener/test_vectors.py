"""
The second opener, written from `schemas/envelope.md` alone, agrees with every vector.

Rules: a vector is read as the text says, and nothing of it is corrected. Hex is lower-case, base64 has its
padding. The opener imports the standard library and `cryptography`, so that it shares no code with the first one.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.second_opener.checks import Kind, Me, Record
from tests.second_opener.opener import Opened, open_delivery
from tests.second_opener.pack import RefusedError

HERE = Path(__file__).resolve().parent
VECTORS = sorted((HERE.parent.parent / "schemas" / "vectors" / "envelope").glob("*.json"))
VALID = [path for path in VECTORS if path.name.startswith("valid-")]
DEFECT = [path for path in VECTORS if not path.name.startswith("valid-")]
ALLOWED = {"cryptography", "tests", "pytest", "__future__", *sys.stdlib_module_names}


def from_hex(text: str) -> bytes:
    """Return bytes that stand as lower-case hex."""
    assert re.fullmatch("([0-9a-f]{2})*", text)
    return bytes.fromhex(text)


def reader(vector: dict[str, Any]) -> Me:
    """Return what a vector says that its reader knows; what it does not say is not asked."""
    return Me(
        address=vector.get("me", ""),
        secrets=[from_hex(secret) for secret in vector.get("my_delivery_secrets", [])],
        suites=vector.get("suites", [1]),
        now=vector.get("now", 0),
        directory_versions=vector.get("directory_versions", {}),
        gateways=set(vector["gateways"]),
        kinds={name: Kind(**kind) for name, kind in vector.get("kinds", {}).items()},
        records=[Record(**{**record, "key": from_hex(record["key"])}) for record in vector["keys"]],
    )


def content_of(opened: Opened) -> dict[str, str]:
    """Return the content as text, or its hash where it is no text."""
    try:
        return {"content": opened.content.decode()}
    except UnicodeDecodeError:
        return {"content_sha256": hashlib.sha256(opened.content).hexdigest()}


def found(opened: Opened) -> dict[str, Any]:
    """Return what was opened, as the vectors state it."""
    header = opened.header
    return {
        "envelope_hash": opened.envelope_hash.hex(),
        "message_id": header.message_id.hex(),
        "sender": header.sender,
        "sealer": header.sealer,
        "kind": header.kind,
        "recipients": header.recipients,
        "index": opened.place,
        "number": opened.acceptance,
        "first": opened.first,
        "last": opened.last,
        "author_key_id": opened.author_key_id.hex(),
        **content_of(opened),
    }


def from_parts(written: str | list[str | int]) -> bytes:
    """Return bytes that stand as base64, or as a list of base64 and numbers of zero bytes."""
    parts = [written] if isinstance(written, str) else written
    return b"".join(bytes(part) if isinstance(part, int) else base64.b64decode(part, validate=True) for part in parts)


def open_vector(vector: dict[str, Any]) -> Opened:
    """Open the delivery of a vector."""
    return open_delivery(from_parts(vector["delivery"]), reader(vector))


def imported(path: Path) -> set[str]:
    """Return the packages that a file imports, at any place in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.name)
def test_a_valid_delivery_opens_to_what_it_says(path: Path) -> None:
    """Another implementation reads the same message out of every good delivery."""
    vector = json.loads(path.read_text())
    assert found(open_vector(vector)) == vector["expected"]


@pytest.mark.parametrize("path", DEFECT, ids=lambda path: path.name)
def test_a_defect_is_refused_as_it_says(path: Path) -> None:
    """Another implementation refuses every damaged or forged delivery, and for the same cause."""
    vector = json.loads(path.read_text())
    expected = vector["expected"]
    with pytest.raises(RefusedError) as refused:
        open_vector(vector)
    assert (refused.value.code, refused.value.reason) == (expected["code"], expected.get("reason", refused.value.reason))


def test_there_are_enough_vectors() -> None:
    """The vectors cover at least sixty cases, good ones and bad ones."""
    assert len(VECTORS) >= 60
    assert VALID
    assert DEFECT


def test_the_second_opener_shares_no_code_with_the_first() -> None:
    """The second opener is independent: it imports nothing of the gateway and none of its cryptography or codecs."""
    names = {name for path in sorted(HERE.glob("*.py")) for name in imported(path)}
    assert {name.partition(".")[0] for name in names} <= ALLOWED
    assert {name for name in names if name.startswith("tests")} <= {
        f"tests.second_opener.{path.stem}" for path in HERE.glob("*.py")
    }
