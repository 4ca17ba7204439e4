"""The memory of the audit log: is it there, and is the ledger's log no shorter and no other than what was signed?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from gateway.envelope import LogView

__all__ = ["memory"]


def memory(path: Path, remembered: LogView | None, size: int | None, root: bytes) -> Finding:
    """
    Judge the memory against the ledger.

    Args:
        path: Of the memory.
        remembered: What stands there; None where there is no file.
        size: Of the log in the ledger; None where there is no log yet.
        root: Of that size.
    """
    check = "audit.memory"
    if remembered is None:
        if not size:
            return ok(check, "none, and no log yet")
        return warn(check, f"no {path}; the log has {size} leaves", "if it was lost, compare with a witness, then start again")
    seen = f"{remembered.size} leaves signed, {size or 0} in the ledger"
    if remembered.size > (size or 0):
        return fail(check, seen, "the ledger is older than what was signed: do not serve from it; restore the newest one")
    if remembered.size == size and remembered.root != root:
        return fail(check, f"{seen}, of another root", "the log was changed: stop, keep both, tell the authority")
    return ok(check, seen)
