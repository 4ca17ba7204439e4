"""
A ciphertext of XChaCha20-Poly1305 that opens under two keys: the attack that the commitment is for.

Poly1305 is linear in each block: for two keys, one block of the ciphertext can be solved for so that both give the same tag.
Let tag = (h mod p) + s mod 2^128, and h = rest + block * r^k. Then block = (s2 - s1 + m*2^128 - rest1 + rest2) / (r1^k - r2^k)
mod p for a small m, tried until the block has 16 bytes and both tags agree.
"""

from __future__ import annotations

import struct
from itertools import count

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

__all__ = ["collide", "hchacha20"]

_P = 2**130 - 5
_WORD = 0xFFFFFFFF
_QUARTERS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)


def collide(keys: tuple[bytes, bytes], aad: bytes, ciphertext: bytes, hole: int, spare: int) -> bytes:
    """
    Change one block of a ciphertext so that it has the same tag under both keys, the nonce being zero.

    Args:
        keys: The two keys.
        aad: Additional data, the same for both.
        ciphertext: Without tag.
        hole: Number of the 16-byte block to solve for.
        spare: Number of a block that may be changed while trying.

    Returns:
        The ciphertext with the tag that both keys accept.
    """
    one_time = [_one_time_key(key) for key in keys]
    for attempt in count():
        changed = _replace(ciphertext, spare, attempt.to_bytes(16, "little"))
        for carry in range(-4, 5):
            block = _solve(one_time, _blocks(aad, changed), hole + _padded(aad) // 16, carry)
            if block is None:
                continue
            solved = _replace(changed, hole, block)
            tags = {_tag(key, _blocks(aad, solved)) for key in one_time}
            if len(tags) == 1:
                return solved + tags.pop()
    raise AssertionError("count() does not end")


def _solve(one_time: list[tuple[int, int]], blocks: list[int], hole: int, carry: int) -> bytes | None:
    (r1, s1), (r2, s2) = one_time
    power = len(blocks) - hole
    empty = [0 if place == hole else block for place, block in enumerate(blocks)]
    rest = _evaluate(r1, empty) - _evaluate(r2, empty)
    value = (s2 - s1 + carry * 2**128 - rest) * pow(pow(r1, power, _P) - pow(r2, power, _P), -1, _P) % _P
    return (value - 2**128).to_bytes(16, "little") if 2**128 <= value < 2**129 else None


def _evaluate(r: int, blocks: list[int]) -> int:
    h = 0
    for block in blocks:
        h = (h + block) * r % _P
    return h


def _tag(key: tuple[int, int], blocks: list[int]) -> bytes:
    r, s = key
    return ((_evaluate(r, blocks) + s) % 2**128).to_bytes(16, "little")


def _blocks(aad: bytes, ciphertext: bytes) -> list[int]:
    """Return what Poly1305 reads in the AEAD of RFC 8439, as numbers with their top bit."""
    data = aad.ljust(_padded(aad), b"\0") + ciphertext.ljust(_padded(ciphertext), b"\0")
    data += struct.pack("<QQ", len(aad), len(ciphertext))
    return [int.from_bytes(data[i : i + 16], "little") + 2**128 for i in range(0, len(data), 16)]


def _padded(data: bytes) -> int:
    return -(-len(data) // 16) * 16


def _replace(data: bytes, block: int, value: bytes) -> bytes:
    return data[: block * 16] + value + data[block * 16 + 16 :]


def _one_time_key(key: bytes) -> tuple[int, int]:
    """Return r and s of Poly1305 for a key and the zero nonce."""
    block = Cipher(ChaCha20(hchacha20(key, bytes(16)), bytes(16)), None).encryptor().update(bytes(32))
    return int.from_bytes(block[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, int.from_bytes(block[16:], "little")


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """Return the 32-byte key that HChaCha20 makes of a key and 16 bytes."""
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))
    for _ in range(10):
        for a, b, c, d in _QUARTERS:
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & _WORD
                mixed = state[z] ^ state[x]
                state[z] = (mixed << turn | mixed >> (32 - turn)) & _WORD
    return struct.pack("<8I", *state[:4], *state[12:])
