"""
A participant's first keys, and the request to be entered in the directory.

`enrol` makes identity, author and agent keys (a gateway's: agent, log and operator, and its role keys) and a key card for
them. Who lost its identity key or was revoked enrols again under the same id, with the old keys closed. Nothing is written
here but papers and what `write_gateway` writes; a home is made by the client. The identity key, and a second officer's
approval key, stand alone in files of their own, which are to be moved off the machine.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, structs

from gateway.directory.cards import KEY_CARD_S, CardKey, KeyCard, parse_card, sign_key_card
from gateway.directory.entries import GATEWAY_ROLE
from gateway.directory.keyfiles import encrypt_gateway_keys, online_signer
from gateway.directory.roles import ONLINE_ROLES, RoleKey, TufRole
from gateway.envelope.keyfile import MODERATE, Cost, encrypt_keys
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected
from gateway.message.kind_spec import ROLES
from gateway.network.files import write_new
from gateway.network.request import OnlineHex, Request, encode_paper

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from gateway.envelope.primitives import Rng
    from gateway.ids import Address

__all__ = [
    "GATEWAY_KEY_FILE",
    "IDENTITY_FILE",
    "OFFICER_FILE",
    "REQUEST_FILE",
    "Enrolment",
    "Profile",
    "enrol",
    "refuse_roles",
    "write_gateway",
    "write_officer",
    "write_papers",
]

IDENTITY_FILE: Final = "identity.key"
OFFICER_FILE: Final = "officer.key"
GATEWAY_KEY_FILE: Final = "gateway.keys"
REQUEST_FILE: Final = "request.json"
_NAME_CHARACTERS: Final = 200  # as a request and the directory take it
_BACKDATED_S: Final = 300  # the gateway's clock may be behind this machine's

_PARTICIPANT_KEYS: Final = (Use.AUTHOR, Use.AGENT)
_GATEWAY_KEYS: Final = (Use.AGENT, Use.LOG, Use.OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    Who asks to be enrolled.

    Args:
        address: Participant and network.
        name: Of the organisation unit.
        country: ISO 3166 alpha-2 code, or `ZZ`.
        organisation_type: `ncb`, `tribunal` ...
        roles: Wished for; with `gateway` a gateway's keys are made.

    Raises:
        Rejected: `config`, what no authority could enter.
    """

    address: Address
    name: str
    country: str
    organisation_type: str
    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        _refuse_wishes(self)

    @property
    def is_gateway(self) -> bool:
        """True for a gateway."""
        return GATEWAY_ROLE in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """
    New keys and the request for them.

    Args:
        identity: Signs key cards; kept offline.
        keys: The other signing keys, for the home or the gateway.
        online: Role keys of a gateway; empty for others.
        request: `request.json`, for the authority.
        officer: The approval key of a second officer; None where none was asked for.
    """

    identity: SigningKey
    keys: tuple[SigningKey, ...]
    online: Mapping[TufRole, RoleKey]
    request: bytes
    officer: SigningKey | None = None


def enrol(
    profile: Profile, now: float, rng: Rng = os.urandom, *, officer: bool = False, again: bytes | None = None
) -> Enrolment:
    """
    Make keys and a request.

    Args:
        profile: Who asks.
        now: Unix seconds; the key card is good for `KEY_CARD_S` from then.
        rng: Secure random bytes.
        officer: Make the approval key of a second officer too; a gateway has none.
        again: The last published key card of a participant that lost its identity key or was revoked: the new card lists its
            keys, closed now, so that what they signed before stays good.

    Raises:
        Rejected: `card-bad`, `again` is not a key card of this participant; `config`, an officer of a gateway.
    """
    if officer and profile.is_gateway:
        raise Rejected("a gateway sends nothing that an officer approves", code="config", hint="leave out --officer")
    before = None if again is None else _card_before(again, profile.address)
    identity = SigningKey.generate(profile.address, Use.IDENTITY, rng)
    uses = _GATEWAY_KEYS if profile.is_gateway else _PARTICIPANT_KEYS
    keys = tuple(SigningKey.generate(profile.address, use, rng) for use in uses)
    approving = SigningKey.generate(profile.address, Use.APPROVAL, rng) if officer else None
    listed = keys if approving is None else (*keys, approving)
    online = {role: RoleKey.generate(rng) for role in ONLINE_ROLES} if profile.is_gateway else {}
    request = Request(
        address=profile.address,
        name=profile.name,
        country=profile.country,
        organisation_type=profile.organisation_type,
        roles=profile.roles,
        identity=identity.public.key.hex(),
        key_card=_first_card(identity, listed, int(now), before).hex(),
        online=OnlineHex.of(online_signer(online.items()).public) if online else UNSET,
        again=UNSET if before is None else True,
    )
    return Enrolment(identity=identity, keys=keys, online=online, request=encode_paper(request), officer=approving)


