"""
Proof that a participant holds the delivery keys of a card: it opens what the gateway sealed to each of them.

The gateway keeps nothing: the secret of a challenge is a hash of its own agent signature over card, key and day, which it
makes again to check the answer, today's or yesterday's. The answer is a hash of the secret, and the nonce is bound to the
card: a wrap of an envelope does not open here, so nobody is made to open a message by solving a challenge.
Spec: schemas/directory.md, "Possession".
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from gateway.directory.cards import DeliveryCard, parse_card
from gateway.envelope.contexts import challenge_answer, challenge_message, challenge_nonce
from gateway.envelope.form import Form, encode
from gateway.envelope.keys import Use
from gateway.envelope.primitives import SecretKey, box, box_public, equal
from gateway.envelope.wire import Bytes16, Bytes32
from gateway.errors import CannotOpen, Rejected
from gateway.ids import KeyId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.envelope.keys import Keyring
    from gateway.envelope.primitives import Rng
    from gateway.envelope.trust import KeyRecord

__all__ = ["Challenge", "check_answers", "decode_challenges", "encode_challenges", "make_challenge", "solve"]

_DAY_S: Final = 86_400


class Challenge(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a gateway sealed to one delivery key: a secret of 32 bytes."""

    key_id: Bytes16
    epk: Bytes32
    nonce: Annotated[bytes, Meta(min_length=24, max_length=24)]
    wrap: Annotated[bytes, Meta(min_length=48, max_length=48)]


_CHALLENGES: Final = Form(list[Challenge], "challenges", 64 * 1024)


def encode_challenges(challenges: Sequence[Challenge]) -> bytes:
    """Write challenges as MessagePack."""
    return encode(list(challenges))


def decode_challenges(data: bytes) -> list[Challenge]:
    """Read what `encode_challenges` wrote; `malformed` or `not-canonical` otherwise."""
    return _CHALLENGES.decode(data)


def make_challenge(data: bytes, keyring: Keyring, now: float, rng: Rng) -> list[Challenge]:
    """
    Seal a secret to each key of a delivery card that is still to be sealed to.

    Args:
        data: The signed delivery card.
        keyring: The gateway's, which signs with its agent key.
        now: Unix seconds.
        rng: 32 bytes for each ephemeral key.
    """
    return [_challenge(data, record, keyring, now, rng) for record in _open_keys(data, now)]


def solve(data: bytes, challenges: Sequence[Challenge], keyring: Keyring) -> list[bytes]:
    """
    Answer the challenges for a card of one's own.

    Args:
        data: The signed delivery card that is to be published.
        challenges: What the gateway sent.
        keyring: Holds the delivery keys.

    Raises:
        Rejected: `possession`, a challenge is not for this card or does not open.
    """
    answers = []
    for challenge in challenges:
        if challenge.nonce != challenge_nonce(data, challenge.key_id):
            raise Rejected("a challenge with the nonce of something else", code="possession")
        try:
            secret = keyring.unwrap(KeyId(challenge.key_id), challenge.wrap, challenge.nonce, challenge.epk)
        except CannotOpen as exc:
            raise Rejected(f"the challenge of key {challenge.key_id.hex()} does not open", code="possession") from exc
        answers.append(challenge_answer(secret))
    return answers


def check_answers(data: bytes, answers: Sequence[bytes], keyring: Keyring, now: float) -> None:
    """
    Refuse a card whose keys were not all proved, by an answer to a challenge of today or yesterday.

    Raises:
        Rejected: `possession`.
    """
    records = _open_keys(data, now)
    today = int(now) // _DAY_S
    if len(answers) != len(records):
        raise Rejected(f"{len(answers)} answers for {len(records)} keys", code="possession")
    for record, answer in zip(records, answers, strict=True):
        expected = [challenge_answer(_secret(data, record, keyring, day)) for day in (today, today - 1)]
        if not any(equal(answer, wanted) for wanted in expected):
            raise Rejected(f"the answer for key {record.key_id.hex()} is wrong", code="possession")


def _open_keys(data: bytes, now: float) -> list[KeyRecord]:
    """Return the keys that will be sealed to: a closed key may be destroyed already, and was proved when it was new."""
    _, card = parse_card(data)
    if not isinstance(card, DeliveryCard):
        raise Rejected("a key card proves possession by signatures, not by challenges", code="card-bad")
    return [record for record in card.records() if record.not_after > now]


def _secret(data: bytes, record: KeyRecord, keyring: Keyring, day: int) -> bytes:
    signature = keyring.sign(Use.AGENT, challenge_message(data, record.key_id, day)).signature
    return sha256(signature).digest()


def _challenge(data: bytes, record: KeyRecord, keyring: Keyring, now: float, rng: Rng) -> Challenge:
    ephemeral = SecretKey(rng(32))
    nonce = challenge_nonce(data, record.key_id)
    secret = SecretKey(_secret(data, record, keyring, int(now) // _DAY_S))
    return Challenge(record.key_id, box_public(ephemeral), nonce, box(secret, nonce, record.key, ephemeral))
