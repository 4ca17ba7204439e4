"""Which new card a gateway publishes, and which it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.cards import (
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    parse_card,
    sign_delivery_card,
    sign_key_card,
)
from gateway.directory.entries import KeyRevocation, RevocationReason, Status
from gateway.directory.registrar import accept_card
from gateway.envelope.keys import DeliveryKey, SigningKey, Use
from gateway.errors import Rejected
from gateway.ids import Address
from tests.support.network import World, counter_rng

if TYPE_CHECKING:
    from tests.support.network import Member

NOW = 2_000_000_000
QM = Address("NCB-QM@icn")


def refused(world: World, data: bytes, sender: Address = QM) -> str:
    """Return the code with which a card is refused."""
    with pytest.raises(Rejected) as caught:
        accept_card(world.directory, sender, data, world.now)
    return caught.value.code


def next_delivery(member: Member, **changes: object) -> bytes:
    """Sign the participant's next delivery card with some fields changed."""
    card = parse_card(member.delivery_card(NOW, serial=2))[1]
    assert isinstance(card, DeliveryCard)
    return sign_delivery_card(msgspec.structs.replace(card, **changes), member.keyring)


def next_keys(member: Member, **changes: object) -> bytes:
    """Sign the participant's next key card with some fields changed."""
    card = parse_card(member.key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    return sign_key_card(msgspec.structs.replace(card, **changes), member.identity)


def test_a_higher_serial_is_taken(world: World) -> None:
    """A participant publishes its next cards by itself."""
    member = world.member("NCB-QM")
    assert accept_card(world.directory, QM, member.delivery_card(NOW, serial=2), NOW) == "cards/NCB-QM/delivery"
    assert accept_card(world.directory, QM, member.key_card(NOW, serial=2), NOW) == "cards/NCB-QM/key"


def test_a_serial_that_is_not_higher_is_refused(world: World) -> None:
    """An old card cannot come back, and the same one is not published twice."""
    member = world.member("NCB-QM")
    assert refused(world, member.delivery_card(NOW, serial=1)) == "card-serial"
    assert refused(world, member.key_card(NOW, serial=0)) == "card-serial"


def test_a_card_is_published_by_its_holder_alone(world: World) -> None:
    """Not by another participant, not by a stranger, not by one that is suspended."""
    card = world.member("NCB-QM").delivery_card(NOW, serial=2)
    assert refused(world, card, Address("GN-QN@icn")) == "card-bad"
    assert refused(world, card, Address("NCB-XX@icn")) == "sender-unknown"
    world.change("NCB-QM", status=Status.SUSPENDED)
    world.publish()
    assert refused(world, card) == "sender-unknown"


def test_a_card_that_waited_for_a_gateway_is_taken_until_it_ends(world: World) -> None:
    """A home that had no gateway for weeks publishes the card that it made; one from the future is refused."""
    member = world.member("NCB-QM")
    card = member.delivery_card(NOW, serial=2)
    world.now += 20 * 86_400
    assert accept_card(world.directory, QM, card, world.now) == "cards/NCB-QM/delivery"
    world.now += 40 * 86_400
    assert refused(world, card) == "out-of-time"
    world.now = NOW - 301
    assert refused(world, card) == "out-of-time"


def test_closed_keys_stay_listed(world: World) -> None:
    """A card that leaves out a key, or changes its past, is refused: old messages must stay readable."""
    member = world.member("NCB-QM")
    new = DeliveryKey.generate(QM, Use.DELIVERY, counter_rng("new"))
    listed = DeliveryCardKey(key=new.public.key, not_before=NOW, not_after=NOW + 86_400)
    old = parse_card(member.delivery_card(NOW))[1].keys[0]
    assert isinstance(old, DeliveryCardKey)
    assert refused(world, next_delivery(member, keys=(listed,))) == "card-bad"
    world.now = NOW + 1_000
    for change in ({"not_before": old.not_before + 1}, {"not_after": NOW + 500}):
        changed = msgspec.structs.replace(old, **change)
        assert refused(world, next_delivery(member, keys=(changed, listed))) == "card-bad"
    closed_now = msgspec.structs.replace(old, not_after=world.now)
    assert accept_card(world.directory, QM, next_delivery(member, keys=(closed_now, listed)), world.now)


def test_a_key_that_stands_elsewhere_is_refused(world: World) -> None:
    """Nobody publishes another one's key, nor its own for another use."""
    member, victim = world.member("NCB-QM"), world.member("GN-QN")
    own = parse_card(member.delivery_card(NOW))[1].keys
    stolen = parse_card(victim.delivery_card(NOW))[1].keys
    assert refused(world, next_delivery(member, keys=(*own, *stolen))) == "key-taken"
    twin = SigningKey.from_seed(QM, Use.AGENT, member.identity.unsafe_export())
    keys = parse_card(member.key_card(NOW))[1].keys
    with pytest.raises(Rejected, match="key-taken"):
        next_keys(member, keys=(*keys, CardKey.of(twin, NOW, NOW + 10)))
    signing = SigningKey.from_seed(QM, Use.AUTHOR, victim.key(Use.AGENT).unsafe_export())
    assert refused(world, next_keys(member, keys=(*keys, CardKey.of(signing, NOW, NOW + 10)))) == "key-taken"


def test_a_participant_without_a_key_card_has_no_delivery_card(world: World) -> None:
    """Delivery keys hang from signing keys that the identity key signed."""
    member = world.member("NCB-QM")
    world.put_cards({"cards/NCB-QM/key": b"held back"})
    assert refused(world, member.delivery_card(NOW, serial=2)) == "card-bad"


def test_a_closed_or_revoked_agent_key_publishes_nothing(world: World) -> None:
    """Who has an agent key that is over cannot date a card back into its time."""
    member = world.member("NCB-QM")
    card = next_delivery(member, expires=NOW + 60 * 86_400)
    agent = member.key(Use.AGENT)
    keys = tuple(
        msgspec.structs.replace(key, not_after=NOW + 10) if key.use is Use.AGENT else key
        for key in parse_card(member.key_card(NOW))[1].keys
        if isinstance(key, CardKey)
    )
    world.put_cards({"cards/NCB-QM/key": next_keys(member, keys=keys)})
    assert accept_card(world.directory, QM, card, NOW + 9)
    world.now = NOW + 10
    assert refused(world, card) == "card-bad"
    world.now = NOW
    world.revoked = (KeyRevocation(key_id=agent.key_id.hex(), revoked_at=NOW + 1_000, reason=RevocationReason.STOLEN),)
    world.publish()
    assert refused(world, card) == "card-bad"


def test_a_revoked_identity_key_signs_no_card(world: World) -> None:
    """Who stole an identity key cannot go on after the authority took it away, whatever the status says."""
    member = world.member("NCB-QM")
    card = member.key_card(NOW, serial=2)
    assert accept_card(world.directory, QM, card, NOW)
    identity = member.identity.key_id.hex()
    world.revoked = (KeyRevocation(key_id=identity, revoked_at=NOW, reason=RevocationReason.STOLEN),)
    world.publish()
    assert refused(world, card) == "card-bad"
