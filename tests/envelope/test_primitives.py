"""The primitives as we call them, against Project Wycheproof and against their own descriptions."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from gateway.envelope import primitives
from gateway.envelope.primitives import SecretKey
from gateway.errors import Rejected
from tests.envelope.salsa import box_with_shared
from tests.vectors.shared import wycheproof

NONCE = bytes(range(24))
CEK = SecretKey(bytes(range(32)))


def h(text: str) -> bytes:
    """Decode hex."""
    return bytes.fromhex(text)


def test_ed25519_judges_as_wycheproof_does() -> None:
    """Signatures are accepted and refused as the authors of the vectors expect."""
    for group, test in wycheproof("ed25519"):
        good = primitives.verify(h(group["publicKey"]["pk"]), h(test["msg"]), h(test["sig"]))
        assert good is (test["result"] == "valid"), test


def test_xchacha20_poly1305_judges_as_wycheproof_does() -> None:
    """Bodies open, and are refused, as the authors of the vectors expect."""
    checked = 0
    for group, test in wycheproof("xchacha20_poly1305"):
        if group["ivSize"] != 192:
            continue
        key, nonce, aad = SecretKey(h(test["key"])), h(test["iv"]), h(test["aad"])
        opened = primitives.aead_open(key, nonce, h(test["ct"]) + h(test["tag"]), aad)
        assert opened == (h(test["msg"]) if test["result"] == "valid" else None), test
        if opened is not None:
            assert primitives.aead_seal(key, nonce, opened, aad) == h(test["ct"]) + h(test["tag"])
        checked += 1
    assert checked > 250


def test_hkdf_gives_what_wycheproof_expects() -> None:
    """Keys are derived as RFC 5869 says, and never longer than it allows."""
    for _, test in wycheproof("hkdf_sha256"):
        if test["result"] == "valid":
            made = primitives.hkdf_sha256(SecretKey(h(test["ikm"])), h(test["salt"]), h(test["info"]), test["size"])
            assert made.unsafe_bytes == h(test["okm"]), test
        else:
            with pytest.raises(ValueError, match="more than HKDF"):
                primitives.hkdf_sha256(SecretKey(h(test["ikm"])), h(test["salt"]), h(test["info"]), test["size"])


def test_box_uses_the_shared_secret_that_wycheproof_expects() -> None:
    """A wrap is made of the right shared secret, by the construction that the specification writes out."""
    for _, test in wycheproof("x25519"):
        public, secret = h(test["public"]), SecretKey(h(test["private"]))
        if h(test["shared"]) == bytes(32):
            continue
        sealed = primitives.box(CEK, NONCE, public, secret)
        assert sealed == box_with_shared(h(test["shared"]), NONCE, CEK.unsafe_bytes), test


def test_keys_of_small_order_are_refused_where_they_enter() -> None:
    """A public key that makes every shared secret zero is no key: not for sealing to, and not as a sender's ephemeral key."""
    refused = 0
    for _, test in wycheproof("x25519"):
        if h(test["shared"]) != bytes(32):
            continue
        public, secret = h(test["public"]), SecretKey(h(test["private"]))
        assert not primitives.is_good_x25519(public)
        with pytest.raises(Rejected) as caught:
            primitives.box(CEK, NONCE, public, secret)
        assert caught.value.code == "bad-key"
        assert primitives.unbox(bytes(48), NONCE, public, secret) is None
        refused += 1
    assert refused >= 12


def test_a_second_spelling_of_a_key_is_refused() -> None:
    """A key has one spelling, so that a listed key cannot be listed again under another id."""
    flagged = [test for _, test in wycheproof("x25519") if "NonCanonicalPublic" in test["flags"]]
    assert flagged
    assert not any(primitives.is_good_x25519(h(test["public"])) for test in flagged)


def test_box_is_the_documented_construction() -> None:
    """Another implementation of X25519 and Salsa20 opens our wraps and makes ones that we open."""
    ours, theirs = SecretKey(sha256(b"ours").digest()), X25519PrivateKey.from_private_bytes(sha256(b"theirs").digest())
    shared = theirs.exchange(X25519PublicKey.from_public_bytes(primitives.box_public(ours)))
    their_key = theirs.public_key().public_bytes_raw()
    made = box_with_shared(shared, NONCE, CEK.unsafe_bytes)
    assert primitives.box(CEK, NONCE, their_key, ours) == made
    opened = primitives.unbox(made, NONCE, their_key, ours)
    assert opened is not None
    assert opened.unsafe_bytes == CEK.unsafe_bytes


def test_what_is_too_short_does_not_open() -> None:
    """Truncated wraps, bodies and signatures are refused, not crashed on."""
    assert primitives.aead_open(CEK, NONCE, b"", b"") is None
    assert primitives.unbox(b"", NONCE, primitives.box_public(CEK), CEK) is None
    assert not primitives.verify(bytes(32), b"", b"")
    assert not primitives.verify(b"", b"", bytes(64))
