"""
Write the vectors of the envelope: `python -m tests.vectors.generate_envelope`.

Deterministic: the same files come out each time, and a test proves that what is checked in is what this writes.
Each file is checked while it is built: it does what its name says.
Spec: schemas/envelope.md, "Vectors".
"""

from __future__ import annotations

from pathlib import Path

from gateway.resources import schemas_path
from tests.vectors.envelope_case import Case, build, text_of
from tests.vectors.envelope_checks import STEP_2, STEP_3, STEP_4
from tests.vectors.envelope_fields import EVENTS, FIELDS
from tests.vectors.envelope_forms import FORMS
from tests.vectors.envelope_inside import STEP_5, STEP_6, STEP_7
from tests.vectors.envelope_limits import LIMITS, SPELLINGS, TOO_WIDE, VALID_LIMITS, VERSIONS
from tests.vectors.envelope_order import ORDER_1, ORDER_2, ORDER_3, ORDER_4, ORDER_5, ORDER_6, ORDER_7
from tests.vectors.envelope_points import POINTS
from tests.vectors.envelope_relayed import RELAYED, VALID_RELAYED
from tests.vectors.envelope_valid import VALID

__all__ = ["CASES", "files", "folder", "write"]

STEPS: tuple[tuple[str, list[Case]], ...] = (
    ("0", [*VALID, *VALID_RELAYED, *VALID_LIMITS]),
    ("1", [*FORMS, *FIELDS, *LIMITS, *VERSIONS, *SPELLINGS, *RELAYED["1"], *ORDER_1]),
    ("2", [*STEP_2, *EVENTS, *RELAYED["2"], *ORDER_2]),
    ("3", [*STEP_3, *RELAYED["3"], *ORDER_3]),
    ("4", [*STEP_4, *POINTS, *RELAYED["4"], *ORDER_4]),
    ("5", [*STEP_5, *ORDER_5]),
    ("6", [*STEP_6, TOO_WIDE, *ORDER_6]),
    ("7", [*STEP_7, *RELAYED["7"], *ORDER_7]),
)
CASES = [case for _, cases in STEPS for case in cases]


def folder() -> Path:
    """Return where the vectors stand."""
    return schemas_path() / "vectors" / "envelope"


def file_name(step: str, case: Case) -> str:
    """Return the name of a file: the opening step that refuses it, then the defect."""
    return f"{case.name}.json" if step == "0" else f"{step}-{case.name}.json"


def files() -> dict[str, str]:
    """Return every file with its text."""
    return {file_name(step, case): text_of(build(case)) for step, cases in STEPS for case in cases}


def write(target: Path, written: dict[str, str]) -> None:
    """Write files into a folder, and remove what no case writes any more."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.json"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (target / name).write_text(text)
    print(f"{len(written)} vectors in {target.name}/")


if __name__ == "__main__":
    write(folder(), files())
