"""
Write the vectors of the audit log's formats: `python -m tests.vectors.generate_audit`.

Deterministic, checked while built, and proved current by a test, as those of the envelope.
Spec: schemas/audit.md, "Vectors".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.audit_case import build
from tests.vectors.audit_leaves import LEAF_DATA, WITNESSED
from tests.vectors.audit_notes import CHECKPOINTS, COSIGNATURES, NOTES, VKEYS
from tests.vectors.audit_trees import BUNDLES, CONSISTENCY, INCLUSION, TILE_PATHS
from tests.vectors.envelope_case import text_of
from tests.vectors.generate_envelope import write

__all__ = ["CASES", "files", "folder"]

CASES = [
    *VKEYS,
    *NOTES,
    *CHECKPOINTS,
    *COSIGNATURES,
    *TILE_PATHS,
    *BUNDLES,
    *INCLUSION,
    *CONSISTENCY,
    *LEAF_DATA,
    *WITNESSED,
]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "audit"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {case.file_name: text_of(build(case)) for case in CASES}


if __name__ == "__main__":
    write(folder(), files())
