"""
Write the vectors of content that must be refused: `python -m tests.vectors.generate_content`.

Deterministic, checked while built, and proved current by a test, as those of the envelope. What must be taken stands in
`vectors/content`, which `gateway.message.export` writes. Spec: schemas/messages.md, "Vectors".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.content_case import build
from tests.vectors.content_faults import EXTENSIONS, HEADERS, SCHEMA, VERSIONS
from tests.vectors.content_rules import RULES
from tests.vectors.content_strict import ORDER, STRICT
from tests.vectors.envelope_case import text_of
from tests.vectors.generate_envelope import write

__all__ = ["CASES", "files", "folder"]

CASES = [*STRICT, *SCHEMA, *VERSIONS, *EXTENSIONS, *RULES, *HEADERS, *ORDER]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "content-bad"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {f"{case.name}.json": text_of(build(case)) for case in CASES}


if __name__ == "__main__":
    write(folder(), files())
