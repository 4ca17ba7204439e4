"""A delivery key is published by who can open what is sealed to it, and by nobody else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gateway.directory.possession import (
    Challenge,
    check_answers,
    decode_challenges,
    encode_challenges,
    make_challenge,
    solve,
)
from gateway.envelope.contexts import wrap_nonce, wrap_nonce_prefix
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, Use
from gateway.envelope.primitives import SecretKey, box, box_public
from gateway.errors import Rejected
from tests.support.network import World, counter_rng

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_S = 86_400
NOW = 2_000_000_000


def code(action: Callable[[], object]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(Rejected) as caught:
        action()
    return caught.value.code


def test_the_holder_proves_its_keys(world: World) -> None:
    """Who opens the challenge publishes the card, today and until the end of tomorrow."""
    member = world.member("NCB-QM")
    card = member.delivery_card(NOW)
    sent = encode_challenges(make_challenge(card, world.gateway, NOW, os.urandom))
    answers = solve(card, decode_challenges(sent), member.keyring)
    check_answers(card, answers, world.gateway, NOW)
    check_answers(card, answers, world.gateway, NOW + DAY_S)
    assert code(lambda: check_answers(card, answers, world.gateway, NOW + 2 * DAY_S)) == "possession"


def test_answers_are_for_one_card(world: World) -> None:
    """An answer that was seen once publishes no other card."""
    member = world.member("NCB-QM")
    card, other = member.delivery_card(NOW), member.delivery_card(NOW, serial=2)
    answers = solve(card, make_challenge(card, world.gateway, NOW, os.urandom), member.keyring)
    assert code(lambda: check_answers(other, answers, world.gateway, NOW)) == "possession"


@pytest.mark.parametrize("answers", [[], [bytes(32)], [b""], [bytes(32), bytes(32)]])
def test_wrong_answers_are_refused(world: World, answers: list[bytes]) -> None:
    """Guessing, leaving out and adding prove nothing."""
    card = world.member("NCB-QM").delivery_card(NOW)
    assert code(lambda: check_answers(card, answers, world.gateway, NOW)) == "possession"


def test_who_does_not_hold_the_key_cannot_answer(world: World) -> None:
    """A participant that lists another one's key cannot open the challenge for it."""
    thief, victim = world.member("GN-QN"), world.member("NCB-QM")
    own = thief.delivery
    thief.delivery = (DeliveryKey.from_seed(thief.address, Use.DELIVERY, victim.delivery[0].unsafe_export()),)
    card = thief.delivery_card(NOW)
    challenge = make_challenge(card, world.gateway, NOW, os.urandom)
    without = MemoryKeyring(thief.address, thief.signing, own)
    assert code(lambda: solve(card, challenge, without)) == "possession"


def test_a_wrap_of_a_message_is_no_challenge(world: World) -> None:
    """A gateway cannot have a participant open a message by calling its wrap a challenge."""
    member = world.member("NCB-QM")
    key = member.delivery[0]
    ephemeral = SecretKey(counter_rng("sender")(32))
    nonce = wrap_nonce(wrap_nonce_prefix(bytes(32)), key.key_id)
    wrap = box(SecretKey(bytes(32)), nonce, key.public.key, ephemeral)
    assert key.unwrap(wrap, nonce, box_public(ephemeral)) == bytes(32)
    trap = Challenge(key.key_id, box_public(ephemeral), nonce, wrap)
    card = member.delivery_card(NOW)
    assert code(lambda: solve(card, [trap], member.keyring)) == "possession"
    disguised = Challenge(
        key.key_id, box_public(ephemeral), make_challenge(card, world.gateway, NOW, os.urandom)[0].nonce, wrap
    )
    assert code(lambda: solve(card, [disguised], member.keyring)) == "possession"


def test_a_closed_key_needs_no_proof(world: World) -> None:
    """The private half of a key that is closed may be destroyed already."""
    card = world.member("NCB-QM").delivery_card(NOW)
    assert make_challenge(card, world.gateway, NOW + 32 * DAY_S, os.urandom) == []


def test_a_key_card_gets_no_challenge(world: World) -> None:
    """Signing keys prove themselves by signing."""
    card = world.member("NCB-QM").key_card(NOW)
    assert code(lambda: make_challenge(card, world.gateway, NOW, os.urandom)) == "card-bad"
