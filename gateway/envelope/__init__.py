"""
Messages sealed for their recipients, version 1. Pure: bytes, keys, answers and time in; bytes or a verdict out.

Send: `Header`, `draw_addressees`, `sign_content`, `seal`. Accept: `examine`, `check_submission`, `rows`, `make_delivery`.
Read: `open_delivery`. Another network: `Forward`, `check_forward`. Receipts: `make_receipt`, `verify_receipt`. At rest:
`encrypt_keys`.
Spec: schemas/envelope.md.
"""

from gateway.envelope.accept import (
    Examined,
    Row,
    Stanza,
    check_seal,
    check_submission,
    common_of,
    examine,
    head,
    make_delivery,
    rows,
)
from gateway.envelope.clear import (
    ExaminedClear,
    SealedAnswer,
    author_check,
    check_clear,
    check_clear_author,
    decode_sealed_answer,
    encode_sealed_answer,
    examine_clear,
    seal_clear,
)
from gateway.envelope.forward import MAX_FORWARD_BYTES, Forward, Inclusion, check_forward, make_forward
from gateway.envelope.header import HANDLING_CODES, URGENCIES, Header, decode_header, encode_header
from gateway.envelope.keyfile import decrypt_keys, derive_key, encrypt_keys, open_secret, seal_secret
from gateway.envelope.keys import (
    DeliveryKey,
    Keyring,
    MemoryKeyring,
    PublicKey,
    Signature,
    SigningKey,
    Use,
    key_id,
)
from gateway.envelope.open import Opened, open_delivery
from gateway.envelope.payload import SUITES
from gateway.envelope.primitives import Rng, SecretKey
from gateway.envelope.receipt import (
    Event,
    LogView,
    Receipt,
    SignedReceipt,
    make_receipt,
    parse_receipt,
    receipt_leaf,
    signed_receipt_leaf,
    verify_receipt,
)
from gateway.envelope.seal import (
    Addressee,
    Sealed,
    addressees_hash,
    draw_addressees,
    encode_clear,
    seal,
    sign_content,
)
from gateway.envelope.trust import Answers, KeyRecord
from gateway.envelope.wire import MAX_CONTENT_BYTES, MAX_DELIVERY_BYTES, MAX_RECIPIENTS, MAX_SUBMISSION_BYTES

__all__ = [
    "HANDLING_CODES",
    "MAX_CONTENT_BYTES",
    "MAX_DELIVERY_BYTES",
    "MAX_FORWARD_BYTES",
    "MAX_RECIPIENTS",
    "MAX_SUBMISSION_BYTES",
    "SUITES",
    "URGENCIES",
    "Addressee",
    "Answers",
    "DeliveryKey",
    "Event",
    "Examined",
    "ExaminedClear",
    "Forward",
    "Header",
    "Inclusion",
    "KeyRecord",
    "Keyring",
    "LogView",
    "MemoryKeyring",
    "Opened",
    "PublicKey",
    "Receipt",
    "Rng",
    "Row",
    "Sealed",
    "SealedAnswer",
    "SecretKey",
    "Signature",
    "SignedReceipt",
    "SigningKey",
    "Stanza",
    "Use",
    "addressees_hash",
    "author_check",
    "check_clear",
    "check_clear_author",
    "check_forward",
    "check_seal",
    "check_submission",
    "common_of",
    "decode_header",
    "decode_sealed_answer",
    "decrypt_keys",
    "derive_key",
    "draw_addressees",
    "encode_clear",
    "encode_header",
    "encode_sealed_answer",
    "encrypt_keys",
    "examine",
    "examine_clear",
    "head",
    "key_id",
    "make_delivery",
    "make_forward",
    "make_receipt",
    "open_delivery",
    "open_secret",
    "parse_receipt",
    "receipt_leaf",
    "rows",
    "seal",
    "seal_clear",
    "seal_secret",
    "sign_content",
    "signed_receipt_leaf",
    "verify_receipt",
]
