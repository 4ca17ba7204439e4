"""
Write the vectors of files between bridges: `python -m tests.vectors.generate_bridge`.

Deterministic, checked while built, and proved current by a test, as those of the envelope.
Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.bridge_cases import CASES, build
from tests.vectors.envelope_case import text_of
from tests.vectors.generate_envelope import write

__all__ = ["CASES", "files", "folder"]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "bridge"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {f"{case.name}.json": text_of(build(case)) for case in CASES}


if __name__ == "__main__":
    write(folder(), files())
