"""
Who is who: the entries and groups that the authority signs, as `directory.json` and `revocations.json`.

Entries are decoded once, strictly: a field that is not known here, a participant named twice or an id with two
identity keys is refused as a whole. Nothing is ever removed by the authority: a participant that left is `revoked`,
so an id is never given to another. Spec: schemas/directory.md, "Entries".
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeVar, cast, get_args

import msgspec
from msgspec import Meta

from gateway.directory.peers import MAX_PEERS, Peer, check_peer
from gateway.errors import Rejected
from gateway.ids import ADDRESS_PATTERN, NETWORK_PATTERN, PARTICIPANT_PATTERN, KeyId
from gateway.message.codec import decode

__all__ = [
    "GATEWAY_ROLE",
    "GROUP_PATTERN",
    "MAX_ENTRIES",
    "MAX_FILE_BYTES",
    "RELAY_ROLE",
    "Clearance",
    "Entry",
    "KeyRevocation",
    "RevocationReason",
    "Revocations",
    "Status",
    "WhoIsWho",
    "decode_revocations",
    "decode_who",
    "encode_revocations",
    "encode_who",
    "parse_clearance",
]

GATEWAY_ROLE: Final = "gateway"
RELAY_ROLE: Final = "relay"
GROUP_PATTERN: Final = r"[a-z][a-z0-9-]{1,31}"
MAX_ENTRIES: Final = 4_096  # as many as one message may have recipients
MAX_FILE_BYTES: Final = 4 * 1024 * 1024  # 4,096 entries of 1 KiB
_REMEMBERED: Final = 8  # versions of `directory.json`: a change of a card is read with the one before

# `\Z`, not `$`: a trailing newline is no part of a name.
_Participant = Annotated[str, Meta(pattern=rf"^{PARTICIPANT_PATTERN}\Z", max_length=48)]
_Address = Annotated[str, Meta(pattern=rf"^{ADDRESS_PATTERN}\Z", max_length=73)]
_Network = Annotated[str, Meta(pattern=rf"^{NETWORK_PATTERN}\Z")]
_Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,31}\Z")]
_KindName = Annotated[str, Meta(pattern=r"^(\*|[a-z][a-z-]{1,31}\.[a-z][a-z-]{1,31})\Z")]
_Hex16 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Time = Annotated[int, Meta(ge=0, le=2**53 - 1)]
T = TypeVar("T")


class Status(StrEnum):
    """Whether a participant takes part: `suspended` may come back, `revoked` may not."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class RevocationReason(StrEnum):
    """
    Why a key was revoked: it decides what becomes of that which was sealed to it.

    `stolen`: somebody else may have it; what waits for it is held. `superseded`: a newer key took its place.
    `ceased`: its holder takes part no more.
    """

    STOLEN = "stolen"
    SUPERSEDED = "superseded"
    CEASED = "ceased"


Clearance = Literal["official-use-only", "restricted", "confidential"]


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    One participant, as the authority knows it.

    Args:
        participant: `NCB-QM`.
        address: The participant and its network, `NCB-QM@icn`: what is hashed, signed and sealed to.
        name: Name of the organisation unit, in its own spelling.
        country: ISO 3166 alpha-2 code, or `ZZ` for an organisation of no country.
        organisation_type: `ncb`, `tribunal`, `unit`, `contact-point`, `secretariat`, `gateway` ...
        roles: What it may do; the registry of kinds says which role sends which kind.
        status: Only an active participant sends and receives.
        clearance: The highest confidentiality that it may be sent.
        kinds_accepted: Kinds that it takes, or `*` for all.
        identity: Public key, 64 hex digits, that signs its key cards.
        known_to: Networks that know it; empty: its own, and every peer. For all others it does not exist.
    """

    participant: _Participant
    address: _Address
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    organisation_type: _Word
    roles: Annotated[tuple[_Word, ...], Meta(min_length=1, max_length=16)]
    status: Status
    clearance: Clearance
    kinds_accepted: Annotated[tuple[_KindName, ...], Meta(max_length=64)]
    identity: _Hex32
    known_to: Annotated[tuple[_Network, ...], Meta(max_length=MAX_PEERS + 1)] = ()

    @property
    def active(self) -> bool:
        """True when it sends and receives."""
        return self.status is Status.ACTIVE

    @property
    def is_gateway(self) -> bool:
        """True for a gateway, which signs acceptances and may seal for thin clients."""
        return GATEWAY_ROLE in self.roles

    @property
    def is_relay(self) -> bool:
        """True for a participant that carries mail to and from other networks."""
        return RELAY_ROLE in self.roles

    def is_known_to(self, network: str) -> bool:
        """Say whether a network's participants may know of this one."""
        return not self.known_to or network in self.known_to

    def accepts(self, kind: str) -> bool:
        """Say whether this participant takes a kind."""
        return "*" in self.kinds_accepted or kind in self.kinds_accepted


