"""
Strict JSON: one reading for every reader, bounded work before anything is built.

Refused: too many bytes, depth or values; what is not UTF-8 (a byte order mark too); what is not JSON (NaN, trailing bytes);
a key that stands twice; `null`; U+0000; a lone surrogate; an integer beyond 2^53-1; a fraction or exponent elsewhere than
in GeoJSON `coordinates`. The common case runs in C: every test below either clears the text or only raises a suspicion,
which `gateway.message.careful` then decides with a pointer. Spec: schemas/messages.md, "Strict JSON".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Final

from gateway.errors import Rejected
from gateway.message.careful import find_fault

__all__ = ["LIMITS", "Limits", "check_strict"]

_SAFE_DIGITS: Final = 15  # an integer of that many characters is within 2^53-1
_PLAIN_FRACTION: Final = 25  # characters; what is longer may not be finite
_PLAIN: Final = frozenset("-.0123456789")
_COORDINATES: Final[re.Pattern[str]] = re.compile(r'"coordinates"\s*:([][0-9.,\-\s]*)')
_BRACKETS: Final = bytes.maketrans(b"[{]}", b"(())")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b'"[{]}'))
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b'"[{]},'))


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much may be read.

    Args:
        max_bytes: Size of the text; evidence travels beside the messages.
        max_depth: Objects and arrays inside each other.
        max_values: Commas, opening braces and opening brackets outside strings, together.
    """

    max_bytes: int = 1 << 20
    max_depth: int = 32
    max_values: int = 1 << 15


LIMITS: Final = Limits()


def check_strict(data: bytes, limits: Limits = LIMITS) -> None:
    """
    Refuse what two readers could read in two ways, or what is too much to read.

    Raises:
        Rejected: `too-large` or `content-json`, with a pointer to the place ("" when the text has no readable structure).
    """
    if len(data) > limits.max_bytes:
        raise Rejected(f"{len(data)} bytes, at most {limits.max_bytes}", code="too-large", pointer="")
    text = _decode(data)
    _count_values(data, limits.max_values)
    if _suspicious(data, text, limits.max_depth) and (fault := find_fault(text, limits.max_depth)):
        raise Rejected(fault.detail, code="content-json", pointer=fault.pointer)


def _decode(data: bytes) -> str:
    """Return the text; UTF-8 without a byte order mark."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise _refused("begins with a byte order mark")
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise _refused(f"not UTF-8 at byte {exc.start}") from exc


def _count_values(data: bytes, max_values: int) -> None:
    """Bound the number of objects that a parser would make, strings not counted for what they contain."""
    if data.count(b",") + data.count(b"{") + data.count(b"[") <= max_values:
        return
    structure = _outside_strings(data, _NOT_STRUCTURE, max_values)
    if structure.count(b",") + structure.count(b"(") > max_values:
        raise _refused(f"more than {max_values} values")


def _outside_strings(data: bytes, delete: bytes, max_values: int) -> bytes:
    """
    Return the brackets (as round ones) that stand outside strings, for text that is JSON; anything for other text.

    A closing and an opening quote with nothing between them cancel out, so most strings vanish in one pass.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(_BRACKETS, delete).replace(b'""', b"")
    if b'"' not in marks:
        return marks
    if marks.count(b'"') > 4 * max_values + 2:  # each string needs a comma, a colon or a bracket beside it
        raise _refused(f"more than {max_values} values")
    return b"".join(marks.split(b'"')[::2])


def _deeper_than(data: bytes, max_depth: int) -> bool:
    """Say whether brackets stand deeper than `max_depth`: each pass takes away the innermost pairs."""
    brackets = _outside_strings(data, _NOT_BRACKETS, len(data))
    for _ in range(max_depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"()", b"")
    return bool(brackets)


def _suspicious(data: bytes, text: str, max_depth: int) -> bool:
    """
    Say whether the text needs the careful reading; refuse at once what is not JSON at all.

    The scanner hands each object, integer and fraction to the `append` of a list: no Python runs for them.
    """
    objects: list[list[tuple[str, object]]] = []
    integers: list[str] = []
    others: list[str] = []
    if b"\\u0000" in data or b"\\ud" in data or b"\\uD" in data or b"null" in data or _deeper_than(data, max_depth):
        return True
    scanner = JSONDecoder(
        object_pairs_hook=objects.append, parse_int=integers.append, parse_float=others.append, parse_constant=others.append
    )
    try:
        scanner.decode(text)
    except JSONDecodeError as exc:
        raise _refused(f"not JSON at line {exc.lineno}, column {exc.colno}") from exc
    distinct = sum(map(len, map(dict, objects)))
    if distinct != sum(map(len, objects)) or max(map(len, integers), default=0) > _SAFE_DIGITS:
        return True
    return bool(others) and not _only_coordinates(text, others)


def _only_coordinates(text: str, fractions: list[str]) -> bool:
    """Say whether every fraction is a plain one in the coordinates of a geometry; false does not say the contrary."""
    if max(map(len, fractions)) > _PLAIN_FRACTION or not _PLAIN.issuperset("".join(fractions)):
        return False
    plain = sum(
        found[1].count(".")
        for found in _COORDINATES.finditer(text)
        if not text.endswith("\\", 0, found.start())  # else the quote belongs to a longer name
    )
    return plain == len(fractions)


def _refused(detail: str) -> Rejected:
    """Make the refusal of a text without readable structure: its pointer names the whole document."""
    return Rejected(detail, code="content-json", pointer="")
