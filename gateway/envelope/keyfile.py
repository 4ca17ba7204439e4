"""
Keys at rest: encrypted under a key that Argon2id makes of a passphrase.

A key file is `[ "gateway-keys-1", passes, memory, salt:16, sealed:bin ]`; its first four elements are additional data of the
sealed part. What is sealed is nonce:24 and XChaCha20-Poly1305. The cost limits stand in the file, and are bounded when read,
so that a file cannot ask for all memory. Slow by intent: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from gateway.envelope import primitives
from gateway.envelope.form import Form, encode
from gateway.envelope.keys import DeliveryKey, SigningKey, Use
from gateway.envelope.primitives import AEAD_NONCE_BYTES, SALT_BYTES, Rng, SecretKey
from gateway.envelope.wire import AddressField, Bytes16, Bytes32
from gateway.errors import Rejected

__all__ = [
    "MODERATE",
    "SALT_BYTES",
    "Cost",
    "SecretKey",
    "decrypt_keys",
    "derive_key",
    "encrypt_keys",
    "open_secret",
    "seal_secret",
]

MAGIC: Final = "gateway-keys-1"
MAX_PASSES: Final = 8
MAX_MEMORY_BYTES: Final = 1 << 30
MAX_FILE_BYTES: Final = 1 << 20


class Cost(NamedTuple):
    """What one guess costs: passes over the memory, and its size in bytes."""

    passes: Annotated[int, Meta(ge=1, le=MAX_PASSES)]
    memory_bytes: Annotated[int, Meta(ge=8192, le=MAX_MEMORY_BYTES)]


MODERATE: Final = Cost(3, 256 << 20)  # libsodium's moderate limits: under a second on a machine of today


class _KeyFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    magic: Annotated[str, Meta(pattern=rf"\A{MAGIC}\Z")]
    cost: Cost
    salt: Bytes16
    sealed: bytes


class _StoredKey(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    address: AddressField
    use: Use
    seed: Bytes32

    def __repr__(self) -> str:
        return f"_StoredKey({self.address} {self.use})"


_FILE: Final = Form(_KeyFile, "key file", MAX_FILE_BYTES)
_stored = msgspec.msgpack.Decoder(list[_StoredKey])


def derive_key(passphrase: bytes, salt: bytes, cost: Cost = MODERATE) -> SecretKey:
    """
    Make a key of a passphrase.

    Args:
        passphrase: UTF-8 bytes as typed.
        salt: 16 random bytes, kept beside what is encrypted.
        cost: The same as when it was encrypted.
    """
    if len(salt) != SALT_BYTES:
        raise Rejected(f"a salt of {len(salt)} bytes, not {SALT_BYTES}", code="malformed")
    return primitives.argon2id(passphrase, salt, cost.passes, cost.memory_bytes)


def seal_secret(key: SecretKey, plaintext: bytes, context: bytes, rng: Rng) -> bytes:
    """Encrypt for rest; `context` says what it is and where it belongs, and must be the same when it is opened."""
    nonce = rng(AEAD_NONCE_BYTES)
    return nonce + primitives.aead_seal(key, nonce, plaintext, context)


def open_secret(key: SecretKey, data: bytes, context: bytes) -> bytes:
    """Decrypt what `seal_secret` made; raise Rejected `passphrase` for another key or context, or for damage."""
    plaintext = primitives.aead_open(key, data[:AEAD_NONCE_BYTES], data[AEAD_NONCE_BYTES:], context)
    if plaintext is None:
        raise Rejected(code="passphrase")
    return plaintext


def encrypt_keys(keys: Iterable[SigningKey | DeliveryKey], passphrase: bytes, rng: Rng, cost: Cost = MODERATE) -> bytes:
    """Return a key file that holds these keys, in their order."""
    salt = rng(SALT_BYTES)
    stored = [_StoredKey(key.public.address, key.public.use, key.unsafe_export()) for key in keys]
    sealed = seal_secret(derive_key(passphrase, salt, cost), encode(stored), _context(cost, salt), rng)
    return encode(_KeyFile(MAGIC, cost, salt, sealed))


def decrypt_keys(data: bytes, passphrase: bytes) -> list[SigningKey | DeliveryKey]:
    """
    Read a key file.

    Raises:
        Rejected: `passphrase`, the passphrase is wrong or the file is damaged; `malformed`, it is no key file.
    """
    file = _FILE.decode(data)
    key = derive_key(passphrase, file.salt, file.cost)
    plaintext = SecretKey(open_secret(key, file.sealed, _context(file.cost, file.salt)))
    return [_held(stored) for stored in _stored.decode(plaintext.unsafe_bytes)]


def _held(stored: _StoredKey) -> SigningKey | DeliveryKey:
    kind = DeliveryKey if stored.use is Use.DELIVERY else SigningKey
    return kind.from_seed(stored.address, stored.use, stored.seed)


def _context(cost: Cost, salt: bytes) -> bytes:
    return encode((MAGIC, cost, salt))
