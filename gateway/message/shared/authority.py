"""
Authorities, their contact points, and what a request rests on.

Phone numbers, mail and hours are data of people at work: they travel inside sealed content and nowhere else.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.codes import Instrument
from gateway.message.shared.basics import Country, Language, Line, Note, ParticipantText, Wire
from gateway.message.shared.refuse import require
from gateway.message.shared.times import Day, reversed_period

__all__ = ["JUDICIAL", "Authority", "AuthorityType", "CaseReference", "Channel", "ContactPoint", "LegalBasis"]

AuthorityType = Literal[
    "court",
    "judge",
    "prosecutor",
    "police",
    "central-authority",
    "ministry",
    "tribunal",
    "registry",
    "network",
    "other",
]
JUDICIAL: Final = frozenset({"court", "judge", "prosecutor", "tribunal"})


class Channel(Wire, frozen=True, kw_only=True):
    """A way to reach somebody besides this exchange."""

    type: Literal["phone", "email", "post", "secure"]
    value: Line


class ContactPoint(Wire, frozen=True, kw_only=True):
    """Who answers questions, and when."""

    unit: Line
    function: Line
    participant: ParticipantText | None = None
    channels: Annotated[Sequence[Channel], Meta(max_length=10)] = ()
    hours: Line | None = None
    languages: Annotated[Sequence[Language], Meta(max_length=20)] = ()
    instruments: Annotated[Sequence[Instrument], Meta(max_length=20)] = ()
    valid_from: Day | None = None
    valid_until: Day | None = None

    def check(self, at: str) -> None:
        """Refuse a period the wrong way round."""
        require(not reversed_period(self.valid_from, self.valid_until), f"{at}/valid_until", "ends before it starts")


class Authority(Wire, frozen=True, kw_only=True):
    """An authority that asks, validates or decides; `country` is left out for an international one."""

    name: Line
    type: AuthorityType
    country: Country | None = None
    reference: Line | None = None
    contact: ContactPoint | None = None

    def check(self, at: str) -> None:
        """Check the contact point."""
        if self.contact is not None:
            self.contact.check(f"{at}/contact")


class LegalBasis(Wire, frozen=True, kw_only=True):
    """A provision that the message rests on."""

    instrument: Instrument
    article: Line | None = None
    note: Note | None = None


class CaseReference(Wire, frozen=True, kw_only=True):
    """A case number in somebody's system."""

    scheme: Line
    id: Line
    owner: ParticipantText | None = None
