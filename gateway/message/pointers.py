"""
JSON pointers (RFC 6901), and how to get them from what msgspec says.

A pointer names where something stands or should stand: a missing member has the pointer it would have. Pointers hold
member names, and names may be hostile: a pointer is cut back to whole segments of at most `MAX_POINTER` characters.
msgspec's text is taken apart here alone, and what it quotes from the input is dropped: errors hold no content.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_POINTER", "make_pointer", "split_validation_error"]

MAX_POINTER: Final = 512  # characters; enough for 32 levels of our names
_AT = re.compile(r" - at (?:`key` in )?`\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]|\[(\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")


def make_pointer(steps: Iterable[str | int]) -> str:
    """Join member names and indexes into a pointer, cut back to whole segments within `MAX_POINTER`."""
    pointer = ""
    for step in steps:
        longer = f"{pointer}/{str(step).replace('~', '~0').replace('/', '~1')}"
        if len(longer) > MAX_POINTER:
            break
        pointer = longer
    return pointer


def split_validation_error(text: str) -> tuple[str, str]:
    """
    Return (detail, pointer) of a msgspec validation error.

    Inside a map msgspec does not tell the key (`$.ext[...]`): the pointer then names the map.
    """
    found = _AT.search(text)
    path, detail = (found[1], text[: found.start()]) if found else ("", text)
    steps: list[str | int] = []
    for name, index, unknown in _STEP.findall(path):
        if unknown:
            break
        steps.append(name or int(index))
    if missing := _MISSING.match(detail):
        return "missing", make_pointer([*steps, missing[1]])
    return _without_content(detail), make_pointer(steps)


def _without_content(detail: str) -> str:
    """Drop the value that msgspec quotes from the input; keep what it expected."""
    if detail.startswith("Invalid"):
        return "not a value of this list"
    if "matching regex" in detail:
        return "has not the form that the schema gives"
    return detail[:1].lower() + detail[1:].rstrip(".")
