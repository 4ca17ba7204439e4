"""One ciphertext, two texts: what the commitment is for."""

from __future__ import annotations

import pytest

from gateway.envelope import MemoryKeyring, open_delivery, primitives
from gateway.envelope.primitives import SecretKey
from gateway.errors import CannotOpen
from tests.envelope.world import delivery_key, seed_of
from tests.vectors.envelope_forge import ME, OTHER
from tests.vectors.envelope_inside import TwoKeys
from tests.vectors.two_keys import collide

KEYS = SecretKey(seed_of("one")), SecretKey(seed_of("two"))
NONCE = bytes(24)


def keystream(key: SecretKey, length: int) -> bytes:
    """Return what a text is mixed with under this key."""
    return primitives.aead_seal(key, NONCE, bytes(length), b"")[:length]


def mixed(text: bytes, stream: bytes) -> bytes:
    """Encrypt with a stream."""
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def test_the_cipher_alone_lets_one_body_hold_two_texts() -> None:
    """Without a commitment two recipients could be shown two different texts under one signature: here they are."""
    texts = b"Release the witness list to nobody".ljust(48), b"Release the witness list to everybody".ljust(48)
    ciphertext = mixed(texts[0], keystream(KEYS[0], 48)) + bytes(32) + mixed(texts[1], keystream(KEYS[1], 128)[80:])
    body = collide((KEYS[0].unsafe_bytes, KEYS[1].unsafe_bytes), b"aad", ciphertext, hole=3, spare=4)
    opened = [primitives.aead_open(key, NONCE, body, b"aad") for key in KEYS]
    assert opened[0] is not None
    assert opened[1] is not None
    assert opened[0].startswith(texts[0])
    assert opened[1].endswith(texts[1])


def test_the_commitment_refuses_the_second_key() -> None:
    """Of a body that opens under two keys, the envelope opens only for whoever has the key it commits to."""
    forge = TwoKeys("two keys")
    delivery = forge.delivery()
    assert None not in forge.texts
    assert forge.texts[0] != forge.texts[1]
    with pytest.raises(CannotOpen) as refused:
        open_delivery(delivery, me=ME, keyring=MemoryKeyring(ME, [], [delivery_key(ME)]), answers=forge.world, now=forge.now)
    assert (refused.value.code, refused.value.reason) == ("cannot-open", "commit")


def test_the_commitment_names_the_first_key() -> None:
    """Under the key that it commits to, the same body decrypts, and the author's signature refuses the block solved for."""
    forge = TwoKeys("two keys", me=OTHER)
    forge.wrapped = lambda place: forge.cek  # type: ignore[method-assign]  # now both get the first key
    mine = MemoryKeyring(OTHER, [], [delivery_key(OTHER)])
    with pytest.raises(CannotOpen) as refused:
        open_delivery(forge.delivery(), me=OTHER, keyring=mine, answers=forge.world, now=forge.now)
    assert refused.value.reason == "author-signature"
