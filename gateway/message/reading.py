"""
Read and write content: the bytes, the schema, the rules, in this order.

What is read keeps its bytes; what is written is read back before it is handed over, so nothing leaves that a reader
would refuse. A *message file* is content that says its own `kind`, with whatever header fields its author wishes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.errors import Rejected
from gateway.message.codec import decode_checked
from gateway.message.header import HeaderWishes, wishes
from gateway.message.registry import spec
from gateway.message.strict import check_strict
from gateway.message.versions import without

if TYPE_CHECKING:
    from gateway.ids import Kind
    from gateway.message.content import Content
    from gateway.message.kind_spec import KindSpec

__all__ = ["encode", "read", "read_message_file"]


class _Named(msgspec.Struct):
    """The members of a message file that say what it is to be read as."""

    kind: str
    schema_version: str | None = None


def read(kind: str, schema_version: str, data: bytes, understood: frozenset[str] = frozenset()) -> Content:
    """
    Read content as received.

    Args:
        kind: Of the header.
        schema_version: Of the header.
        data: The bytes; the returned view keeps them as `raw`.
        understood: Names of extensions that the caller can use.

    Raises:
        Rejected: `kind-unknown`, `schema-unknown`, `too-large`, `content-json`, `content-schema`, `content-header` (another
            kind), `must-understand` or `content-rule`; with a pointer where there is a place.
    """
    row = spec(kind)
    if schema_version not in row.readable:
        raise Rejected(f"{kind} {schema_version[:32]!r}: we read {', '.join(row.readable)}", code="schema-unknown")
    check_strict(data)
    return _view(data, row, schema_version, understood)


def encode(content: Content) -> bytes:
    """
    Return the bytes to sign: as received if the content was read, else its encoding after every check.

    Raises:
        Rejected: As `read`; nothing is written that a reader would refuse.
    """
    data = content.raw
    read(content.kind, spec(content.kind).version, data)
    return data


def read_message_file(data: bytes) -> tuple[Kind, Content, HeaderWishes]:
    """
    Read a message file: content that says its kind.

    Raises:
        Rejected: As `read`.
    """
    check_strict(data)
    row = spec(decode_checked(data, _Named).kind)
    version = decode_checked(data, _Named).schema_version or row.version
    if version not in row.readable:
        raise Rejected(f"we read {', '.join(row.readable)}", code="schema-unknown", pointer="/schema_version")
    content = _view(data, row, version, frozenset())
    return row.kind, content, wishes(content)


def _view(data: bytes, row: KindSpec, version: str, understood: frozenset[str]) -> Content:
    late = row.later(version)
    try:
        content = decode_checked(without(data, late) if late else data, row.content)
    except Rejected as exc:
        if exc.pointer == "/kind":
            raise Rejected("not what the header says", code="content-header", pointer="/kind") from None
        raise
    content.__dict__.update(raw=data, late=late)
    content.check(understood)
    return content
