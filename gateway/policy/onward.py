"""
Whether content may be passed on to somebody: on its marking, who is who, and the consents of its originators.

Rules are asked in the order of `OnwardRule`; the first that allows it decides, and none means no: silence is no consent. How
far `onward` reaches is cut by the TLP level: red to nobody, amber to the organisation, green and clear to the network. A
consent reaches further, for the participants that it names, until it ends or is revoked.
Spec: schemas/messages.md, "Passing on".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.errors import Rejected
from gateway.ids import network_of, participant_of
from gateway.message.handling import CONFIDENTIALITIES, TLP_LEVELS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.ids import Address
    from gateway.message.handling import Confidentiality, Handling, Onward, Tlp

__all__ = ["Consent", "OnwardRule", "Source", "judge_onward", "lowered", "require_onward"]

_REACH: Final[tuple[Onward, ...]] = ("none", "unit", "organisation", "consent", "group")  # from the narrowest
_TLP_REACH: Final[dict[Tlp, Onward]] = {
    "red": "none",
    "amber+strict": "organisation",
    "amber": "organisation",
    "green": "group",
    "clear": "group",
}


class OnwardRule(StrEnum):
    """By what a recipient may be given the content."""

    ORIGINATOR = "originator"
    DISCLOSED = "disclosed"
    ORGANISATION = "organisation"
    NETWORK = "network"
    CONSENT = "consent"
    REFUSED = "refused"


class Consent(NamedTuple):
    """
    What an originator allows with a message: granted, and not withdrawn since.

    Args:
        by: The originator.
        until: Unix seconds; from then on it counts no more.
        to: Whom the message may be passed on to.
        marking: How far its marking may be lowered; None where not at all.
    """

    by: Address
    until: float
    to: frozenset[str] = frozenset()
    marking: tuple[Tlp, Confidentiality] | None = None


class Source(NamedTuple):
    """
    The message that is passed on.

    Args:
        sender: Who sent it here.
        marking: Its marking.
        originators: Who must agree.
        disclosed: Its recipients, as far as its author named them.
    """

    sender: Address
    marking: Handling
    originators: frozenset[str]
    disclosed: frozenset[str]


def require_onward(
    source: Source, me: Address, recipients: Sequence[Address], consents: Collection[Consent], now: float
) -> None:
    """
    Refuse to pass a message on to a participant that it may not reach.

    Args:
        source: What is passed on.
        me: Who passes it on.
        recipients: Whom to.
        consents: In force: granted, not revoked since; of this message.
        now: Unix seconds.

    Raises:
        Rejected: `consent-missing` with the first recipient that it may not reach.
    """
    for recipient in recipients:
        if judge_onward(source, me, recipient, consents, now) is OnwardRule.REFUSED:
            missing = sorted(source.originators - {consent.by for consent in _granting(consents, recipient, now)} - {me})
            raise Rejected(
                f"{recipient} may not be given what {source.sender} sent: no consent of {', '.join(missing)}",
                code="consent-missing",
            )


def judge_onward(source: Source, me: Address, recipient: Address, consents: Collection[Consent], now: float) -> OnwardRule:
    """Return the first rule that allows one recipient; for arguments see `require_onward`."""
    reach = min(source.marking.onward, _TLP_REACH[source.marking.tlp], key=_REACH.index)
    if recipient == source.sender or recipient in source.originators:
        return OnwardRule.ORIGINATOR
    if recipient in source.disclosed:
        return OnwardRule.DISCLOSED
    if reach in {"organisation", "consent", "group"} and _organisation(recipient) == _organisation(me):
        return OnwardRule.ORGANISATION
    if reach == "group" and network_of(recipient) == network_of(me):
        return OnwardRule.NETWORK
    if source.originators <= {me, *(consent.by for consent in _granting(consents, recipient, now))}:
        return OnwardRule.CONSENT
    return OnwardRule.REFUSED


def lowered(source: Source, me: Address, consents: Collection[Consent], now: float) -> Handling | None:
    """
    Return the marking that binds what I make from a message, with what its originators consented to.

    Returns:
        None where nothing binds: I am its only originator. TLP and confidentiality are those that all others allow.
    """
    others = source.originators - {me}
    if not others:
        return None
    allowed = [_lowest(other, consents, now) for other in others]
    if any(one is None for one in allowed):
        return source.marking
    levels = [one for one in allowed if one is not None]
    tlp = max((one[0] for one in levels), key=TLP_LEVELS.index)
    confidentiality = max((one[1] for one in levels), key=CONFIDENTIALITIES.index)
    return msgspec.structs.replace(source.marking, tlp=tlp, confidentiality=confidentiality)


def _lowest(by: str, consents: Collection[Consent], now: float) -> tuple[Tlp, Confidentiality] | None:
    """Return the newest marking that one originator allows."""
    found = [one.marking for one in consents if one.by == by and one.marking is not None and now < one.until]
    return found[-1] if found else None


def _granting(consents: Collection[Consent], recipient: Address, now: float) -> list[Consent]:
    return [one for one in consents if recipient in one.to and now < one.until]


def _organisation(address: Address) -> tuple[str, str]:
    """Return network and organisation: participants whose ids share the first two parts belong together."""
    return network_of(address), "-".join(participant_of(address).split("-")[:2])
