"""
Write the vectors of the directory: `python -m tests.vectors.generate_directory`.

Deterministic, checked while built, and proved current by a test, as those of the envelope.
Spec: schemas/directory.md, "Vectors".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.card_case import build_case
from tests.vectors.card_cases import CASES
from tests.vectors.envelope_case import text_of
from tests.vectors.generate_envelope import write

__all__ = ["files", "folder"]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "directory"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {case.file_name: text_of(build_case(case)) for case in CASES}


if __name__ == "__main__":
    write(folder(), files())
