"""Keys: one use each, bound to their holder, refused where they enter when they are not good."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gateway.envelope import DeliveryKey, KeyRecord, MemoryKeyring, PublicKey, SigningKey, Use, key_id, primitives
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, KeyId
from tests.envelope.world import NOW, SENDER, delivery_key, keyring, seed_of, signing_key

OTHER = Address("GN-QN@icn")
SIGNING_USES = [use for use in Use if use is not Use.DELIVERY]
P = 2**255 - 19
SMALL_ORDER_X25519 = [value.to_bytes(32, "little") for value in (0, 1, P - 1, P, P + 1)]
# Ed25519: the identity, the points of order 2, 4 and 8, and second spellings of them.
SMALL_ORDER_ED25519 = [
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    bytes(32),
    bytes(31) + b"\x80",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    P.to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
]


@pytest.mark.parametrize("size", [0, 31, 33, 64])
@pytest.mark.parametrize("use", list(Use))
def test_a_key_of_wrong_size_is_refused(use: Use, size: int) -> None:
    """A public key that is too short or too long is refused for every use."""
    with pytest.raises(Rejected) as refused:
        PublicKey(SENDER, use, b"\x09" * size)
    assert refused.value.code == "bad-key"


@pytest.mark.parametrize("key", SMALL_ORDER_X25519, ids=bytes.hex)
def test_a_delivery_key_of_small_order_is_refused(key: bytes) -> None:
    """Nobody can list a delivery key that would make the content key readable to all."""
    with pytest.raises(Rejected, match="bad-key"):
        PublicKey(SENDER, Use.DELIVERY, key)


@pytest.mark.parametrize("key", SMALL_ORDER_ED25519, ids=bytes.hex)
@pytest.mark.parametrize("use", SIGNING_USES)
def test_a_signing_key_of_small_order_is_refused(use: Use, key: bytes) -> None:
    """Nobody can list a signing key under which one signature fits many messages."""
    with pytest.raises(Rejected, match="bad-key"):
        PublicKey(SENDER, use, key)


def test_a_point_of_small_order_added_to_a_key_is_refused() -> None:
    """A key with a part of small order is refused: verifiers disagree on its signatures."""
    from nacl import bindings  # noqa: PLC0415 - to build the bad key; the project itself has one importer

    good = signing_key(SENDER, Use.AGENT).public.key
    mixed = bindings.crypto_core_ed25519_add(good, SMALL_ORDER_ED25519[4])
    assert primitives.is_good_ed25519(good)
    with pytest.raises(Rejected, match="bad-key"):
        PublicKey(SENDER, Use.AGENT, mixed)


def test_the_id_binds_use_key_and_holder() -> None:
    """The id of a key is what the specification says, and another use, name or key has another id."""
    public = signing_key(SENDER, Use.AGENT).public
    written = sha256(b"env1/key/agent\x00" + public.key + b"NCB-QM@icn").digest()[:16]
    assert public.key_id == written == key_id(Use.AGENT, public.key, SENDER)
    assert len({public.key_id, key_id(Use.AUTHOR, public.key, SENDER), key_id(Use.AGENT, public.key, OTHER)}) == 3


def test_a_record_under_another_name_cannot_be_made() -> None:
    """A directory that lists one participant's key id for another participant is refused."""
    public = signing_key(SENDER, Use.AUTHOR).public
    with pytest.raises(Rejected) as refused:
        KeyRecord(OTHER, Use.AUTHOR, public.key, public.key_id, NOW, NOW + 1)
    assert refused.value.code == "bad-key"
    with pytest.raises(Rejected):
        KeyRecord(SENDER, Use.AGENT, public.key, public.key_id, NOW, NOW + 1)


@pytest.mark.parametrize(
    ("first", "last", "good"),
    [(99, 99, False), (100, 100, True), (199, 250, False), (149, 249, True), (150, 150, False), (149, 250, False)],
)
def test_a_signing_key_is_good_within_its_times(first: int, last: int, good: bool) -> None:  # noqa: FBT001 - a verdict
    """A signature counts when it was accepted within the key's times and arrived before the key was revoked."""
    record = KeyRecord.of(signing_key(SENDER, Use.AGENT).public, 100, 150, 250)
    assert record.good_for_signing(first, last) is good


