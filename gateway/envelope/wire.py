"""
MessagePack arrays of the envelope, and their limits.

Every form is an array with all its elements and no others; `form.Form` decodes it strictly.
The bytes received are what is hashed, kept and passed on: `Form.decode` returns a view of them, never a replacement.
Spec: schemas/envelope.md, "Forms".
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.envelope.form import Form, is_address
from gateway.envelope.keys import Signature
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
    "HeadForm",
    "InnerForm",
    "SealedAnswerForm",
    "SignedReceiptForm",
    "StanzaForm",
    "SubmissionForm",
    "Uint",
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

    recipient: Address
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


CORE: Final = Form(CoreForm, "core", MAX_CORE_BYTES)
STANZA: Final = Form(StanzaForm, "stanza", MAX_STANZA_BYTES, lambda one: "" if is_address(one.recipient) else "recipient")
COMMON: Final = Form(CommonForm, "common", MAX_COMMON_BYTES)
SUBMISSION: Final = Form(SubmissionForm, "submission", MAX_SUBMISSION_BYTES)
ACCEPTED: Final = Form(SignedReceiptForm, "signed receipt", MAX_SIGNED_RECEIPT_BYTES)
DELIVERY: Final = Form(DeliveryForm, "delivery", MAX_DELIVERY_BYTES)
HEAD: Final = Form(HeadForm, "head", MAX_CORE_BYTES + 512)
SEALED_ANSWER: Final = Form(SealedAnswerForm, "sealed answer", MAX_CORE_BYTES + MAX_SIGNED_RECEIPT_BYTES + 128)
INNER: Final = Form(InnerForm, "inner", MAX_CONTENT_BYTES + 128)
CLEAR: Final = Form(ClearForm, "clear text", MAX_HEADER_BYTES + MAX_CONTENT_BYTES + MAX_RECIPIENTS * 128 + 128)
