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

from gateway.errors import Rejected
from gateway.ids import network_of, participant_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.ids import Address
    from gateway.message.handling import Handling, Onward, Tlp

__all__ = ["Consent", "OnwardRule", "Source", "consented", "judge_onward", "require_onward"]

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
    What an originator last said about passing a message on, or about lowering its marking.

    Args:
        by: The originator.
        wanted: `onward`, `downgrade` or another use that it decides on.
        to: Whom it allows, for `onward`.
        valid_until: Unix seconds; None while nothing ends it.
    """

    by: Address
    wanted: str
    to: frozenset[Address]
    valid_until: float | None


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


def consented(originators: Collection[str], me: Address, wanted: str, consents: Collection[Consent], now: float) -> bool:
    """Say whether all originators but myself have consented to a use other than passing on, e.g. `downgrade`."""
    granting = {consent.by for consent in consents if consent.wanted == wanted and _in_force(consent, now)}
    return set(originators) <= {me, *granting}


def _granting(consents: Collection[Consent], recipient: Address, now: float) -> list[Consent]:
    return [one for one in consents if one.wanted == "onward" and recipient in one.to and _in_force(one, now)]


def _in_force(consent: Consent, now: float) -> bool:
    return consent.valid_until is None or now < consent.valid_until


def _organisation(address: Address) -> tuple[str, str]:
    """Return network and organisation: participants whose ids share the first two parts belong together."""
    return network_of(address), "-".join(participant_of(address).split("-")[:2])
