"""The judge of the fault campaign finds what it is there to find."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.log_count import Judge

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = [bytes([number]) * 32 for number in range(3)]
HASHES = [sha256(b"\x00" + leaf).digest() for leaf in LEAVES]
OF_TWO = sha256(b"\x01" + HASHES[0] + HASHES[1]).digest()
OF_THREE = sha256(b"\x01" + OF_TWO + HASHES[2]).digest()


def note(size: int, root: bytes) -> bytes:
    """Write what stands in a checkpoint row."""
    return b"GW-ICN@icn/audit\n%d\n%s\n\nsignatures\n" % (size, base64.b64encode(root))


def judge(folder: Path, promises: str = "", **changed: Any) -> Judge:
    """Judge a log of three leaves, good but for what is changed."""
    tables: dict[str, Any] = {
        "event": [(leaf,) for leaf in LEAVES],
        "checkpoint": [(2, OF_TWO, note(2, OF_TWO)), (3, OF_THREE, None)],
        "log_state": [(3, OF_THREE)],
    } | changed
    path = folder / "0.promises"
    path.write_text(promises)
    return Judge(lambda query: tables[query.split("FROM ")[1].split()[0]], lambda: [path])


def test_a_log_that_keeps_its_word_has_no_faults(tmp_path: Path) -> None:
    """What was kept is there, and what was signed is a beginning of it."""
    verdict = judge(tmp_path, f"kept {LEAVES[1].hex()}\nsigned 2 {OF_TWO.hex()}\n").look(finished=True)
    assert (verdict.faults, verdict.leaves, verdict.signed, verdict.views) == ([], 3, 1, 1)


@pytest.mark.parametrize(
    ("promises", "changed"),
    [
        (f"kept {bytes(31).hex()}ff\n", {}),
        (f"signed 3 {OF_TWO.hex()}\n", {}),
        (f"signed 4 {OF_TWO.hex()}\n", {}),
        ("halted\n", {}),
        ("", {"log_state": [(2, OF_THREE)]}),
        ("", {"log_state": [(2, OF_TWO)]}),
        ("", {"checkpoint": [(2, OF_THREE, None)]}),
        ("", {"checkpoint": [(2, OF_TWO, note(2, OF_THREE))]}),
        ("", {"event": [(leaf,) for leaf in reversed(LEAVES)]}),
    ],
    ids=["lost leaf", "other view", "view beyond", "halted", "other state", "left out", "other row", "other note", "reordered"],
)
def test_a_log_that_breaks_it_is_found(tmp_path: Path, promises: str, changed: dict[str, Any]) -> None:
    """Each way of breaking a promise is one fault or more."""
    assert judge(tmp_path, promises, **changed).look(finished=True).faults


def test_a_note_that_changes_is_found(tmp_path: Path) -> None:
    """A second note of the same size is a contradiction, even if each is well made."""
    rows = [(2, OF_TWO, note(2, OF_TWO))]
    one = judge(tmp_path, checkpoint=rows)
    assert not one.look().faults
    rows[0] = (2, OF_TWO, note(2, OF_TWO) + b"again\n")
    assert one.look().faults == ["two notes of 2"]
