"""
What stands encrypted in the row of an arrival: the delivery as it came, and what was read of it.

The content is kept with its header, with the author's signature, which proves it when the key that opens the delivery is
destroyed, and with the code by which it is handled here; homes of an older version kept it without one or both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.envelope.keys import Signature
from gateway.errors import Corrupt
from gateway.ids import KeyId

if TYPE_CHECKING:
    from gateway.client.home.home import Home
    from gateway.client.records.arrivals import Arrived, Claimed

__all__ = ["ReadContent", "content_of", "delivery_of", "sealed_content", "sealed_delivery"]

_DELIVERY: Final = b"arrived/delivery"
_CONTENT: Final = b"arrived/content"
_parts: Final = msgspec.msgpack.Decoder(list[bytes])


class ReadContent(NamedTuple):
    """What an application acknowledged; `author` is None, and `handled_as` empty, where an older version kept it."""

    header: bytes
    content: bytes
    author: Signature | None
    handled_as: str = ""


def sealed_delivery(home: Home, envelope_hash: bytes, delivery: bytes) -> bytes:
    """Encrypt a delivery for its row."""
    return home.seal(delivery, _DELIVERY + envelope_hash)


def delivery_of(home: Home, row: Arrived | Claimed) -> bytes:
    """Return a delivery as it came; Corrupt once it is erased."""
    return home.open(row.delivery, _DELIVERY + row.envelope_hash)


def sealed_content(home: Home, envelope_hash: bytes, read: ReadContent) -> bytes:
    """Encrypt what was read for its row."""
    handled_as = [read.handled_as.encode()] if read.author and read.handled_as else []
    data = msgspec.msgpack.encode([read.header, read.content, *(read.author or ()), *handled_as])
    return home.seal(data, _CONTENT + envelope_hash)


def content_of(home: Home, row: Arrived) -> ReadContent | None:
    """Return what was read of an arrival; None where it was not acknowledged, or is erased."""
    if row.content is None:
        return None
    try:
        match _parts.decode(home.open(row.content, _CONTENT + row.envelope_hash)):
            case [header, content]:
                return ReadContent(header, content, None)
            case [header, content, key_id, signature]:
                return ReadContent(header, content, Signature(KeyId(key_id), signature))
            case [header, content, key_id, signature, handled_as]:
                return ReadContent(header, content, Signature(KeyId(key_id), signature), handled_as.decode())
    except msgspec.MsgspecError as exc:
        raise Corrupt("a content of the home is no MessagePack of bytes") from exc
    raise Corrupt("a content of the home has another form")
