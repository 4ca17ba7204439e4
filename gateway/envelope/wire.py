"""
MessagePack arrays of the envelope, decoded strictly.

Every form is an array with all its elements and no others; each value stands in its shortest spelling. What is too large is
`too-large`, what has another form is `malformed`, and what does not encode back to the same bytes is `not-canonical`.
The bytes received are what is hashed, kept and passed on: `Form.decode` returns a view of them, never a replacement.
Spec: schemas/envelope.md, "Forms".
"""

from __future__ import annotations

from typing import Annotated, Final, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.envelope.keys import Signature
from gateway.errors import Rejected
from gateway.ids import ADDRESS_PATTERN, Address, KeyId

__all__ = [
    "ACCEPTED",
    "CLEAR",
    "COMMON",
    "CORE",
    "DELIVERY",
    "HEAD",
    "INNER",
    "MAX_BODY_BYTES",
    "MAX_CONTENT_BYTES",
    "MAX_DELIVERY_BYTES",
    "MAX_HEADER_BYTES",
    "MAX_RECEIPT_BYTES",
    "MAX_RECIPIENTS",
    "MAX_SIBLINGS",
    "MAX_SIGNED_RECEIPT_BYTES",
    "MAX_SUBMISSION_BYTES",
    "SEALED_ANSWER",
    "STANZA",
    "SUBMISSION",
    "AddressField",
    "Bytes16",
    "Bytes32",
    "ClearForm",
    "CommonForm",
    "CoreForm",
    "DeliveryForm",
    "Form",
    "HeadForm",
    "InnerForm",
    "SealedAnswerForm",
    "SignedReceiptForm",
    "StanzaForm",
    "SubmissionForm",
    "Uint",
    "encode",
    "first_element",
    "limit",
]

MAX_HEADER_BYTES: Final = 1024
MAX_CORE_BYTES: Final = 1280
MAX_STANZA_BYTES: Final = 256
MAX_CONTENT_BYTES: Final = 1 << 20
MAX_BODY_BYTES: Final = 1_081_344 + 16  # the largest content with its signature, padded, and the tag
MAX_SIBLINGS: Final = 12
MAX_RECIPIENTS: Final = 1 << MAX_SIBLINGS
MAX_RECEIPT_BYTES: Final = 512  # every field is bounded; the longest receipt has 346
MAX_SIGNED_RECEIPT_BYTES: Final = MAX_RECEIPT_BYTES + 96
MAX_COMMON_BYTES: Final = MAX_CORE_BYTES + MAX_BODY_BYTES + 512  # roots, commitment, two signatures and the spelling
MAX_SUBMISSION_BYTES: Final = MAX_COMMON_BYTES + MAX_RECIPIENTS * (MAX_STANZA_BYTES + 3) + 16
MAX_DELIVERY_BYTES: Final = MAX_COMMON_BYTES + MAX_STANZA_BYTES + MAX_SIBLINGS * 34 + 2 * MAX_SIGNED_RECEIPT_BYTES + 64
MAX_UINT: Final = 2**53 - 1  # what every language holds exactly

T = TypeVar("T")
Uint = Annotated[int, Meta(ge=0, le=MAX_UINT)]
Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
KeyIdField = Annotated[KeyId, Meta(min_length=16, max_length=16)]
AddressField = Annotated[Address, Meta(pattern=rf"\A{ADDRESS_PATTERN}\Z")]


class CoreForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the sealer adds to the header."""

    suite: Annotated[int, Meta(ge=0, le=255)]
    directory_version: Uint
    epk: Bytes32
    header: bytes


class StanzaForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one recipient alone needs."""

    recipient: AddressField
    blind: Bytes16
    key_id: KeyIdField
    wrap: Annotated[bytes, Meta(min_length=48, max_length=48)]


class CommonForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What all recipients share."""

    version: str
    core: bytes
    stanzas: Bytes32
    commit: Bytes32
    body: bytes
    seal: Signature
    approval: Signature | None


class SubmissionForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the gateway gets."""

    common: bytes
    stanzas: Annotated[list[bytes], Meta(min_length=1, max_length=MAX_RECIPIENTS)]


class SignedReceiptForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A receipt, and who signed it."""

    receipt: bytes
    key_id: KeyIdField
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class DeliveryForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one recipient gets."""

    common: bytes
    index: Uint
    stanza: bytes
    proof: Annotated[list[Bytes32], Meta(max_length=MAX_SIBLINGS)]
    accepted: Annotated[list[SignedReceiptForm], Meta(min_length=1, max_length=2)]


class HeadForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What outlives the body in a ledger."""

    core: bytes
    stanzas: Bytes32
    commit: Bytes32
    body_hash: Bytes32
    seal: Signature
    approval: Signature | None


class SealedAnswerForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The answer to clear text: the author finds his header in the hash that the receipt names."""

    receipt: SignedReceiptForm
    core: bytes
    stanzas: Bytes32
    commit: Bytes32
    body_hash: Bytes32


class InnerForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the body holds."""

    author_key_id: KeyIdField
    author_signature: Annotated[bytes, Meta(min_length=64, max_length=64)]
    content: bytes

    def __repr__(self) -> str:
        return f"InnerForm({len(self.content)} bytes of content)"


class ClearForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message that the gateway is asked to seal."""

    header: bytes
    addressees: Annotated[list[tuple[AddressField, Bytes16]], Meta(min_length=1, max_length=MAX_RECIPIENTS)]
    author_key_id: KeyIdField
    author_signature: Annotated[bytes, Meta(min_length=64, max_length=64)]
    content: bytes

    def __repr__(self) -> str:
        return f"ClearForm({len(self.addressees)} addressees, {len(self.content)} bytes of content)"


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
    """One form with its limit in bytes."""

    def __init__(self, kind: type[T], name: str, max_bytes: int) -> None:
        self.name = name
        self.max_bytes = max_bytes
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
        if encode(value) != data:
            raise Rejected(f"{self.name} has a shorter spelling", code="not-canonical")
        return value


def _malformed(name: str, exc: Exception) -> Rejected:
    # A decoder's text can quote what it read; for undecodable text only the fact is passed on.
    detail = "text that is not UTF-8" if isinstance(exc, UnicodeDecodeError) else str(exc)[:200]
    if isinstance(exc, LookupError):
        detail = "no array that begins with text or a number"
    return Rejected(f"{name}: {detail}", code="malformed")


CORE: Final = Form(CoreForm, "core", MAX_CORE_BYTES)
STANZA: Final = Form(StanzaForm, "stanza", MAX_STANZA_BYTES)
COMMON: Final = Form(CommonForm, "common", MAX_COMMON_BYTES)
SUBMISSION: Final = Form(SubmissionForm, "submission", MAX_SUBMISSION_BYTES)
ACCEPTED: Final = Form(SignedReceiptForm, "signed receipt", MAX_SIGNED_RECEIPT_BYTES)
DELIVERY: Final = Form(DeliveryForm, "delivery", MAX_DELIVERY_BYTES)
HEAD: Final = Form(HeadForm, "head", MAX_CORE_BYTES + 512)
SEALED_ANSWER: Final = Form(SealedAnswerForm, "sealed answer", MAX_CORE_BYTES + MAX_SIGNED_RECEIPT_BYTES + 128)
INNER: Final = Form(InnerForm, "inner", MAX_CONTENT_BYTES + 128)
CLEAR: Final = Form(ClearForm, "clear text", MAX_HEADER_BYTES + MAX_CONTENT_BYTES + MAX_RECIPIENTS * 128 + 128)
