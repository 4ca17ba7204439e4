"""What thieves and strangers hand to a gateway: each is one line of the simulated world, refused with its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.cards import CardKey, DeliveryCard, KeyCard, parse_card, sign_delivery_card, sign_key_card
from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.directory.registrar import accept_card
from gateway.envelope.contexts import key_card_message
from gateway.envelope.keys import DeliveryKey, SigningKey, Use
from gateway.errors import Rejected
from tests.support.network import World, counter_rng, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.network import Member

NOW = 2_000_000_000


def victim(world: World) -> Member:
    """Return whose place the attacker wants."""
    return world.member("NCB-QM")


def delivery_card(member: Member, **changes: object) -> bytes:
    """Sign a later delivery card with some fields changed."""
    card = parse_card(member.delivery_card(NOW, serial=2))[1]
    assert isinstance(card, DeliveryCard)
    return sign_delivery_card(msgspec.structs.replace(card, **changes), member.keyring)


def key_card(member: Member, identity: SigningKey | None = None, **changes: object) -> bytes:
    """Sign a later key card with some fields changed."""
    card = parse_card(member.key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    return sign_key_card(msgspec.structs.replace(card, **changes), identity or member.identity)


def key_card_unchecked(member: Member, keys: tuple[CardKey, ...]) -> bytes:
    """Sign a later key card as software does that does not look at what it signs."""
    card = parse_card(member.key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    data = msgspec.msgpack.encode(msgspec.structs.replace(card, keys=keys))
    signature = member.identity.sign(key_card_message(data))
    return msgspec.msgpack.encode([data, member.identity.key_id, signature])


def revoke(world: World, key: SigningKey) -> None:
    """Let the authority revoke a key as stolen an hour ago."""
    row = KeyRevocation(key_id=key.key_id.hex(), revoked_at=NOW - 3600, reason=RevocationReason.STOLEN)
    world.revoked = (*world.revoked, row)
    world.publish()


def a_card_of_another(world: World) -> tuple[bytes, str]:
    """Publish, as oneself, the card of another participant."""
    return world.member("GN-QN").key_card(NOW, serial=2), "card-bad"


def a_card_in_anothers_name(world: World) -> tuple[bytes, str]:
    """Sign a card for another's address with one's own identity key."""
    thief = world.member("GN-QN")
    own = SigningKey.from_seed(victim(world).address, Use.IDENTITY, thief.identity.unsafe_export())
    return key_card(victim(world), own), "card-bad"


def a_lower_serial(world: World) -> tuple[bytes, str]:
    """Publish an older card again."""
    return victim(world).delivery_card(NOW, serial=1), "card-serial"


def a_back_dated_card(world: World) -> tuple[bytes, str]:
    """Date a delivery card back into the time before the agent key was stolen."""
    revoke(world, victim(world).key(Use.AGENT))
    return delivery_card(victim(world), issued=NOW - 7200, expires=NOW + 86_400), "card-bad"


def a_stolen_identity(world: World) -> tuple[bytes, str]:
    """List keys of one's own with an identity key that was stolen, dated back before the theft."""
    revoke(world, victim(world).identity)
    return key_card(victim(world), issued=NOW - 7200, expires=NOW + 86_400), "card-bad"


def a_key_of_another(world: World) -> tuple[bytes, str]:
    """List a delivery key that somebody else has."""
    other = world.member("GN-QN").delivery[0]
    twin = DeliveryKey.from_seed(victim(world).address, Use.DELIVERY, other.unsafe_export())
    member = victim(world)
    card = parse_card(member.delivery_card(NOW, serial=2))[1]
    assert isinstance(card, DeliveryCard)
    stolen = msgspec.structs.replace(card.keys[0], key=twin.public.key)
    return sign_delivery_card(msgspec.structs.replace(card, keys=(*card.keys, stolen)), member.keyring), "key-taken"


def a_key_of_another_use(world: World) -> tuple[bytes, str]:
    """List one's agent key as an approval key too, so that one officer is two."""
    member = victim(world)
    twin = SigningKey.from_seed(member.address, Use.APPROVAL, member.key(Use.AGENT).unsafe_export())
    card = parse_card(member.key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    others = tuple(key for key in card.keys if key.use is not Use.APPROVAL)
    return key_card_unchecked(member, (*others, CardKey.of(twin, NOW - 300, NOW + 9_000))), "key-taken"


def a_forgotten_key(world: World) -> tuple[bytes, str]:
    """Leave out a key whose messages one would rather not have signed."""
    card = parse_card(victim(world).key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    return key_card(victim(world), keys=card.keys[1:]), "card-bad"


def a_key_without_possession(world: World) -> tuple[bytes, str]:
    """List a key that somebody else's software made, without its signature."""
    card = parse_card(victim(world).key_card(NOW, serial=2))[1]
    assert isinstance(card, KeyCard)
    other = SigningKey.generate(victim(world).address, Use.AUTHOR, counter_rng("other"))
    claimed = msgspec.structs.replace(card.keys[0], key=other.public.key)
    return key_card_unchecked(victim(world), (*card.keys, claimed)), "possession"


ATTACKS = [
    a_card_of_another,
    a_card_in_anothers_name,
    a_lower_serial,
    a_back_dated_card,
    a_stolen_identity,
    a_key_of_another,
    a_key_of_another_use,
    a_forgotten_key,
    a_key_without_possession,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_gateway_refuses_it_and_keeps_the_last_good_state(attack: Callable[[World], tuple[bytes, str]]) -> None:
    """Whoever publishes what is not his, or is no longer good, gets a code; the directory stays as it was."""
    world = make_world(["NCB-QM", "GN-QN"], NOW)
    card, code = attack(world)
    before = world.directory
    with pytest.raises(Rejected) as caught:
        accept_card(world.directory, victim(world).address, card, NOW)
    assert caught.value.code == code
    world.read()
    assert world.directory == before


def test_a_message_that_a_thief_dates_back_does_not_verify() -> None:
    """A stolen author key signs for any `created`, but what counts is when the gateway took the message."""
    world = make_world(["NCB-QM"], NOW)
    author = victim(world).key(Use.AUTHOR)
    revoke(world, author)
    record = world.directory.key(author.key_id)
    assert record is not None
    assert not record.good_for_signing(NOW, NOW)
    assert not record.good_for_signing(NOW - 3600, NOW)
    assert record.good_for_signing(NOW - 300, NOW - 3601)
