"""
The careful reading of a suspicious text: find what is against strict JSON and point at it.

Slower than the tests of `gateway.message.strict`, and only run when one of those raised a suspicion that may be
unfounded (the word "null" in a text, a fraction in coordinates), or for an author who wants to know every fault. Work is
bounded by the number of values, which was checked before. Faults come in document order, but for one that stands deeper
than may be read.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from math import isfinite
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.message.pointers import make_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Fault", "find_fault", "find_faults"]

_MAX_INTEGER: Final = 2**53 - 1  # what every JSON reader holds exactly
_MAX_DIGITS: Final = 17  # sign and 16 digits

Steps = tuple[str | int, ...]


class Fault(NamedTuple):
    """What is wrong, and where: "" names the whole document."""

    detail: str
    pointer: str


class _Bad(NamedTuple):
    """Stands in the tree for a scalar that may not stand there."""

    detail: str


class _Repeating(dict[str, object]):
    """An object in which names stand twice; the last value of each is its member."""

    repeated: tuple[str, ...] = ()


def find_fault(text: str, max_depth: int) -> Fault | None:
    """Return the first fault of a text, or None when the suspicion was unfounded."""
    return next(find_faults(text, max_depth), None)


def find_faults(text: str, max_depth: int) -> Iterator[Fault]:
    """Yield every fault of a text; one that is not JSON at all has that fault alone."""
    scanner = JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
    try:
        tree = scanner.decode(text)
    except JSONDecodeError as exc:
        yield Fault(f"not JSON at line {exc.lineno}, column {exc.colno}", "")
        return
    except RecursionError:
        yield Fault(f"deeper than {max_depth}", "")
        return
    for detail, steps in _faults("", tree, max_depth, ()):
        yield Fault(detail, make_pointer(steps))


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    found = _Repeating(members)
    found.repeated = tuple(dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return found


def _integer(digits: str) -> object:
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > _MAX_INTEGER:
        return _Bad("an integer beyond 2^53-1")
    return int(digits)


def _constant(_name: str) -> object:
    return _Bad("not a number")


def _faults(parent: str, value: object, room: int, at: Steps) -> Iterator[tuple[str, Steps]]:
    """
    Look at a value and everything in it.

    Args:
        parent: Name of the member that holds the value; an array passes its own on.
        value: What the scanner made.
        room: How many levels may still follow.
        at: Where it stands.
    """
    if isinstance(value, dict | list) and not room:
        yield "nested too deep", at
    elif isinstance(value, dict):
        if isinstance(value, _Repeating):
            yield from (("a member stands twice", (*at, key)) for key in value.repeated)
        for key, inner in value.items():
            if detail := _text_fault(key):
                yield detail, (*at, key)
            yield from _inside(key, inner, room - 1, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _inside(parent, inner, room - 1, (*at, index))
    elif detail := _scalar_fault(value, coordinate=parent == "coordinates"):
        yield detail, at


def _inside(parent: str, value: object, room: int, at: Steps) -> Iterator[tuple[str, Steps]]:
    """Look at a member or element; scalars, which are most of them, without a generator of their own."""
    if isinstance(value, dict | list):
        return _faults(parent, value, room, at)
    detail = _scalar_fault(value, coordinate=parent == "coordinates")
    return iter(((detail, at),) if detail else ())


def _scalar_fault(value: object, *, coordinate: bool) -> str | None:
    if value is None:
        return "null is not used: leave the member out"
    if isinstance(value, str):
        return _text_fault(value)
    if isinstance(value, _Bad):
        return value.detail
    if isinstance(value, float) and not (coordinate and isfinite(value)):
        return "a fraction or exponent outside GeoJSON coordinates"
    return None


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "the character U+0000"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "a lone surrogate"
    return None
