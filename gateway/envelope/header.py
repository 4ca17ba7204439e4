"""
The header: routing facts that the author writes and signs, that gateways read, and that nobody else can change.

A `Header` that was decoded or encoded here follows every rule that can be told from the header alone; its times are
compared with the clock elsewhere (`checks.py`), and whether its kind exists is asked of the registry.
Spec: schemas/envelope.md, "Header".
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.envelope.form import Form, encode, is_address, matching
from gateway.envelope.wire import MAX_HEADER_BYTES, MAX_RECIPIENTS, Bytes32, Uint
from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId

__all__ = [
    "CONFIDENTIALITY",
    "HANDLING_CODES",
    "TLP",
    "URGENCIES",
    "Header",
    "decode_header",
    "encode_header",
]

# Both parts of a handling code, from the least to the most strict.
TLP: Final = ("clear", "green", "amber", "amber+strict", "red")
CONFIDENTIALITY: Final = ("official-use-only", "restricted", "confidential")
HANDLING_CODES: Final = tuple(f"{tlp}/{level}" for tlp in TLP for level in CONFIDENTIALITY)
URGENCIES: Final = ("flash", "urgent", "normal", "routine")

_NUMBER: Final = r"(0|[1-9][0-9]{0,3})"
_is_kind: Final = matching(r"[a-z][a-z0-9-]{0,31}(\.[a-z][a-z0-9-]{0,31}){1,2}")
_is_version: Final = matching(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")


class Header(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """The fields in their order on the wire; times are Unix seconds. What texts may be, says `_broken`."""

    message_id: Annotated[MessageId, Meta(min_length=16, max_length=16)]
    sender: Address
    sealer: Address
    kind: Kind
    schema_version: str
    created: Uint
    expires: Uint
    urgency: str
    handling: str
    conversation_id: Annotated[ConversationId, Meta(min_length=16, max_length=16)]
    in_reply_to: Annotated[EnvelopeHash, Meta(min_length=32, max_length=32)] | None = None
    respond_by: Uint | None = None
    recipients: Annotated[int, Meta(ge=1, le=MAX_RECIPIENTS)]
    addressees: Bytes32
    blobs: tuple[Bytes32, ...]


def _broken(header: Header) -> str:
    if not (is_address(header.sender) and is_address(header.sealer)):
        return "sender or sealer"
    if not (_is_kind(header.kind) and _is_version(header.schema_version)):
        return "kind or schema_version"
    return "" if header.urgency in URGENCIES and header.handling in HANDLING_CODES else "urgency or handling"


_FORM: Final = Form(Header, "header", MAX_HEADER_BYTES, _broken)


def decode_header(data: bytes) -> Header:
    """
    Return the header that these bytes spell.

    Raises:
        Rejected: `too-large`, `malformed` or `not-canonical`.
    """
    return _FORM.decode(data)


def encode_header(header: Header) -> bytes:
    """
    Return the bytes of a header; they are what is signed and sent.

    Raises:
        Rejected: `malformed` or `too-large`, a field breaks its rule; nothing is sent that others would refuse.
    """
    data = encode(header)
    if decode_header(data) != header:
        raise Rejected("a header field has a value that does not come back", code="malformed")
    return data
