"""
Write the vectors of conversations: `python -m tests.vectors.generate_conversation`.

Deterministic, and proved current by a test, as those of the envelope; there a second engine gives the same.
Spec: schemas/conversations.md, "Vectors".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.conversation_cases import CASES, build
from tests.vectors.envelope_case import text_of
from tests.vectors.generate_envelope import write

__all__ = ["CASES", "files", "folder"]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "conversation"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {f"{case.name}.json": text_of(build(case)) for case in CASES}


if __name__ == "__main__":
    write(folder(), files())
