"""
Write the vectors of evidence: `python -m tests.vectors.generate_evidence`.

Deterministic, checked while built, and proved current by a test, as those of the envelope.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import EvidenceBad, Rejected
from gateway.evidence.anchors import Anchors, read_log_key, read_witness_key
from gateway.evidence.token import read_roots
from gateway.evidence.verify import verify
from gateway.resources import schemas_path
from tests.vectors.envelope_case import compact, text_of
from tests.vectors.evidence_cases import CASES, EvidenceCase
from tests.vectors.generate_envelope import write

__all__ = ["anchors_of", "files", "folder", "outcome"]

_OPEN = ("not_proved", "content")  # words for people, and what stands in the file as text


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "evidence"


def anchors_of(trusted: dict[str, Any]) -> Anchors:
    """Return what a file says to trust."""
    roots = read_roots(trusted["timestamp_roots"].encode()) if trusted["timestamp_roots"] else ()
    return Anchors(tuple(map(read_log_key, trusted["logs"])), tuple(map(read_witness_key, trusted["witnesses"])), tuple(roots))


def outcome(bundle: bytes, trusted: dict[str, Any]) -> dict[str, Any]:
    """Return what came of a bundle in the words of a file."""
    try:
        statement = verify(bundle, anchors_of(trusted))
    except EvidenceBad as refused:
        return {"code": refused.code, "reason": refused.reason}
    except Rejected as refused:
        return {"code": refused.code, "reason": refused.code}
    told = msgspec.json.decode(msgspec.json.encode(statement.to_json()))
    content = None if statement.content is None else statement.content.decode()
    return {**{name: value for name, value in told.items() if name not in _OPEN}, "content": content}


def build(case: EvidenceCase) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    forge = case.forge(case.name)
    case.make(forge)
    bundle, trusted = forge.bundle(), forge.trusted()
    expected = outcome(bundle, trusted)
    if expected.get("reason", "") != case.reason:
        raise AssertionError(f"{case.name}: {expected}, not {case.reason}")
    return {"name": case.name, "about": case.about, **trusted, "bundle": compact(bundle), "expected": expected}


def files() -> dict[str, str]:
    """Return every file with its text."""
    named = [(step, case) for step, cases in CASES.items() for case in cases]
    return {f"{case.name if step == '0' else f'{step}-{case.name}'}.json": text_of(build(case)) for step, case in named}


if __name__ == "__main__":
    write(folder(), files())
