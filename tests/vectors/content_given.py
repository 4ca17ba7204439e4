"""What a vector of content gives its reader: the bytes, and the header."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

__all__ = ["Fields", "joined"]

Json = dict[str, Any]
_HEX = frozenset({"message_id", "conversation_id", "in_reply_to"})


class Fields:
    """The header of a vector, as `check_repeats` wants it."""

    def __init__(self, header: Json) -> None:
        self.__dict__.update({name: bytes.fromhex(one) if name in _HEX and one else one for name, one in header.items()})

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def joined(vector: Json) -> bytes:
    """Return the content: bytes that are no text stand as base64, and of text `[text, times]` is repeated text."""
    if "content_base64" in vector:
        return b64decode(vector["content_base64"], validate=True)
    content = vector["content"]
    parts = [content] if isinstance(content, str) else content
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts).encode()
