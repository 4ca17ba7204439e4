"""
The cryptographic primitives of suite 1: the only file that imports `nacl`.

Secrets come in and go out as `SecretKey`, which never shows its bytes. What does not verify or decrypt is told by the return
value (False, None), without saying why. One Ed25519 verifier for all that is kept as evidence: libsodium's.
`nacl.bindings` is called directly: the objects of PyNaCl print their secrets and cost more than the curve.
Spec: schemas/envelope.md, "Primitives".
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, NoReturn

from nacl import bindings
from nacl.exceptions import CryptoError

from gateway.errors import Rejected

__all__ = [
    "AEAD_NONCE_BYTES",
    "AEAD_TAG_BYTES",
    "KEY_BYTES",
    "SALT_BYTES",
    "Rng",
    "SecretKey",
    "aead_open",
    "aead_seal",
    "argon2id",
    "box",
    "box_public",
    "equal",
    "hkdf_sha256",
    "is_good_ed25519",
    "is_good_x25519",
    "sign",
    "signing_pair",
    "unbox",
    "verify",
]

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
AEAD_NONCE_BYTES: Final = 24
AEAD_TAG_BYTES: Final = 16
SALT_BYTES: Final = 16  # of Argon2id

Rng = Callable[[int], bytes]  # n -> n bytes of a secure generator; `os.urandom` in production

_P: Final = 2**255 - 19
# The points of small order on Curve25519 and its twist, in canonical form: with them every shared secret is zero.
_SMALL_ORDER: Final = frozenset(
    value.to_bytes(KEY_BYTES, "little")
    for value in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        _P - 1,
    )
)


class SecretKey:
    """Secret bytes that do not show in repr, str, logs, tracebacks or pickles; `unsafe_bytes` is the only way to them."""

    __slots__ = ("unsafe_bytes",)

    def __init__(self, secret: bytes) -> None:
        self.unsafe_bytes = secret

    def __repr__(self) -> str:
        return "SecretKey(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def sign(secret: SecretKey, message: bytes) -> bytes:
    """Return the Ed25519 signature (64 bytes) of `message`; `secret` as `signing_pair` made it."""
    return bindings.crypto_sign(message, secret.unsafe_bytes)[:SIGNATURE_BYTES]


def signing_pair(seed: SecretKey) -> tuple[bytes, SecretKey]:
    """Return the Ed25519 public key of a 32-byte seed, and the secret that `sign` takes."""
    public, secret = bindings.crypto_sign_seed_keypair(seed.unsafe_bytes)
    return public, SecretKey(secret)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is the Ed25519 signature of `message` by `public_key`."""
    if len(signature) != SIGNATURE_BYTES or len(public_key) != KEY_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public_key)
    except CryptoError:
        return False
    return True


def is_good_ed25519(public_key: bytes) -> bool:
    """Tell whether this is a canonical point of the prime-order group: no small order, no mixed order."""
    return len(public_key) == KEY_BYTES and bool(bindings.crypto_core_ed25519_is_valid_point(public_key))


def is_good_x25519(public_key: bytes) -> bool:
    """Tell whether this is a canonical u-coordinate that is not of small order; a second spelling would be a second key."""
    return len(public_key) == KEY_BYTES and int.from_bytes(public_key, "little") < _P and public_key not in _SMALL_ORDER


def box_public(secret: SecretKey) -> bytes:
    """Return the X25519 public key of a 32-byte secret."""
    return bindings.crypto_scalarmult_base(secret.unsafe_bytes)


def box(plaintext: SecretKey, nonce: bytes, their_key: bytes, our_secret: SecretKey) -> bytes:
    """
    Return `crypto_box`: X25519, HSalsa20, XSalsa20-Poly1305; the tag stands first.

    Raises:
        Rejected: `bad-key`, their key is of small order or wrong size; nothing was sealed.
    """
    try:
        return bindings.crypto_box_easy(plaintext.unsafe_bytes, nonce, their_key, our_secret.unsafe_bytes)
    except CryptoError:
        raise Rejected("a public key of small order or wrong size", code="bad-key") from None


def unbox(sealed: bytes, nonce: bytes, their_key: bytes, our_secret: SecretKey) -> SecretKey | None:
    """Open what `box` made; None when it does not open, or when their key is of small order."""
    try:
        return SecretKey(bindings.crypto_box_open_easy(sealed, nonce, their_key, our_secret.unsafe_bytes))
    except CryptoError:
        return None


def aead_seal(key: SecretKey, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Return XChaCha20-Poly1305-IETF of `plaintext`, the tag last."""
    return bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, nonce, key.unsafe_bytes)


def aead_open(key: SecretKey, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
    """Open what `aead_seal` made; None when it does not open."""
    if len(ciphertext) < AEAD_TAG_BYTES:
        return None
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, aad, nonce, key.unsafe_bytes)
    except CryptoError:
        return None


def hkdf_sha256(secret: SecretKey, salt: bytes, info: bytes, length: int) -> SecretKey:
    """Return `length` bytes of HKDF-SHA256 (RFC 5869), at most 8160."""
    if length > 255 * KEY_BYTES:
        raise ValueError(f"{length} bytes are more than HKDF-SHA256 gives")
    extracted = SecretKey(hmac.digest(salt, secret.unsafe_bytes, "sha256"))
    blocks = [b""]
    while len(blocks) * KEY_BYTES < length + KEY_BYTES:
        blocks.append(hmac.digest(extracted.unsafe_bytes, blocks[-1] + info + bytes([len(blocks)]), "sha256"))
    return SecretKey(b"".join(blocks)[:length])


def argon2id(passphrase: bytes, salt: bytes, passes: int, memory_bytes: int) -> SecretKey:
    """Return the 32-byte key that Argon2id (version 1.3, one lane) makes of a passphrase; takes time and memory by intent."""
    return SecretKey(
        bindings.crypto_pwhash_alg(KEY_BYTES, passphrase, salt, passes, memory_bytes, bindings.crypto_pwhash_ALG_ARGON2ID13)
    )


def equal(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)
