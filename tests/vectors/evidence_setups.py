"""
What the vector cases of evidence have in common: how a bundle is set up, and spoilt.

Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.directory.cards import CardKey, KeyCard, sign_key_card
from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.envelope import SigningKey, Use, contexts
from tests.vectors import evidence_forge as forge
from tests.vectors import evidence_token
from tests.vectors.evidence_forge import AT, DAY, GATE, ME, SENDER, Forge, Stated, key_of, log_key, member, pack

__all__ = [
    "GONE",
    "OPENED",
    "OTHER_LOG",
    "OTHER_ROOT",
    "ROOT",
    "STOLEN",
    "WITNESS",
    "EvidenceCase",
    "Setup",
    "acceptance",
    "borrowed_card",
    "card",
    "change",
    "flipped",
    "forged_card",
    "plain",
    "revoked",
    "spoilt",
    "stranger",
    "told",
]

Setup = Callable[[Forge], object]


@dataclass(frozen=True)
class EvidenceCase:
    """One file to be; `reason` is "" for a bundle that proves something, and a code of its own in step 1."""

    name: str
    about: str
    reason: str
    make: Setup
    forge: type[Forge] = Forge


def told(*events: Stated, named: tuple[str, ...] = (ME,), **changes: Any) -> Setup:
    """Return a setup with these receipts after the acceptance."""

    def make(one: Forge) -> None:
        one.receipts = [forge.accepted(), *events]
        one.named = list(named)
        change(one, changes)

    return make


def plain(**changes: Any) -> Setup:
    """Return a setup with the acceptance alone."""
    return lambda one: change(one, changes)


def spoilt(place: int, spoil: Callable[[Any], Any], *others: Setup) -> Setup:
    """Return a setup that puts another element in the place of one, after everything was signed."""

    def make(one: Forge) -> None:
        for other in others:
            other(one)
        one.spoils.append(lambda elements: elements.__setitem__(place, spoil(elements[place])))

    return make


def acceptance(**changes: Any) -> Setup:
    """Return a setup with another acceptance."""
    return lambda one: setattr(one, "receipts", [Stated(**{"event": "accepted", "by": GATE, "about": SENDER, **changes})])


def flipped(data: bytes, bit: int = 0) -> bytes:
    """Return these bytes with one bit changed."""
    return bytes([data[0] ^ 1 << bit]) + data[1:]


def card(name: str, keys: list[SigningKey]) -> bytes:
    """Return a key card with these keys."""
    start = AT - DAY
    listed = tuple(CardKey.of(key, start, start + 300 * DAY) for key in keys)
    made = KeyCard(address=member(name).address, serial=1, issued=start, expires=start + 400 * DAY, keys=listed)
    return sign_key_card(made, member(name).identity)


def forged_card(name: str, by: str) -> bytes:
    """Return the key card of a participant, signed by the identity key of another."""
    signed = msgspec.msgpack.decode(forge.card_of(name))
    identity = member(by).identity
    return pack([signed[0], identity.key_id, identity.sign(contexts.key_card_message(signed[0]))])


def borrowed_card() -> bytes:
    """Return a card on which the recipient lists the sender's agent key as its own."""
    theirs = SigningKey.from_seed(member(ME).address, Use.AGENT, key_of(SENDER).unsafe_export())
    return card(ME, [key_of(ME), theirs])


def revoked(key: SigningKey, at: int, reason: RevocationReason = RevocationReason.SUPERSEDED) -> KeyRevocation:
    """Return a row of the authority."""
    return KeyRevocation(key_id=key.key_id.hex(), revoked_at=at, reason=reason)


def stranger(name: str) -> SigningKey:
    """Return an agent key that no card lists."""
    return SigningKey.from_seed(member(name).address, Use.AGENT, bytes(range(32)))


def change(one: Forge, changes: dict[str, Any]) -> None:
    """Change what a bundle is made of."""
    for name, value in changes.items():
        setattr(one, name, value)


OPENED = Stated("opened", ME, at=9)
GONE = Stated("rejected", ME, at=9, reason="key-gone")
STOLEN = RevocationReason.STOLEN
ROOT, OTHER_ROOT = evidence_token.root(), evidence_token.other_root()
WITNESS = str(forge.witness_key()[0])
OTHER_LOG = log_key(SigningKey.from_seed(member(GATE).address, Use.LOG, bytes(range(32))))
