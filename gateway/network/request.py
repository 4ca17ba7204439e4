"""
The papers of enrolment: a request that a participant writes, an invitation that it was given.

A request names who asks and brings the key card, in which every key proves its possession and the identity key signs for all.
Nothing else of it is signed, so two people compare its fingerprint over another line before it is added. An invitation brings
the root of trust, the gateways' addresses and their private CA if they have one, and is handed over by the authority itself.
Spec: schemas/directory.md, "Enrolment".
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from cryptography.x509 import load_pem_x509_certificates
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.directory.cards import CARD_USES, GATEWAY_USES, KeyCard, verify_key_card
from gateway.directory.entries import GATEWAY_ROLE
from gateway.directory.metadata import root_chain
from gateway.directory.publication import OnlinePublic
from gateway.envelope.keys import PublicKey, Use
from gateway.errors import Rejected
from gateway.ids import ADDRESS_PATTERN, NETWORK_PATTERN, Address, Participant, participant_of
from gateway.message.codec import decode

__all__ = [
    "Invitation",
    "OnlineHex",
    "Request",
    "decode_invitation",
    "decode_request",
    "encode_paper",
    "fingerprint",
    "refuse_url",
    "verify_request",
]

_MAX_BYTES: Final = 256 * 1024
_Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Hex = Annotated[str, Meta(pattern=r"\A([0-9a-f]{2})+\Z", max_length=_MAX_BYTES)]
_Word = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{1,31}\Z")]
_HTTP_HERE = r"http://(localhost|127\.[0-9.]{1,12}|\[::1\])(:[0-9]{1,5})?"  # for a network on one machine
_URL_CHARACTERS: Final = 300
_URL: Final = rf"(https://[^\s/]{{1,253}}|{_HTTP_HERE})(/[^\s]*)?"
_Url = Annotated[str, Meta(pattern=rf"\A{_URL}\Z", max_length=_URL_CHARACTERS)]
T = TypeVar("T")


class OnlineHex(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The public role keys of a gateway, in hex."""

    snapshot: _Hex32
    timestamp: _Hex32
    cards: _Hex32

    @classmethod
    def of(cls, public: OnlinePublic) -> OnlineHex:
        """Write them in hex."""
        return cls(snapshot=public.snapshot.hex(), timestamp=public.timestamp.hex(), cards=public.cards.hex())

    def public(self) -> OnlinePublic:
        """Return them as bytes."""
        return OnlinePublic(
            snapshot=bytes.fromhex(self.snapshot), timestamp=bytes.fromhex(self.timestamp), cards=bytes.fromhex(self.cards)
        )


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a participant asks the authority to enter.

    Args:
        form: Of this file.
        address: Wished for.
        name: Of the organisation unit.
        country: ISO 3166 alpha-2 code, or `ZZ`.
        organisation_type: `ncb`, `tribunal` ...
        roles: Wished for; the authority decides.
        identity: Public identity key in hex.
        key_card: The signed key card in hex.
        online: Role keys, of a gateway alone; others leave it out.
        again: True for a participant that was enrolled before and lost its identity key: the card lists its old keys, closed.
    """

    form: Literal["enrolment-1"] = "enrolment-1"
    address: Annotated[str, Meta(pattern=rf"\A{ADDRESS_PATTERN}\Z")]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    country: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")]
    organisation_type: _Word
    roles: Annotated[tuple[_Word, ...], Meta(min_length=1, max_length=16)]
    identity: _Hex32
    key_card: _Hex
    online: OnlineHex | UnsetType = UNSET
    again: bool | UnsetType = UNSET

    @property
    def participant(self) -> Participant:
        """The id that is asked for."""
        return participant_of(Address(self.address))

    @property
    def card(self) -> bytes:
        """The signed key card."""
        return bytes.fromhex(self.key_card)

    @property
    def identity_key(self) -> PublicKey:
        """The identity key; `bad-key` for one of low order."""
        return PublicKey(Address(self.address), Use.IDENTITY, bytes.fromhex(self.identity))


class Invitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What the authority hands to a participant.

    Args:
        form: Of this file.
        network: Name of the network.
        exercise: True for a network for training.
        root: The root metadata: all trust of the home starts here.
        gateways: Base addresses of the gateways, tried in turn.
        tls_ca: PEM: their certificates come from exactly this CA. Left out: from one that systems trust.
    """

    form: Literal["invitation-1"] = "invitation-1"
    network: Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
    exercise: bool
    root: str
    gateways: Annotated[tuple[_Url, ...], Meta(min_length=1, max_length=16)]
    tls_ca: Annotated[str, Meta(max_length=65_536)] | UnsetType = UNSET


def encode_paper(paper: Request | Invitation) -> bytes:
    """Write a paper as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(paper), indent=2) + b"\n"


def decode_request(data: bytes) -> Request:
    """Read a request without verifying its card; `malformed` for any other file."""
    return _decode(data, Request)


def decode_invitation(data: bytes) -> Invitation:
    """Read an invitation and see that its root is signed by itself, as a root of trust must be, and that its CA is one."""
    invitation = _decode(data, Invitation)
    root_chain({}, invitation.root.encode())
    if isinstance(invitation.tls_ca, str):
        try:
            load_pem_x509_certificates(invitation.tls_ca.encode())
        except ValueError as exc:
            raise Rejected("tls_ca has no certificates in PEM", code="malformed", pointer="/tls_ca") from exc
    return invitation


def refuse_url(url: str) -> None:
    """Refuse an address that no home would take: plain HTTP is for loopback alone."""
    if not re.fullmatch(_URL, url) or len(url) > _URL_CHARACTERS:
        hint = "write https://HOST:PORT, or http://127.0.0.1:PORT on one machine"
        raise Rejected(f"not a gateway's address: {url[:64]!r}", code="malformed", hint=hint)


def fingerprint(data: bytes) -> str:
    """Return what two people read to each other: 128 bits of the file's SHA-256 in groups of four digits."""
    digits = sha256(data).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def verify_request(request: Request, now: float) -> KeyCard:
    """
    Verify the card of a request: its signature, the possession of every key, that it is not over.

    Raises:
        Rejected: `card-bad`, `possession`, `bad-key`, `key-taken` or `out-of-time`.
    """
    is_gateway = GATEWAY_ROLE in request.roles
    if is_gateway is not isinstance(request.online, OnlineHex):
        raise Rejected("a gateway brings role keys, and nobody else does", code="card-bad")
    card = verify_key_card(request.card, request.identity_key, GATEWAY_USES if is_gateway else CARD_USES)
    missing = {Use.AGENT, *(() if is_gateway else (Use.AUTHOR,))} - {key.use for key in card.keys}
    if missing:
        raise Rejected(f"the key card of {card.address} has no key for {min(missing)}", code="card-bad")
    if now >= card.expires:
        raise Rejected(f"the key card of {card.address} is over", code="out-of-time")
    return card


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, kind, max_bytes=_MAX_BYTES)
    except Rejected as exc:
        raise Rejected(f"not a paper of enrolment: {exc.detail} at {exc.pointer}", code="malformed") from exc
