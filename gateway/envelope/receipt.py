"""
Receipts: signed statements that something happened to an envelope.

A gateway signs accepted, expired, recalled, held, and refused of mail from another network; the recipient signs delivered,
opened, rejected and destroyed.
What is signed, kept and logged is the bytes of the receipt; its salt keeps others from guessing the leaf of the log.
Spec: schemas/envelope.md, "Receipts".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from gateway.envelope import contexts, primitives
from gateway.envelope.form import Form, encode, is_address
from gateway.envelope.keys import Keyring, Use
from gateway.envelope.trust import Answers, find_signer
from gateway.envelope.wire import ACCEPTED, MAX_RECEIPT_BYTES, Bytes16, Bytes32, SignedReceiptForm, Uint
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash, KeyId

__all__ = [
    "GATEWAY_EVENTS",
    "Event",
    "LogView",
    "Receipt",
    "SignedReceipt",
    "make_receipt",
    "parse_receipt",
    "read_receipt",
    "receipt_leaf",
    "receipt_problem",
    "signed_receipt_leaf",
    "verify_receipt",
]


class Event(StrEnum):
    """What happened."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    OPENED = "opened"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RECALLED = "recalled"
    HELD = "held"
    DESTROYED = "destroyed"
    REFUSED = "refused"


GATEWAY_EVENTS: Final = frozenset({Event.ACCEPTED, Event.EXPIRED, Event.RECALLED, Event.HELD, Event.REFUSED})
_SHORT: Final = b"\xc4"  # MessagePack's mark of a bin of up to 255 bytes
_FRAME: Final = {True: 3, False: 4}  # bytes before the receipt: array, mark, length in one or two bytes
_SIGNED_BYTES: Final = 84  # bytes after it: 2 + 16 of the key id, 2 + 64 of the signature
_WITH_REASON: Final = frozenset({Event.REJECTED, Event.REFUSED})
_WITHOUT_REASON: Final = frozenset({Event.ACCEPTED, Event.DELIVERED, Event.OPENED})


class LogView(NamedTuple):
    """The newest log size and root that the signer has verified."""

    size: Uint
    root: Bytes32


class Receipt(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    One statement, its fields in their order on the wire.

    Attributes:
        subject: The sender for accepted, else the recipient.
        at: When it happened, by the signer's clock, Unix seconds.
        number: The acceptance number, in accepted alone.
        reason: A code; needed in rejected and refused, never in accepted, delivered and opened.
        salt: 16 random bytes.
    """

    event: Event
    envelope_hash: Annotated[EnvelopeHash, Meta(min_length=32, max_length=32)]
    subject: Address
    signer: Address
    at: Uint
    number: Uint | None = None
    reason: Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,63}\Z")] | None = None
    log: LogView | None = None
    salt: Bytes16


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt that was parsed; `verify_receipt` tells whether it counts."""

    receipt: Receipt
    receipt_bytes: bytes
    key_id: KeyId
    signature: bytes
    data: bytes


def _broken(receipt: Receipt) -> str:
    return "" if is_address(receipt.subject) and is_address(receipt.signer) else "subject or signer"


_RECEIPT: Final = Form(Receipt, "receipt", MAX_RECEIPT_BYTES, _broken)


def make_receipt(receipt: Receipt, keyring: Keyring) -> bytes:
    """
    Sign a receipt with the agent key.

    Returns:
        The signed receipt, MessagePack.

    Raises:
        Rejected: `malformed`, a field breaks its rule; nothing was signed.
    """
    data = encode(receipt)
    _check_fields(_RECEIPT.decode(data))
    signature = keyring.sign(Use.AGENT, contexts.receipt_message(data))
    return encode(SignedReceiptForm(data, signature.key_id, signature.signature))


def parse_receipt(data: bytes) -> SignedReceipt:
    """Read a signed receipt; raise Rejected `too-large`, `malformed` or `not-canonical`."""
    return read_receipt(ACCEPTED.decode(data), data)


def read_receipt(form: SignedReceiptForm, data: bytes | None = None) -> SignedReceipt:
    """Read a signed receipt that stood in another array; `data` are its bytes where they are at hand."""
    receipt = _RECEIPT.decode(form.receipt)
    _check_fields(receipt)
    return SignedReceipt(receipt, form.receipt, form.key_id, form.signature, encode(form) if data is None else data)


def verify_receipt(signed: SignedReceipt, answers: Answers) -> Receipt:
    """
    Prove that a receipt counts: its signer may state this event, and its agent key was good at that time and signed.

    Raises:
        Rejected: `signature-bad`; the receipt proves nothing.
    """
    problem = receipt_problem(signed, answers, (signed.receipt.at, signed.receipt.at))
    if problem:
        raise Rejected(f"receipt {signed.receipt.event}: {problem}", code="signature-bad")
    return signed.receipt


def receipt_problem(signed: SignedReceipt, answers: Answers, span: tuple[int, int]) -> str:
    """Tell why a receipt does not count: `signer`, `key` or `signature`; "" if it does. The span is the signing key's."""
    receipt = signed.receipt
    allowed = answers.is_gateway(receipt.signer) if receipt.event in GATEWAY_EVENTS else receipt.signer == receipt.subject
    if not allowed:
        return "signer"
    record = find_signer(answers, signed.key_id, (receipt.signer, Use.AGENT), *span)
    if record is None:
        return "key"
    good = primitives.verify(record.key, contexts.receipt_message(signed.receipt_bytes), signed.signature)
    return "" if good else "signature"


def receipt_leaf(receipt_bytes: bytes) -> bytes:
    """Return the data of the audit leaf of a receipt, 32 bytes; the tree hashes it once more."""
    return contexts.receipt_leaf_data(receipt_bytes)


def signed_receipt_leaf(signed: bytes) -> bytes:
    """
    Return the data of the audit leaf of a signed receipt, 32 bytes.

    Args:
        signed: The bytes of a signed receipt that was made here, or read and found good: its form is not checked again.
    """
    # [ receipt:bin, key_id:16, signature:64 ]: the frame around the receipt has a fixed length (measured: a decoder costs
    # four times as much, for each receipt that the gateway keeps).
    return contexts.receipt_leaf_data(signed[_FRAME[signed[1:2] == _SHORT] : -_SIGNED_BYTES])


def _check_fields(receipt: Receipt) -> None:
    if (receipt.number is None) is (receipt.event is Event.ACCEPTED):
        raise Rejected(f"receipt {receipt.event}: a number stands in accepted, and in accepted alone", code="malformed")
    if receipt.reason is None and receipt.event in _WITH_REASON:
        raise Rejected(f"receipt {receipt.event}: the reason is missing", code="malformed")
    if receipt.reason is not None and receipt.event in _WITHOUT_REASON:
        raise Rejected(f"receipt {receipt.event}: has no reason", code="malformed")
