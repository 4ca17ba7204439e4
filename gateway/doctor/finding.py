"""What one check found: a level, what was seen, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

__all__ = ["Finding", "Level", "fail", "ok", "warn", "worst"]


class Level(StrEnum):
    """How bad it is: `fail` means that the gateway does not work, or that a promise is not kept."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_ORDER: Final = tuple(Level)


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One line of the report.

    Args:
        check: What was looked at, e.g. `tls.expiry`.
        level: See `Level`.
        seen: In words; never a secret.
        mend: What to do; empty where nothing is to be done.
    """

    check: str
    level: Level
    seen: str
    mend: str = ""


def ok(check: str, seen: str) -> Finding:
    """Nothing is to be done."""
    return Finding(check, Level.OK, seen)


def warn(check: str, seen: str, mend: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(check, Level.WARN, seen, mend)


def fail(check: str, seen: str, mend: str) -> Finding:
    """It does not work, or a promise is not kept."""
    return Finding(check, Level.FAIL, seen, mend)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level of a report."""
    return max((one.level for one in findings), key=_ORDER.index, default=Level.OK)
