"""
MessagePack as the envelope allows it: read after a shape, encoded again, compared.

Rules: too-large comes before malformed, malformed before not-canonical. A version is told by the first element
alone; else the whole layer must be well-formed. A shape takes the next element or refuses.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

MAX_NUMBER = 2**53 - 1

# first byte -> (kind, how many bytes of number or length follow)
_SIZED = {
    **{0xCC + n: ("uint", 1 << n) for n in range(4)},
    **{0xD0 + n: ("int", 1 << n) for n in range(4)},
    **{0xC4 + n: ("bin", 1 << n) for n in range(3)},
    **{0xD9 + n: ("str", 1 << n) for n in range(3)},
    **{0xC7 + n: ("ext", 1 << n) for n in range(3)},
    **{0xDC + n: ("array", 2 << n) for n in range(2)},
    **{0xDE + n: ("map", 2 << n) for n in range(2)},
}
# first byte -> (kind, how many bytes of payload follow)
_PLAIN = {
    0xC0: ("nil", 0),
    0xC2: ("false", 0),
    0xC3: ("true", 0),
    0xCA: ("float", 4),
    0xCB: ("float", 8),
    **{0xD4 + n: ("ext", 1 + (1 << n)) for n in range(5)},
}


class RefusedError(Exception):
    """A delivery that must not be opened: what may be told, and why."""

    def __init__(self, code: str, reason: str = "") -> None:
        self.code = code
        self.reason = reason or code
        super().__init__(f"{self.code} ({self.reason})")


class Token(NamedTuple):
    """One element without its children: for arrays and maps `number` counts them."""

    kind: str
    number: int
    payload: bytes


class Reader:
    """Takes elements from the front of a layer."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, of which there must be enough."""
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise RefusedError("malformed")
        self.at += size
        return taken

    def token(self) -> Token:
        """Return the next element, or the head of an array or a map."""
        first = self.take(1)[0]
        if first in _PLAIN:
            kind, size = _PLAIN[first]
            return Token(kind, 0, self.take(size))
        if first in _SIZED:
            return self._sized(*_SIZED[first])
        return self._fixed(first)

    def _sized(self, kind: str, width: int) -> Token:
        number = int.from_bytes(self.take(width), "big", signed=kind == "int")
        if kind == "int":
            return Token("uint" if number >= 0 else "negative", number, b"")
        size = {"bin": number, "str": number, "ext": number + 1}.get(kind, 0)
        return Token(kind, number, self.take(size))

    def _fixed(self, first: int) -> Token:
        if first < 0x80:
            return Token("uint", first, b"")
        if first < 0xA0:
            return Token("map" if first < 0x90 else "array", first & 0x0F, b"")
        if first < 0xC0:
            return Token("str", first & 0x1F, self.take(first & 0x1F))
        if first >= 0xE0:
            return Token("negative", first - 256, b"")
        raise RefusedError("malformed")


Shape = Callable[[Reader], Any]


def _need(condition: object) -> None:
    if not condition:
        raise RefusedError("malformed")


def _next(reader: Reader, kind: str) -> Token:
    token = reader.token()
    _need(token.kind == kind)
    return token


def number(low: int = 0, high: int = MAX_NUMBER) -> Shape:
    """Return the shape of an unsigned integer in a range."""

    def read(reader: Reader) -> int:
        value = _next(reader, "uint").number
        _need(low <= value <= high)
        return value

    return read


def binary(size: int | None = None) -> Shape:
    """Return the shape of bytes, of one length if it is given."""

    def read(reader: Reader) -> bytes:
        value = _next(reader, "bin").payload
        _need(size is None or len(value) == size)
        return value

    return read


def text(pattern: str) -> Shape:
    """Return the shape of UTF-8 text that matches a pattern as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def read(reader: Reader) -> str:
        value = utf8(_next(reader, "str").payload)
        _need(compiled.fullmatch(value))
        return value

    return read


def optional(shape: Shape) -> Shape:
    """Return a shape that may be nil instead."""

    def read(reader: Reader) -> Any:
        if reader.data[reader.at : reader.at + 1] == b"\xc0":
            reader.at += 1
            return None
        return shape(reader)

    return read


def record(*shapes: Shape) -> Shape:
    """Return the shape of an array with one element for each shape."""

    def read(reader: Reader) -> list[Any]:
        _need(_next(reader, "array").number == len(shapes))
        return [shape(reader) for shape in shapes]

    return read


def sequence(shape: Shape, low: int, high: int) -> Shape:
    """Return the shape of an array of like elements."""

    def read(reader: Reader) -> list[Any]:
        count = _next(reader, "array").number
        _need(low <= count <= high)
        return [shape(reader) for _ in range(count)]

    return read


def utf8(data: bytes) -> str:
    """Return text, which must be UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RefusedError("malformed") from None


def first_element(layer: bytes) -> Token:
    """Return the first element of a layer, whatever follows it."""
    reader = Reader(layer)
    _need(_next(reader, "array").number > 0)
    return reader.token()


def check_well_formed(layer: bytes) -> None:
    """Refuse what is not one well-formed array and nothing more; without recursion, so that no nesting is too deep."""
    reader = Reader(layer)
    _need(_next(reader, "array").number > 0)
    reader.at = 0
    open_elements = 1
    while open_elements:
        token = reader.token()
        open_elements += {"array": token.number, "map": 2 * token.number}.get(token.kind, 0) - 1
    _need(reader.at == len(layer))


def read_layer(layer: bytes, limit: int, shape: Shape) -> list[Any]:
    """Return the elements of a layer, which is within its limit, of its shape and spelled in the one way."""
    if len(layer) > limit:
        raise RefusedError("too-large")
    check_well_formed(layer)
    values: list[Any] = shape(Reader(layer))
    if encode(values) != layer:
        raise RefusedError("not-canonical")
    return values


def encode(value: Any) -> bytes:
    """Return the one spelling of a value."""
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        return _head(value, 0x00, 0x7F, {1: 0xCC, 2: 0xCD, 4: 0xCE, 8: 0xCF})
    if isinstance(value, bytes):
        return _head(len(value), 0, -1, {1: 0xC4, 2: 0xC5, 4: 0xC6}) + value
    if isinstance(value, str):
        return _head(len(value.encode()), 0xA0, 31, {1: 0xD9, 2: 0xDA, 4: 0xDB}) + value.encode()
    return _head(len(value), 0x90, 15, {2: 0xDC, 4: 0xDD}) + b"".join(map(encode, value))


def _head(number: int, base: int, fixed: int, widths: dict[int, int]) -> bytes:
    if number <= fixed:
        return bytes([base + number])
    width = next(width for width in widths if number < 1 << 8 * width)
    return struct.pack(">B", widths[width]) + number.to_bytes(width, "big")
