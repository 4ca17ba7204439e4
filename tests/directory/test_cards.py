"""Cards are believed when their holder signed them, and for as long as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.cards import (
    CARD_USES,
    DELIVERY_CARD_S,
    DELIVERY_KEY_S,
    KEY_CARD_S,
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    Reads,
    SignedCard,
    card_path,
    parse_card,
    sign_delivery_card,
    sign_key_card,
    verify_delivery_card,
    verify_key_card,
)
from gateway.envelope.form import encode
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected
from tests.support.network import Member, counter_rng, make_member

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 2_000_000_000


@pytest.fixture
def member() -> Member:
    """Return a participant."""
    return make_member("NCB-QM")


def key_card(member: Member, **changes: object) -> KeyCard:
    """Return a key card with some fields changed, not yet signed."""
    card = parse_card(member.key_card(NOW))[1]
    assert isinstance(card, KeyCard)
    return msgspec.structs.replace(card, **changes)


def delivery_card(member: Member, **changes: object) -> DeliveryCard:
    """Return a delivery card with some fields changed, not yet signed."""
    card = parse_card(member.delivery_card(NOW))[1]
    assert isinstance(card, DeliveryCard)
    return msgspec.structs.replace(card, **changes)


def code(action: Callable[[], object]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(Rejected) as caught:
        action()
    return caught.value.code


def test_a_card_reads_back_as_it_was_signed(member: Member) -> None:
    """What the identity key signed is what everybody reads, key by key."""
    card = verify_key_card(member.key_card(NOW), member.identity.public)
    assert [(record.use, record.key_id) for record in card.records()] == [
        (key.public.use, key.key_id) for key in member.signing
    ]
    assert card_path(card) == "cards/NCB-QM/key"
    delivery = verify_delivery_card(member.delivery_card(NOW), card)
    assert [record.key_id for record in delivery.records()] == [key.key_id for key in member.delivery]
    assert card_path(delivery) == "cards/NCB-QM/delivery"


def test_no_key_outlives_its_card(member: Member) -> None:
    """A key is good until its own end or its card's, whichever comes first."""
    card = key_card(member, expires=NOW + 100)
    assert {record.not_after for record in card.records()} == {NOW + 100}


def test_a_card_signed_by_another_identity_is_refused(member: Member) -> None:
    """Nobody lists keys in another participant's name."""
    other = make_member("GN-QN")
    assert code(lambda: verify_key_card(other.key_card(NOW), member.identity.public)) == "card-bad"
    imposter = SigningKey.generate(member.address, Use.IDENTITY, counter_rng("imposter"))
    assert code(lambda: verify_key_card(sign_key_card(key_card(member), imposter), member.identity.public)) == "card-bad"


def test_any_changed_byte_of_a_card_is_refused(member: Member) -> None:
    """A card is the bytes that were signed."""
    for data in (member.key_card(NOW), member.delivery_card(NOW)):
        trusted = verify_key_card(member.key_card(NOW), member.identity.public)
        for place in range(0, len(data), 7):
            bad = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            with pytest.raises(Rejected):
                verify_key_card(bad, member.identity.public)
            with pytest.raises(Rejected):
                verify_delivery_card(bad, trusted)


def test_another_spelling_of_a_card_is_refused(member: Member) -> None:
    """One card has one spelling, so that its hash names it."""
    data = member.key_card(NOW)
    longer = b"\xdc\x00\x03" + data[1:]
    assert code(lambda: parse_card(longer)) == "card-bad"
    assert code(lambda: parse_card(data + b"\xc0")) == "card-bad"
    assert code(lambda: parse_card(b"")) == "card-bad"


def test_a_key_that_is_not_held_cannot_be_listed(member: Member) -> None:
    """Each listed signing key proves that its holder has it."""
    victim = make_member("GN-QN").key(Use.AGENT)
    mine = member.key(Use.AGENT)
    stolen = msgspec.structs.replace(CardKey.of(mine, NOW, NOW + 10), key=victim.public.key)
    card = key_card(member, keys=(stolen,))
    assert code(lambda: sign_key_card(card, member.identity)) == "possession"


def test_a_participant_cannot_list_a_gateways_keys(member: Member) -> None:
    """Log and operator keys are a gateway's."""
    operator = SigningKey.generate(member.address, Use.OPERATOR, counter_rng("operator"))
    data = sign_key_card(key_card(member, keys=(CardKey.of(operator, NOW, NOW + 10),)), member.identity)
    assert code(lambda: verify_key_card(data, member.identity.public, CARD_USES)) == "card-bad"


def test_one_key_in_two_places_of_a_card_is_refused(member: Member) -> None:
    """One use a key: not even its holder lists a key twice."""
    seed = member.key(Use.AGENT).unsafe_export()
    twin = SigningKey.from_seed(member.address, Use.AUTHOR, seed)
    keys = tuple(CardKey.of(key, NOW, NOW + 10) for key in (member.key(Use.AGENT), twin))
    assert code(lambda: sign_key_card(key_card(member, keys=keys), member.identity)) == "key-taken"
    again = delivery_card(member).keys * 2
    assert code(lambda: sign_delivery_card(delivery_card(member, keys=again), member.keyring)) == "key-taken"


def test_lifetimes_are_bounded(member: Member) -> None:
    """A key card lives for 400 days at most, a delivery card for 60, a delivery key is sealed to for 31."""
    start = NOW - 300
    assert code(lambda: sign_key_card(key_card(member, expires=start + KEY_CARD_S + 1), member.identity)) == "card-bad"
    late = delivery_card(member, expires=NOW + DELIVERY_CARD_S + 1)
    assert code(lambda: sign_delivery_card(late, member.keyring)) == "card-bad"
    key = member.delivery[0].public.key
    long = (DeliveryCardKey(key=key, not_before=NOW, not_after=NOW + DELIVERY_KEY_S + 1),)
    assert code(lambda: sign_delivery_card(delivery_card(member, keys=long), member.keyring)) == "card-bad"


def test_a_delivery_key_of_low_order_is_refused(member: Member) -> None:
    """A key to which everybody could open is refused where it enters."""
    keys = (DeliveryCardKey(key=bytes(32), not_before=NOW, not_after=NOW + 10),)
    assert code(lambda: sign_delivery_card(delivery_card(member, keys=keys), member.keyring)) == "bad-key"


def test_a_kind_stands_once_on_a_delivery_card(member: Member) -> None:
    """What a participant reads has one answer."""
    reads = (Reads(kind="cooperation.request", versions=("1.0.0",)),) * 2
    assert code(lambda: sign_delivery_card(delivery_card(member, reads=reads), member.keyring)) == "card-bad"


def test_only_a_good_agent_key_signs_a_delivery_card(member: Member) -> None:
    """Not another key, not a revoked one, and not one whose time had not come."""
    data = member.delivery_card(NOW)
    card = verify_key_card(member.key_card(NOW), member.identity.public)
    agent = member.key(Use.AGENT)
    assert code(lambda: verify_delivery_card(data, card, {agent.key_id})) == "card-bad"
    later = verify_key_card(member.key_card(NOW + 86_400), member.identity.public)
    assert code(lambda: verify_delivery_card(data, later)) == "card-bad"
    signed = parse_card(data)[0]
    by_author = SignedCard(card=signed.card, key_id=member.key(Use.AUTHOR).key_id, signature=signed.signature)
    assert code(lambda: verify_delivery_card(encode(by_author), card)) == "card-bad"
