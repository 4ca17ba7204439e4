"""
From a request to an entry: what the authority decides, and what it must refuse.

An id is given once. Who asks for one that was given is refused, unless it was revoked and comes back under the same id
(`gateway.network.standing`). Spec: schemas/directory.md, "Enrolment", "Re-enrolment".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from gateway.directory.entries import GATEWAY_ROLE, RELAY_ROLE, Clearance, Entry, Status, WhoIsWho
from gateway.errors import Rejected
from gateway.ids import Address, network_of
from gateway.network.enrolment import refuse_roles
from gateway.network.request import Request, verify_request

if TYPE_CHECKING:
    from gateway.directory.cards import KeyCard

__all__ = ["Decision", "asked", "entered", "refuse_strange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What the authority decides about a request.

    Args:
        roles: What the participant may do; empty takes what it wished for.
        clearance: The highest confidentiality that it may be sent.
        kinds_accepted: Kinds that it takes; `*` for all. A relay takes none: it carries what is sent to others.
        known_to: Networks that know it, this one or peers of the draft; empty: all. For the others it does not exist.
        again: True for a participant that was revoked and comes back under its id.
    """

    roles: tuple[str, ...] = ()
    clearance: Clearance = "restricted"
    kinds_accepted: tuple[str, ...] = ("*",)
    known_to: tuple[str, ...] = ()
    again: bool = False


def asked(network: str, request: Request, decision: Decision, now: float) -> tuple[Entry, KeyCard]:
    """
    Return the entry that a request leads to, and its verified card.

    Raises:
        Rejected: `config`, `network-differs`, or what is wrong with the card.
    """
    card = verify_request(request, now)
    roles = decision.roles or request.roles
    refuse_roles(roles)
    if (GATEWAY_ROLE in roles) != (GATEWAY_ROLE in request.roles):
        raise Rejected("a gateway's request makes a gateway, and no other does", code="config")
    if network_of(Address(request.address)) != network:
        raise Rejected(f"{request.address} asks for another network than {network}", code="network-differs")
    if (request.again is True) != decision.again:
        told = "the request says that it enrols again" if request.again is True else "the request is a first one"
        hint = "gateway network add --again" if request.again is True else "make it with gateway enrol --again"
        raise Rejected(told, code="config", hint=hint)
    entry = Entry(
        participant=request.participant,
        address=request.address,
        name=request.name,
        country=request.country,
        organisation_type=request.organisation_type,
        roles=roles,
        status=Status.ACTIVE,
        clearance=decision.clearance,
        kinds_accepted=() if set(roles) == {RELAY_ROLE} else decision.kinds_accepted,
        identity=request.identity,
        known_to=decision.known_to,
    )
    return entry, card


def entered(who: WhoIsWho, request: Request, decision: Decision, now: float) -> WhoIsWho:
    """Return the list with one participant more; refuses an id that was ever given."""
    entry, _ = asked(who.network, request, decision, now)
    if any(one.participant == entry.participant for one in who.entries):
        raise Rejected(f"{entry.participant} was enrolled before; an id is never given twice", code="key-taken")
    return msgspec.structs.replace(who, entries=(*who.entries, entry))


def refuse_strange(who: WhoIsWho, decision: Decision) -> None:
    """Raise `config` for a decision that lets a network know a participant, and is neither this one nor a peer of the draft."""
    strange = set(decision.known_to) - {who.network, *(peer.network for peer in who.peers)}
    if strange:
        raise Rejected(f"not a peer: {min(strange)[:64]!r}", code="config", hint="name it first: gateway network peer add")