def write_papers(enrolment: Enrolment, folder: Path, passphrase: bytes, cost: Cost = MODERATE) -> None:
    """Write `identity.key`, encrypted, and `request.json`; `home-exists` where one of them is there."""
    data = encrypt_keys([enrolment.identity], passphrase, os.urandom, cost)
    write_new(folder, {IDENTITY_FILE: data, REQUEST_FILE: enrolment.request})


def write_officer(key: SigningKey, path: Path, passphrase: bytes, cost: Cost = MODERATE) -> None:
    """Write an officer's approval key, encrypted under the officer's own passphrase; `home-exists` where the file is there."""
    write_new(path.parent, {path.name: encrypt_keys([key], passphrase, os.urandom, cost)})


def write_gateway(enrolment: Enrolment, folder: Path, passphrase: bytes, cost: Cost = MODERATE) -> None:
    """Write a gateway's papers and `gateway.keys`, which `gateway serve` opens; `home-exists` where one is there."""
    data = encrypt_gateway_keys(enrolment.keys, tuple(enrolment.online.items()), passphrase, os.urandom, cost)
    write_new(folder, {GATEWAY_KEY_FILE: data})
    write_papers(enrolment, folder, passphrase, cost)


def refuse_roles(roles: Collection[str]) -> None:
    """Raise `config` for a role that no network knows."""
    unknown = set(roles).difference(ROLES)
    if unknown:
        raise Rejected(f"not a role: {min(unknown)[:64]!r}", code="config", hint=f"one of {', '.join(sorted(ROLES))}")


def _refuse_wishes(profile: Profile) -> None:
    if not re.fullmatch("[A-Z]{2}", profile.country):
        hint = "give two capital letters, e.g. DE, or ZZ for none"
        raise Rejected(f"not a country: {profile.country[:64]!r}", code="config", hint=hint)
    if not re.fullmatch("[a-z][a-z0-9-]{1,31}", profile.organisation_type):
        hint = "give a word in small letters, e.g. tribunal"
        raise Rejected(f"not a type: {profile.organisation_type[:64]!r}", code="config", hint=hint)
    if not 1 <= len(profile.name) <= _NAME_CHARACTERS:
        hint = f"give 1 to {_NAME_CHARACTERS}"
        raise Rejected(f"a name of {len(profile.name)} characters", code="config", hint=hint)
    refuse_roles(profile.roles)


def _card_before(data: bytes, address: Address) -> KeyCard:
    """Read the last card; its signature is the authority's to check, for the identity key behind it is given up."""
    card = parse_card(data)[1]
    if not isinstance(card, KeyCard) or card.address != address:
        raise Rejected(f"not a key card of {address}", code="card-bad", hint="get it by: gateway directory ID --save-card FILE")
    return card


def _first_card(identity: SigningKey, keys: tuple[SigningKey, ...], now: int, before: KeyCard | None) -> bytes:
    start = now - _BACKDATED_S
    closed = () if before is None else tuple(structs.replace(key, not_after=min(key.not_after, start)) for key in before.keys)
    card = KeyCard(
        address=identity.public.address,
        serial=now if before is None else max(now, before.serial + 1),  # any later card has a later time
        issued=start,
        expires=start + KEY_CARD_S,
        keys=(*closed, *(CardKey.of(key, start, start + KEY_CARD_S) for key in keys)),
    )
    return sign_key_card(card, identity)
