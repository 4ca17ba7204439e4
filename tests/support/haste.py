"""
Rules of Prometheus whose waiting is shortened, so that minutes of an alarm fit into seconds of a test.

Every `for:`, range and offset is divided by one factor. Thresholds stay, also those that are seconds: they say what is too
much, not how long that is watched. Names stay too: a rate over five minutes is called that when it is taken over five seconds.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["hastened"]

_UNITS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"(\bfor: |\[|\boffset )(\d+)([smhd])\b")


def hastened(rules: str, haste: int) -> str:
    """
    Shorten what the rules of a file wait for.

    Args:
        rules: YAML, as Prometheus reads it.
        haste: The factor; 1 changes how durations are written, and nothing else.
    """

    def shorter(found: re.Match[str]) -> str:
        return f"{found[1]}{max(1, int(found[2]) * _UNITS_MS[found[3]] // haste)}ms"

    return _DURATION.sub(shorter, rules)
