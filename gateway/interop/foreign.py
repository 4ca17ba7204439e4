"""
Reading JSON that others wrote: less strict than ours, and still bounded and unambiguous.

Allowed here and not in content: `null`, fractions. Refused all the same: too many bytes, too deep, what is not UTF-8 or not
JSON, a name twice in one object, NaN, integers beyond 2^53-1, U+0000 and lone surrogates. Fractions stay exact decimals, so
that a height of 1.825 is not rounded twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from gateway.errors import Rejected

__all__ = ["MAX_FOREIGN_BYTES", "read_foreign"]

MAX_FOREIGN_BYTES: Final = 8 << 20  # a bundle of some thousand objects
_MAX_DEPTH: Final = 64
_MAX_VALUES: Final = 1 << 18
_MAX_INTEGER: Final = 2**53 - 1
_MAX_DIGITS: Final = 40  # characters of a number; what is longer measures nothing


def read_foreign(data: bytes) -> Any:
    """
    Return the value of a JSON text.

    Raises:
        Rejected: `too-large` or `content-json`.
    """
    if len(data) > MAX_FOREIGN_BYTES:
        raise Rejected(f"more than {MAX_FOREIGN_BYTES} bytes", code="too-large", pointer="")
    try:
        text = data.decode("utf-8-sig")  # a byte order mark is common in files from elsewhere, and means nothing
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as exc:
        raise _refused(f"not UTF-8 at byte {exc.start}") from exc
    except json.JSONDecodeError as exc:
        raise _refused(f"not JSON at line {exc.lineno}, column {exc.colno}") from exc
    except RecursionError:
        raise _refused(f"deeper than {_MAX_DEPTH}") from None
    for number, one in enumerate(_all_values(value)):
        if number > _MAX_VALUES:
            raise _refused(f"more than {_MAX_VALUES} values")
        if isinstance(one, str) and ("\0" in one or any("\ud800" <= char <= "\udfff" for char in one)):
            raise _refused("the character U+0000 or a lone surrogate")
    return value


def _all_values(value: object) -> Iterator[object]:
    """Yield every value and name, without recursion."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise _refused(f"deeper than {_MAX_DEPTH}")
        yield one
        if isinstance(one, dict):
            yield from one
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _refused("a member stands twice")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > _MAX_INTEGER:
        raise _refused("an integer beyond 2^53-1")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    value = Decimal(digits) if len(digits) <= _MAX_DIGITS else None
    # An exponent like 1e999999 is short, and long to write out.
    if value is None or not -_MAX_DIGITS <= value.adjusted() <= _MAX_DIGITS:
        raise _refused("a number too long or too large")
    return value


def _refuse_constant(_name: str) -> Any:
    raise _refused("not a number")


def _refused(detail: str) -> Rejected:
    return Rejected(detail, code="content-json", pointer="", hint="ask whoever wrote the file for one that is sound")
