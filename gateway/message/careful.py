"""
The careful reading of a suspicious text: find the first fault of strict JSON and point at it.

Slower than the tests of `gateway.message.strict`, and only run when one of those raised a suspicion that may be
unfounded (the word "null" in a text, a fraction in coordinates). Work is bounded by the number of values, which was
checked before. Faults are reported in document order, but for one that stands deeper than may be read.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from math import isfinite
from typing import Final, NamedTuple

from gateway.message.pointers import make_pointer

__all__ = ["Fault", "find_fault"]

_MAX_INTEGER: Final = 2**53 - 1  # what every JSON reader holds exactly
_MAX_DIGITS: Final = 17  # sign and 16 digits


class Fault(NamedTuple):
    """What is wrong, and where: "" names the whole document."""

    detail: str
    pointer: str


class _Bad(NamedTuple):
    """Stands in the tree for a value that may not stand there; `key` is the member at fault, or None."""

    detail: str
    key: str | None = None


class _Found(Exception):  # noqa: N818 - carries a finding upwards, is no error of its own
    """Travels up from the fault and collects the way to it."""

    def __init__(self, detail: str, *steps: str | int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.steps: list[str | int] = list(steps)  # innermost first


def find_fault(text: str, max_depth: int) -> Fault | None:
    """Return the first fault of a text, or None when the suspicion was unfounded."""
    scanner = JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    try:
        _check("", scanner.decode(text), max_depth)
    except JSONDecodeError as exc:
        return Fault(f"not JSON at line {exc.lineno}, column {exc.colno}", "")
    except RecursionError:
        return Fault(f"deeper than {max_depth}", "")
    except _Found as found:
        return Fault(found.detail, make_pointer(reversed(found.steps)))
    return None


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return _Bad("a member stands twice", repeated)


def _integer(digits: str) -> object:
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > _MAX_INTEGER:
        return _Bad("an integer beyond 2^53-1")
    return int(digits)


def _constant(_name: str) -> object:
    return _Bad("not a number")


def _check(parent: str, value: object, room: int) -> None:
    """
    Look at a value and everything in it.

    Args:
        parent: Name of the member that holds the value; an array passes its own on.
        value: What the scanner made.
        room: How many levels may still follow.
    """
    if isinstance(value, dict | list) and not room:
        raise _Found("nested too deep")
    if isinstance(value, dict):
        _check_members(value, room - 1)
    elif isinstance(value, list):
        _check_elements(parent, value, room - 1)
    else:
        _check_scalar(value, coordinate=parent == "coordinates")


def _check_members(members: dict[str, object], room: int) -> None:
    key = ""
    try:
        for key, value in members.items():
            _check_text(key)
            _check(key, value, room)
    except _Found as found:
        found.steps.append(key)
        raise


def _check_elements(parent: str, elements: list[object], room: int) -> None:
    index = 0
    try:
        for index, value in enumerate(elements):  # noqa: B007 - the handler below names the index at fault
            _check(parent, value, room)
    except _Found as found:
        found.steps.append(index)
        raise


def _check_scalar(value: object, *, coordinate: bool) -> None:
    if value is None:
        raise _Found("null is not used: leave the member out")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, _Bad):
        raise _Found(value.detail, *([] if value.key is None else [value.key]))
    elif isinstance(value, float) and not (coordinate and isfinite(value)):
        raise _Found("a fraction or exponent outside GeoJSON coordinates")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _Found("the character U+0000")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise _Found("a lone surrogate")
