"""
Rotation of a gateway's own keys: agent, log and operator, and its online role keys.

A new key is listed a day before it begins, so that every home has read of it, and the old one goes on for a week after that.
The new card and key file belong together: `gateway serve` publishes the card when it starts, and signs with what the directory
lists. Online role keys begin when the authority has published them (`gateway network rotate --online`).
Spec: schemas/directory.md, "Life of keys", "Rotation".
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.directory.cards import GATEWAY_USES, KEY_CARD_S, CardKey, KeyCard, sign_key_card, verify_key_card
from gateway.directory.keyfiles import online_signer
from gateway.directory.roles import ONLINE_ROLES, RoleKey, TufRole
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.directory.keyfiles import GatewayKeys
    from gateway.directory.publication import OnlinePublic
    from gateway.envelope.primitives import Rng

__all__ = ["LEAD_S", "OVERLAP_S", "RESTART_S", "ROTATED_USES", "Rotated", "new_online", "rotate_gateway"]

_DAY_S: Final = 86_400
LEAD_S: Final = 1 * _DAY_S  # by then homes have refreshed: one that has not opens nothing of the new key until it has
OVERLAP_S: Final = 7 * _DAY_S  # the longest that a home seals and verifies with what it read last
RESTART_S: Final = 600  # of lost keys: until a start has published the card, what they sign can be verified
_BACKDATED_S: Final = 300  # clocks differ
ROTATED_USES: Final = (Use.AGENT, Use.LOG, Use.OPERATOR)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation made: all signing keys to keep, oldest first, and the card that lists them."""

    signing: tuple[SigningKey, ...]
    card: bytes


def rotate_gateway(
    keys: GatewayKeys, identity: SigningKey, card: bytes, uses: Collection[Use], now: float, *, at_once: bool = False
) -> Rotated:
    """
    Make new keys and the card that lists them beside the old ones.

    Args:
        keys: What the key file holds.
        identity: The gateway's identity key, from the safe.
        card: Its last key card; where that was refused, the one that the directory has.
        uses: Which keys are replaced.
        now: Unix seconds; the new keys begin `LEAD_S` later.
        at_once: The old keys may be in others' hands: the new ones begin now, and the old ones end after `RESTART_S`.

    Raises:
        Rejected: `card-bad`, the card is not of this identity key, or an identity key of somebody else.
    """
    before = verify_key_card(card, identity.public, GATEWAY_USES)
    if identity.public.address != keys.address or identity.public.use is not Use.IDENTITY:
        raise Rejected(f"not the identity key of {keys.address}", code="card-bad", hint="bring its identity.key from the safe")
    issued = int(now) - _BACKDATED_S
    begin, end = (issued, int(now) + RESTART_S) if at_once else (int(now) + LEAD_S, int(now) + LEAD_S + OVERLAP_S)
    fresh = [SigningKey.generate(keys.address, use, os.urandom) for use in ROTATED_USES if use in uses]
    replaced = {key.public.use for key in fresh}
    listed = [
        msgspec.structs.replace(key, not_after=max(key.not_before, min(key.not_after, end))) if key.use in replaced else key
        for key in before.keys
    ]
    new = KeyCard(
        address=keys.address,
        serial=max(int(now), before.serial + 1),
        issued=issued,
        expires=issued + KEY_CARD_S,
        keys=(*listed, *(CardKey.of(key, begin, begin + KEY_CARD_S) for key in fresh)),
    )
    open_keys = {record.key_id for record in new.records() if record.not_after > now}
    kept = [key for key in keys.signing if key.key_id in open_keys]
    return Rotated((*kept, *fresh), sign_key_card(new, identity))


def new_online(keys: GatewayKeys, rng: Rng = os.urandom) -> tuple[tuple[tuple[TufRole, RoleKey], ...], OnlinePublic]:
    """
    Make new online role keys.

    Returns:
        All role keys to keep, oldest first (the newest of before go on until the authority has published), and the public
        halves of the new ones for the request.
    """
    newest = dict(keys.roles)
    roles = (*newest.items(), *((role, RoleKey.generate(rng)) for role in ONLINE_ROLES))
    return roles, online_signer(roles).public
