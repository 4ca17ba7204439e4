"""
Bad inputs: what is sent, and the codes that must come back.

A class of bad inputs is a `Bad`: it makes a new input for each number, so that no two are alike. A `Layers` takes a submission
apart to its elements and puts it together again after a change; nothing is signed anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from gateway.protocol import media
from tests.scenario.lines import plain

__all__ = ["Bad", "Layers", "bin32", "posted", "put", "raw"]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
Elements = list[Any]


class Bad(NamedTuple):
    """
    One class of bad inputs.

    Args:
        name: Says what is wrong.
        codes: What comes back, one for each input that the request holds.
        make: The request for a number.
        share: How many of them there are, compared with other classes.
    """

    name: str
    codes: tuple[str, ...]
    make: Callable[[int], bytes]
    share: float = 1.0


class Layers:
    """
    A submission as its elements: `top`, `common`, `core`, `header` and the `stanzas`.

    Args:
        submission: A good one.
    """

    def __init__(self, submission: bytes) -> None:
        self.top: Elements = _decode(submission)
        self.common: Elements = _decode(self.top[0])
        self.core: Elements = _decode(self.common[1])
        self.header: Elements = _decode(self.core[3])
        self.stanzas: list[Elements] = [_decode(one) for one in self.top[1]]
        self._unchanged = _encode(self.header), _encode(self.core)

    def pack(self) -> bytes:
        """Put it together; a layer keeps what a change of its own put in the place of a lower one."""
        header, core = self._unchanged
        if (changed := _encode(self.header)) != header:
            self.core[3] = changed
        if (changed := _encode(self.core)) != core:
            self.common[1] = changed
        return _encode([_encode(self.common), [_encode(one) for one in self.stanzas], *self.top[2:]])


def put(layer: str, place: int, value: object) -> Callable[[Layers], None]:
    """Return a change of one element."""

    def change(layers: Layers) -> None:
        elements = layers.stanzas[0] if layer == "stanza" else getattr(layers, layer)
        elements[place] = value(elements[place]) if callable(value) else value

    return change


def raw(text: str) -> msgspec.Raw:
    """Return bytes that stand in an array as they are, from hex."""
    return msgspec.Raw(bytes.fromhex(text))


def bin32(data: bytes) -> msgspec.Raw:
    """Return bytes whose length is told in four bytes where fewer are enough."""
    return msgspec.Raw(b"\xc6" + len(data).to_bytes(4, "big") + data)


def posted(body: bytes, kind: str = media.SEALED) -> bytes:
    """Return the request that submits a message."""
    return plain("POST", media.MESSAGES, {"Content-Type": kind}, body)
