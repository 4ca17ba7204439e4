"""
XSalsa20-Poly1305 and `crypto_box` written out from schemas/envelope.md, to hold the library against the text.

Slow and not constant-time: for tests.
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives.poly1305 import Poly1305

__all__ = ["box_with_shared", "hsalsa20"]

_WORD = 0xFFFFFFFF
_COLUMNS = ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11))
_ROWS = ((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14))


def box_with_shared(shared: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    """Return `crypto_box` of a plaintext, from the X25519 shared secret on."""
    key = hsalsa20(hsalsa20(shared, bytes(16)), nonce[:16])
    stream = b"".join(_salsa20(key, nonce[16:], block) for block in range(-(-(32 + len(plaintext)) // 64)))
    ciphertext = bytes(a ^ b for a, b in zip(plaintext, stream[32:], strict=False))
    return Poly1305.generate_tag(stream[:32], ciphertext) + ciphertext


def _state(key: bytes, middle: bytes) -> list[int]:
    sigma = struct.unpack("<4I", b"expand 32-byte k")
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", middle)
    return [sigma[0], *k[:4], sigma[1], *n, sigma[2], *k[4:], sigma[3]]


def _rounds(state: list[int]) -> list[int]:
    x = list(state)
    for _ in range(10):
        for a, b, c, d in (*_COLUMNS, *_ROWS):
            for to, left, right, turn in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
                total = (x[left] + x[right]) & _WORD
                x[to] ^= (total << turn | total >> (32 - turn)) & _WORD
    return x


def hsalsa20(key: bytes, nonce: bytes) -> bytes:
    """Return the 32-byte key that HSalsa20 makes of a key and 16 bytes."""
    x = _rounds(_state(key, nonce))
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def _salsa20(key: bytes, nonce: bytes, block: int) -> bytes:
    state = _state(key, nonce + struct.pack("<Q", block))
    return struct.pack("<16I", *((a + b) & _WORD for a, b in zip(state, _rounds(state), strict=True)))
