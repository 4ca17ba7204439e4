"""
Peers: the networks that this one exchanges with, as its authority signs them in `directory.json`.

A peer's root of trust is pinned here, so whoever trusts this directory can verify the other one, and nobody on the way can put
another in its place. Each network states its own rules; both are applied, and the strictest wins.
Handling codes are two ordered words, `amber/restricted`: of two codes the strictest has the higher of each.
Spec: schemas/relay.md, "Peering".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from gateway.envelope.header import CONFIDENTIALITY, HANDLING_CODES, TLP
from gateway.errors import Rejected
from gateway.ids import NETWORK_PATTERN, PARTICIPANT_PATTERN

if TYPE_CHECKING:
    from gateway.ids import Kind

__all__ = ["MAX_PEERS", "Peer", "check_peer", "strictest", "within"]

MAX_PEERS: Final = 64
MAX_ROOT_BYTES: Final = 32 * 1024  # a root with ten officers has some 6 KiB; a peer as JSON must fit one leaf of the audit log

_KindName = Annotated[str, Meta(pattern=r"^(\*|[a-z][a-z-]{1,31}\.[a-z][a-z-]{1,31})\Z")]
_Kinds = Annotated[tuple[_KindName, ...], Meta(max_length=64)]
_HandlingCode = Annotated[str, Meta(max_length=64)]


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Another network, and what may pass.

    Args:
        network: Its name.
        root: Root metadata that trust in its directory starts from.
        endpoints: Addresses of its gateways, for the relay, in order of preference.
        relay: Participant of this network that holds the mailbox `@network`: it alone takes mail there.
        sends: Kinds that this network sends there; `*` for all.
        takes: Kinds that it takes from there.
        ceiling: The strictest handling code that may pass, in either direction, as it is meant here.
        per_hour: Messages that are taken from there in an hour.
        waiting_bytes: Sealed bodies from there that may wait here.
        handling: What its handling codes mean here. Empty: the same list; else a code that is not listed is refused.
    """

    network: Annotated[str, Meta(pattern=rf"^{NETWORK_PATTERN}\Z")]
    root: Annotated[bytes, Meta(min_length=1, max_length=MAX_ROOT_BYTES)]
    endpoints: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(min_length=1, max_length=8)]
    relay: Annotated[str, Meta(pattern=rf"^{PARTICIPANT_PATTERN}\Z", max_length=48)]
    sends: _Kinds
    takes: _Kinds
    ceiling: _HandlingCode
    per_hour: Annotated[int, Meta(ge=1, le=1_000_000)] = 3_600
    waiting_bytes: Annotated[int, Meta(ge=1, le=2**40)] = 2**30
    handling: dict[_HandlingCode, _HandlingCode] = {}

    def may_send(self, kind: Kind) -> bool:
        """Say whether this network sends a kind there."""
        return "*" in self.sends or kind in self.sends

    def may_take(self, kind: Kind) -> bool:
        """Say whether this network takes a kind from there."""
        return "*" in self.takes or kind in self.takes

    def meant_here(self, code: str) -> str | None:
        """Return the code by which a marking from there is handled here, never laxer than it says; None: not listed."""
        if not self.handling:
            return code
        mapped = self.handling.get(code)
        return None if mapped is None else strictest(code, mapped)


def check_peer(peer: Peer) -> None:
    """Raise Rejected `directory-untrusted` for a handling code that does not exist."""
    for code in (peer.ceiling, *peer.handling, *peer.handling.values()):
        if code not in HANDLING_CODES:
            raise Rejected(f"peer {peer.network}: not a handling code: {code!r}", code="directory-untrusted")


def strictest(one: str, other: str) -> str:
    """Return the code that has the higher of both words of two handling codes."""
    first, second = _ranks(one), _ranks(other)
    return f"{TLP[max(first[0], second[0])]}/{CONFIDENTIALITY[max(first[1], second[1])]}"


def within(code: str, ceiling: str) -> bool:
    """Say whether neither word of a handling code is above the ceiling's."""
    return strictest(code, ceiling) == ceiling


def _ranks(code: str) -> tuple[int, int]:
    tlp, _, level = code.partition("/")
    return TLP.index(tlp), CONFIDENTIALITY.index(level)
