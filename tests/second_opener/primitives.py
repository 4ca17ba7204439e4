"""
The primitives that `cryptography` does not have, or not as strictly as the envelope wants them.

Rules: a false signature, tag or proof is told as False or None, never as an exception. Comparisons of secrets
take constant time. Ed25519 refuses a large S, points of small order and unusual spellings before it asks the
library, whose equation is the one without cofactor. Padme and the tree are those of the text.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.poly1305 import Poly1305

Words = list[int]

_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_SALSA_ROUNDS = (
    (0, 4, 8, 12),
    (5, 9, 13, 1),
    (10, 14, 2, 6),
    (15, 3, 7, 11),
    (0, 1, 2, 3),
    (5, 6, 7, 4),
    (10, 11, 8, 9),
    (15, 12, 13, 14),
)
_CHACHA_ROUNDS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
_FIELD = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
# y of the points of small order; the highest bit of an encoding is the sign of x.
_SMALL_ORDER = {
    0,
    1,
    _FIELD - 1,
    *(
        int.from_bytes(bytes.fromhex(point), "little") & (2**255 - 1)
        for point in (
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        )
    ),
}


def sha256(*parts: bytes) -> bytes:
    """Return SHA-256 of joined parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def sha512(*parts: bytes) -> bytes:
    """Return SHA-512 of joined parts."""
    return hashlib.sha512(b"".join(parts)).digest()


def hkdf(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """Return HKDF-SHA256."""
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(secret)


def _y(point: bytes) -> int:
    return int.from_bytes(point, "little") & (2**255 - 1)


def ed25519_holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether a signature holds, by the strict rules."""
    strict = (
        int.from_bytes(signature[32:], "little") < _ORDER
        and _y(public_key) < _FIELD
        and _y(public_key) not in _SMALL_ORDER
        and _y(signature[:32]) % _FIELD not in _SMALL_ORDER
    )
    if not strict:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def x25519_public(secret: bytes) -> bytes:
    """Return the public key of a secret."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public_key: bytes) -> bytes | None:
    """Return the shared secret, or None if the other key is of small order."""
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        return None


def _rotate(word: int, bits: int) -> int:
    word &= 0xFFFFFFFF
    return (word << bits | word >> 32 - bits) & 0xFFFFFFFF


def _salsa_rounds(state: Words) -> Words:
    x = list(state)
    for _ in range(10):
        for a, b, c, d in _SALSA_ROUNDS:
            x[b] ^= _rotate(x[a] + x[d], 7)
            x[c] ^= _rotate(x[b] + x[a], 9)
            x[d] ^= _rotate(x[c] + x[b], 13)
            x[a] ^= _rotate(x[d] + x[c], 18)
    return x


def _salsa_state(key: bytes, nonce: bytes) -> Words:
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", nonce)
    return [_SIGMA[0], *k[:4], _SIGMA[1], *n, _SIGMA[2], *k[4:], _SIGMA[3]]


def hsalsa20(key: bytes, nonce: bytes) -> bytes:
    """Return the key that Salsa20 derives from a key and 16 bytes."""
    x = _salsa_rounds(_salsa_state(key, nonce))
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def _salsa20_stream(key: bytes, nonce: bytes, size: int) -> bytes:
    stream = b""
    for counter in range(-(-size // 64)):
        state = _salsa_state(key, nonce + struct.pack("<Q", counter))
        words = ((a + b) & 0xFFFFFFFF for a, b in zip(state, _salsa_rounds(state), strict=True))
        stream += struct.pack("<16I", *words)
    return stream[:size]


def box_open(box: bytes, nonce: bytes, public_key: bytes, secret: bytes) -> bytes | None:
    """Return the plaintext of a `crypto_box`, or None."""
    shared = x25519(secret, public_key)
    if shared is None:
        return None
    key = hsalsa20(hsalsa20(shared, bytes(16)), nonce[:16])
    tag, ciphertext = box[:16], box[16:]
    stream = _salsa20_stream(key, nonce[16:24], 32 + len(ciphertext))
    if not hmac.compare_digest(tag, Poly1305.generate_tag(stream[:32], ciphertext)):
        return None
    return bytes(a ^ b for a, b in zip(ciphertext, stream[32:], strict=True))


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """Return the key that ChaCha20 derives from a key and 16 bytes."""
    x = [*_SIGMA, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)]
    for _ in range(10):
        for a, b, c, d in _CHACHA_ROUNDS:
            for first, second, third, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[first] = (x[first] + x[second]) & 0xFFFFFFFF
                x[third] = _rotate(x[third] ^ x[first], bits)
    return struct.pack("<8I", *x[:4], *x[12:])


def xchacha_open(body: bytes, key: bytes, nonce: bytes, aad: bytes) -> bytes | None:
    """Return the plaintext of XChaCha20-Poly1305, or None."""
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    try:
        return cipher.decrypt(bytes(4) + nonce[16:24], body, aad)
    except InvalidTag:
        return None


def padded(length: int) -> int:
    """Return the length to which a plaintext of a length is filled up."""
    if length <= 1024:
        return 1024
    exponent = length.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return (length + mask) & ~mask


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over the data of at least one leaf."""
    if len(leaves) == 1:
        return sha256(b"\x00", leaves[0])
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01", tree_root(leaves[:left]), tree_root(leaves[left:]))


def siblings_of(place: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the siblings of a leaf, from below."""
    if len(leaves) == 1:
        return []
    left = 1 << (len(leaves) - 1).bit_length() - 1
    if place < left:
        return [*siblings_of(place, leaves[:left]), tree_root(leaves[left:])]
    return [*siblings_of(place - left, leaves[left:]), tree_root(leaves[:left])]


def proof_leads_to(root: bytes, leaf: bytes, index: int, size: int, siblings: Sequence[bytes]) -> bool:
    """Return whether the siblings lead from a leaf's data to the root of a tree of a size."""
    if not 0 <= index < size:
        return False
    node, last, rest = sha256(b"\x00", leaf), size - 1, list(siblings)
    while last > 0:
        if index % 2 or index != last:
            if not rest:
                return False
            sibling = rest.pop(0)
            node = sha256(b"\x01", sibling, node) if index % 2 else sha256(b"\x01", node, sibling)
        index, last = index // 2, last // 2
    return not rest and node == root
