"""
The body of an envelope: derive, pad, encrypt; and back, in the order that fails closed.

The commitment stands beside the ciphertext because XChaCha20-Poly1305 does not commit to its key: one ciphertext can be built
that opens under two keys. The payload key is used once, so its nonce is zero.
Spec: schemas/envelope.md, "Sealing" and "Opening".
"""

from __future__ import annotations

from typing import Final

from gateway.envelope import contexts, primitives
from gateway.envelope.form import encode
from gateway.envelope.keys import Signature
from gateway.envelope.primitives import AEAD_NONCE_BYTES, AEAD_TAG_BYTES, KEY_BYTES, SecretKey
from gateway.envelope.wire import INNER, MAX_CONTENT_BYTES, InnerForm
from gateway.errors import CannotOpen, Rejected
from gateway.ids import KeyId

__all__ = ["MIN_PADDED_BYTES", "SUITES", "derive", "is_padded_length", "open_body", "padded_length", "seal_body"]

SUITES: Final = (1,)  # what this package can seal and open
MIN_PADDED_BYTES: Final = 1024
_PAD_MARK: Final = b"\x80"
_ONCE: Final = bytes(AEAD_NONCE_BYTES)


def derive(cek: SecretKey, core_hash: bytes, suite: int) -> tuple[SecretKey, bytes]:
    """Return the payload key and the commitment to it."""
    both = primitives.hkdf_sha256(cek, core_hash, contexts.payload_info(suite), 2 * KEY_BYTES)
    return SecretKey(both.unsafe_bytes[:KEY_BYTES]), both.unsafe_bytes[KEY_BYTES:]


def padded_length(length: int) -> int:
    """Return the length that `length` bytes, the mark included, are padded to: Padme, at least 1024."""
    if length <= MIN_PADDED_BYTES:
        return MIN_PADDED_BYTES
    exponent = length.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (length + mask) & ~mask


def is_padded_length(length: int) -> bool:
    """Tell whether anything is padded to this length."""
    return padded_length(length) == length


def seal_body(key: SecretKey, aad: bytes, author: Signature, content: bytes) -> bytes:
    """Return the body: author's signature and content, padded and encrypted."""
    marked = encode(InnerForm(author.key_id, author.signature, content)) + _PAD_MARK
    return primitives.aead_seal(key, _ONCE, marked.ljust(padded_length(len(marked)), b"\x00"), aad)


def open_body(key: SecretKey, aad: bytes, body: bytes) -> tuple[Signature, bytes]:
    """
    Return the author's signature and the content, neither of them checked yet.

    Raises:
        CannotOpen: `body` when it does not decrypt, `padding`, or `inner` for another form.
    """
    padded = primitives.aead_open(key, _ONCE, body, aad)
    if padded is None:
        raise CannotOpen("body")
    marked = padded.rstrip(b"\x00")
    if not marked.endswith(_PAD_MARK) or padded_length(len(marked)) != len(padded):
        raise CannotOpen("padding")
    try:
        inner = INNER.decode(marked[:-1])
    except Rejected:
        raise CannotOpen("inner") from None
    if len(inner.content) > MAX_CONTENT_BYTES:
        raise CannotOpen("inner")
    return Signature(KeyId(inner.author_key_id), inner.author_signature), inner.content


assert padded_length(MAX_CONTENT_BYTES + 91) + AEAD_TAG_BYTES == 1_081_360  # what `wire.MAX_BODY_BYTES` says
