"""The text of the specification agrees with the code and the vectors."""

from __future__ import annotations

import re

from gateway.errors import CODES
from gateway.resources import schemas_path
from gateway.tlog.note import MAX_NOTE_BYTES, MAX_SIGNATURES
from gateway.tlog.tiles import MAX_ENTRY_BYTES
from gateway.tlog.witness import MAX_PROOF_LINES, SIZE_MEDIA_TYPE
from tests.vectors.audit_example import example
from tests.vectors.generate_audit import CASES

TEXT = (schemas_path() / "audit.md").read_text()


def test_the_worked_example_is_what_the_vectors_give() -> None:
    """The example on the first screen was computed from the keys and leaves of the vectors, and is current."""
    assert f"```\n{example()}\n```" in TEXT


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    """A limit that changes in one place changes in both."""
    for most in (MAX_NOTE_BYTES, MAX_ENTRY_BYTES):
        assert f"{most:,} bytes" in TEXT
    assert f"1 to {MAX_SIGNATURES} signature lines" in TEXT
    assert f"0 to {MAX_PROOF_LINES} lines" in TEXT
    assert SIZE_MEDIA_TYPE in TEXT


def test_the_text_names_every_code_and_status() -> None:
    """Each code and status that a vector expects stands in the text."""
    for case in CASES:
        assert case.expects.isdecimal() or case.expects in {"", *CODES}
        assert case.expects in TEXT


def test_the_text_names_every_form_of_vectors() -> None:
    """Whoever runs the vectors finds what stands in each of them."""
    for case in CASES:
        assert f"| `{case.form}` |" in TEXT
        assert all(field in TEXT for field in case.given)


def test_every_section_that_the_code_cites_is_there() -> None:
    """A reader who follows a citation finds its section."""
    sections = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    root = schemas_path().parent
    for path in [*root.glob("gateway/**/*.py"), *root.glob("tests/**/*.py")]:
        for cited in re.findall(r'schemas/audit\.md, ((?:"[^"]+"(?: and | to )?)+)', path.read_text()):
            assert set(re.findall(r'"([^"]+)"', cited)) <= sections, path