class WhoIsWho(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    The content of `directory.json`.

    Args:
        network: Name of the network.
        exercise: True for a network of its own for training; its homes refuse every other network, and the reverse.
        entries: All participants that ever were, gateways among them.
        groups: Name to participants; SDKs expand them before signing.
        peers: Networks that this one exchanges with.
    """

    network: _Network
    exercise: bool
    entries: Annotated[tuple[Entry, ...], Meta(max_length=MAX_ENTRIES)]
    groups: dict[_Word, Annotated[tuple[_Participant, ...], Meta(max_length=MAX_ENTRIES)]]
    peers: Annotated[tuple[Peer, ...], Meta(max_length=MAX_PEERS)] = ()


class KeyRevocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A key that the authority revoked: what it signed for messages accepted from `revoked_at` on is void.

    Args:
        key_id: 32 hex digits; an identity key's takes every key that it vouches for with it.
        revoked_at: Unix seconds; it may lie before the publication, never be taken back.
        reason: Always given: nobody guesses whether a key was stolen.
    """

    key_id: _Hex16
    revoked_at: _Time
    reason: RevocationReason

    @property
    def id(self) -> KeyId:
        """The key id as bytes."""
        return KeyId(bytes.fromhex(self.key_id))


class Revocations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `revocations.json`."""

    network: _Network
    keys: Annotated[tuple[KeyRevocation, ...], Meta(max_length=65_536)]


def parse_clearance(text: str) -> Clearance:
    """Read a clearance as a person writes it; `config` for any other word."""
    for level in get_args(Clearance):
        if text == level:
            return cast("Clearance", level)
    raise Rejected(f"not a clearance: {text[:40]!r}, one of {', '.join(get_args(Clearance))}", code="config")


@lru_cache(_REMEMBERED)
def decode_who(data: bytes) -> WhoIsWho:
    """Read `directory.json`; `directory-untrusted` when it breaks a rule, for it cannot be used in part."""
    who = _decode(data, WhoIsWho)
    names = [entry.participant for entry in who.entries]
    if len(set(names)) != len(names):
        raise Rejected("directory.json names a participant twice", code="directory-untrusted")
    if any(entry.address != f"{entry.participant}@{who.network}" for entry in who.entries):
        raise Rejected("directory.json has an address of another network", code="directory-untrusted")
    identities = {entry.identity for entry in who.entries}
    if len(identities) != len(names):
        raise Rejected("directory.json has one identity key for two participants", code="key-taken")
    for group, members in who.groups.items():
        strangers = set(members).difference(names)
        if strangers or len(set(members)) != len(members):
            raise Rejected(f"group {group} has unknown or repeated members", code="directory-untrusted")
    _check_peers(who)
    return who


def encode_who(who: WhoIsWho) -> bytes:
    """Write `directory.json`, sorted so that two officers sign the same bytes; refuses what `decode_who` would."""
    ordered = msgspec.structs.replace(
        who,
        entries=tuple(sorted(who.entries, key=lambda entry: entry.participant)),
        groups={name: tuple(sorted(members)) for name, members in sorted(who.groups.items())},
        peers=tuple(sorted(who.peers, key=lambda peer: peer.network)),
    )
    data = msgspec.json.encode(ordered)
    decode_who(data)
    return data


def decode_revocations(data: bytes) -> Revocations:
    """Read `revocations.json`; `gateway.directory.revoked` says what several rows about one key mean."""
    return _decode(data, Revocations)


def encode_revocations(revocations: Revocations) -> bytes:
    """Write `revocations.json`; refuses what `decode_revocations` would."""
    data = msgspec.json.encode(revocations)
    decode_revocations(data)
    return data


def _check_peers(who: WhoIsWho) -> None:
    relays = {entry.participant for entry in who.entries if entry.is_relay}
    names = [peer.network for peer in who.peers]
    if who.network in names or len(set(names)) != len(names):
        raise Rejected("directory.json names itself or a peer twice", code="directory-untrusted")
    for peer in who.peers:
        if peer.relay not in relays:
            raise Rejected(f"peer {peer.network}: {peer.relay} is no relay", code="directory-untrusted")
        check_peer(peer)


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, kind, max_bytes=MAX_FILE_BYTES)
    except Rejected as exc:
        raise Rejected(f"{exc.detail} at {exc.pointer}", code="directory-untrusted") from exc