def test_a_delivery_key_is_current_until_it_closes_or_is_revoked() -> None:
    """Nothing is sealed to a key before it begins, from its last second on, or once it is revoked."""
    public = delivery_key(SENDER).public
    assert [KeyRecord.of(public, 100, 150).current(at) for at in (99, 100, 149, 150)] == [False, True, True, False]
    assert [KeyRecord.of(public, 100, 150, 120).current(at) for at in (119, 120)] == [True, False]


def test_keys_are_used_for_one_thing() -> None:
    """A delivery key does not sign, and a signing key is not sealed to."""
    with pytest.raises(Rejected, match="bad-key"):
        SigningKey.from_seed(SENDER, Use.DELIVERY, bytes(32))
    with pytest.raises(Rejected, match="bad-key"):
        DeliveryKey.from_seed(SENDER, Use.AGENT, bytes(32))


@pytest.mark.parametrize("kind", [SigningKey, DeliveryKey])
def test_a_seed_of_wrong_size_is_refused(kind: type[SigningKey | DeliveryKey]) -> None:
    """A secret that is too short or too long never becomes a key."""
    for size in (0, 31, 33):
        with pytest.raises(Rejected, match="bad-key"):
            kind.from_seed(SENDER, Use.AGENT, bytes(size))


def test_new_keys_come_from_the_generator() -> None:
    """A new key is made of 32 fresh random bytes, and the same bytes make the same key again."""
    made = SigningKey.generate(SENDER, Use.AGENT, lambda count: seed_of("x")[:count])
    assert made.unsafe_export() == seed_of("x")
    assert made.key_id == SigningKey.from_seed(SENDER, Use.AGENT, seed_of("x")).key_id


def test_a_keyring_holds_one_participants_keys() -> None:
    """A keyring refuses another participant's key, and says which public keys it has."""
    with pytest.raises(Rejected, match="bad-key"):
        MemoryKeyring(OTHER, [signing_key(SENDER, Use.AGENT)])
    uses = [key.use for key in keyring(SENDER).public_keys()]
    assert uses == [Use.IDENTITY, Use.AUTHOR, Use.AGENT, Use.APPROVAL, Use.DELIVERY]


def test_a_keyring_says_what_it_cannot_do() -> None:
    """Signing without a key, and opening for a key that is gone, are refused with their codes."""
    ring = MemoryKeyring(SENDER, [])
    with pytest.raises(Rejected) as refused:
        ring.sign(Use.AGENT, b"message")
    assert refused.value.code == "bad-key"
    with pytest.raises(CannotOpen) as gone:
        ring.unwrap(KeyId(bytes(16)), bytes(48), bytes(24), bytes(32))
    assert gone.value.code == "key-gone"
    with pytest.raises(CannotOpen) as broken:
        keyring(SENDER).unwrap(delivery_key(SENDER).key_id, bytes(48), bytes(24), bytes(32))
    assert broken.value.reason == "wrap"


def test_what_must_outlive_a_rotation_is_signed_with_each_key() -> None:
    """While two keys for one use overlap, one call signs with both, oldest first; without a key it signs nothing."""
    older, newer = signing_key(SENDER, Use.LOG, 1), signing_key(SENDER, Use.LOG, 2)
    ring = MemoryKeyring(SENDER, [older, signing_key(SENDER, Use.AGENT), newer])
    signed = ring.sign_with_each(Use.LOG, b"message")
    assert [key for key, _ in signed] == [older.public, newer.public]
    assert all(primitives.verify(key.key, b"message", signature) for key, signature in signed)
    assert ring.sign_with_each(Use.OPERATOR, b"message") == []


def test_the_newest_key_signs() -> None:
    """Of two keys for one use the one given last signs, and its id says so."""
    older, newer = signing_key(SENDER, Use.AGENT, 1), signing_key(SENDER, Use.AGENT, 2)
    signature = MemoryKeyring(SENDER, [older, newer]).sign(Use.AGENT, b"message")
    assert signature.key_id == newer.key_id
    assert primitives.verify(newer.public.key, b"message", signature.signature)
