"""
Strict decoding of one MessagePack array.

Each value stands in its shortest spelling. What is too large is `too-large`, what has another form is `malformed`, and what
does not encode back to the same bytes is `not-canonical`, in this order.
Spec: schemas/envelope.md, "Forms".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from gateway.errors import Rejected
from gateway.ids import ADDRESS_PATTERN

__all__ = ["Form", "encode", "first_element", "is_address", "limit", "matching"]

T = TypeVar("T")
_REMEMBERED: Final = 1024  # texts of one form: the names of a network; strangers can fill it with a megabyte

_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
_first: msgspec.msgpack.Decoder[str | int] = msgspec.msgpack.Decoder(str | Annotated[int, Meta(ge=0)])
# First byte of a form -> how many bytes of count, number or length follow it.
_ARRAY_COUNT: Final = {**dict.fromkeys(range(0x90, 0xA0), 0), 0xDC: 2, 0xDD: 4}
_NUMBER: Final = {
    **dict.fromkeys(range(0x80), 0),
    **{0xCC + n: 1 << n for n in range(4)},
    **{0xD0 + n: 1 << n for n in range(4)},
}
_TEXT_LENGTH: Final = {**dict.fromkeys(range(0xA0, 0xC0), 0), 0xD9: 1, 0xDA: 2, 0xDB: 4}


def matching(pattern: str) -> Callable[[str], bool]:
    """
    Return what tells whether a whole text matches.

    It remembers: the same few texts stand in all messages, and a pattern costs three times what all else of their field does.
    """
    whole = re.compile(pattern).fullmatch
    return lru_cache(_REMEMBERED)(lambda text: whole(text) is not None)


is_address: Final = matching(ADDRESS_PATTERN)


def limit(name: str, size: int, most: int) -> None:
    """Refuse what has more bytes than its limit."""
    if size > most:
        raise Rejected(f"{name} of {size} bytes, at most {most}", code="too-large")


def first_element(data: bytes, name: str) -> str | int:
    """
    Return the first element of an array, so that a version can be told before the rest is understood.

    What follows that element is not looked at: a later version may have any form and size.

    Raises:
        Rejected: `malformed`, the bytes do not begin with an array whose first element is text or a number.
    """
    try:
        start = 1 + _ARRAY_COUNT[data[0]]
        count = int.from_bytes(data[1:start], "big") if start > 1 else data[0] & 0x0F
        if not count:
            raise _malformed(name, ValueError("an empty array"))
        return _first.decode(data[start : start + _size_of_first(data[start : start + 5])])
    except (LookupError, msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _malformed(name, exc) from None


def _size_of_first(data: bytes) -> int:
    """Return how many bytes the text or number takes that begins with these (at most 5); KeyError for any other form."""
    head = data[0]
    if head in _NUMBER:
        return 1 + _NUMBER[head]
    width = _TEXT_LENGTH[head]
    return 1 + width + (int.from_bytes(data[1 : 1 + width], "big") if width else head & 0x1F)


class Form(Generic[T]):
    """
    One form with its limit in bytes.

    Args:
        kind: The Struct.
        name: For people.
        max_bytes: The limit.
        broken: Names a field of a value that breaks a rule which its type does not say; empty when there is none.
    """

    def __init__(self, kind: type[T], name: str, max_bytes: int, broken: Callable[[T], str] | None = None) -> None:
        self.name = name
        self.max_bytes = max_bytes
        self._broken = broken
        self._decoder = msgspec.msgpack.Decoder(kind)

    def decode(self, data: bytes) -> T:
        """
        Return what these bytes spell.

        Raises:
            Rejected: `too-large`, `malformed` or `not-canonical`, in this order.
        """
        if len(data) > self.max_bytes:
            limit(self.name, len(data), self.max_bytes)
        try:
            value = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise _malformed(self.name, exc) from None
        if self._broken is not None and (field := self._broken(value)):
            raise Rejected(f"{self.name}: {field} is not of its form", code="malformed")
        if encode(value) != data:
            raise Rejected(f"{self.name} has a shorter spelling", code="not-canonical")
        return value


def _malformed(name: str, exc: Exception) -> Rejected:
    # A decoder's text can quote what it read; for undecodable text only the fact is passed on.
    detail = "text that is not UTF-8" if isinstance(exc, UnicodeDecodeError) else str(exc)[:200]
    if isinstance(exc, LookupError):
        detail = "no array that begins with text or a number"
    return Rejected(f"{name}: {detail}", code="malformed")
