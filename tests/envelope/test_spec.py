"""The text of the specification agrees with the code and the vectors."""

from __future__ import annotations

import re

from gateway.envelope import wire
from gateway.errors import CODES
from gateway.resources import schemas_path
from tests.vectors import generate_receipt, generate_submission
from tests.vectors.envelope_example import example
from tests.vectors.generate_envelope import CASES

TEXT = (schemas_path() / "envelope.md").read_text()


def test_the_worked_example_is_what_the_vector_gives() -> None:
    """The example on the first screen was computed from a vector file, and is current."""
    assert f"```\n{example()}\n```" in TEXT


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    """A limit that changes in one place changes in both."""
    for form in (
        wire.CORE,
        wire.STANZA,
        wire.COMMON,
        wire.SUBMISSION,
        wire.ACCEPTED,
        wire.DELIVERY,
        wire.SEALED_ANSWER,
        wire.CLEAR,
    ):
        assert f"{form.max_bytes:,}".replace(",", " ") in TEXT or str(form.max_bytes) in TEXT
    for most in (wire.MAX_BODY_BYTES, wire.MAX_CONTENT_BYTES):
        assert f"{most:,}".replace(",", " ") in TEXT


def test_the_text_names_every_code_and_reason() -> None:
    """Each code and reason that a vector expects stands in the text."""
    for case in CASES:
        assert case.code in {"", *CODES}
        assert case.code in TEXT
        assert re.search(rf"\b{case.reason}\b", TEXT), case.reason
    codes = {case.code for case in generate_submission.CASES} | {case.code for case in generate_receipt.CASES}
    assert {code for code in codes if code not in TEXT} == set()


def test_every_section_that_the_code_cites_is_there() -> None:
    """A reader who follows a citation finds its section."""
    sections = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    folder = schemas_path().parent / "gateway" / "envelope"
    for path in folder.glob("*.py"):
        for cited in re.findall(r'envelope\.md, ((?:"[^"]+"(?: and )?)+)', path.read_text()):
            assert set(re.findall(r'"([^"]+)"', cited)) <= sections, path
