"""
Notices about what is no person, or need not be one: black, orange, purple, silver, and those of the Security Council.

Silver is a trial whose rules may change: it is never public, and no diffusion has it. A notice of the Security Council
(`un-special`) says what a resolution decided about a person or an entity, and is always public.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from gateway.message.operational.notice_base import NoticeBase
from gateway.message.operational.subjects import Asset, DeadBody, Method, Party, Threat
from gateway.message.shared.authority import CaseReference, ContactPoint
from gateway.message.shared.basics import Line
from gateway.message.shared.incident import Offence
from gateway.message.shared.person import Person, check_persons
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_once
from gateway.message.shared.times import Day, Instant, PartialDate

__all__ = ["BlackNotice", "OrangeNotice", "PurpleNotice", "SilverNotice", "UnSpecialNotice"]


class BlackNotice(NoticeBase, frozen=True, kw_only=True, tag_field="colour", tag="black"):
    """A body that nobody can name."""

    subject: DeadBody
    found_at: Place
    found_on: PartialDate

    def check(self, at: str, around: Surroundings) -> None:
        """Check the body and where it was found."""
        super().check(at, around)
        self.subject.check(f"{at}/subject", around)
        self.found_at.check(f"{at}/found_at")


class OrangeNotice(NoticeBase, frozen=True, kw_only=True, tag_field="colour", tag="orange"):
    """
    An imminent threat.

    Args:
        imminence: How soon it may come true.
        affected: Places that it concerns.
        valid_until: When the warning ends by itself.
    """

    subject: Threat
    imminence: Literal["immediate", "days", "weeks", "not-known"]
    valid_until: Instant
    affected: Annotated[Sequence[Place], Meta(min_length=1, max_length=50)]

    @property
    def subjects(self) -> tuple[tuple[str, Person], ...]:
        """The persons from whom the threat comes."""
        return tuple((f"/subject/persons/{index}", person) for index, person in enumerate(self.subject.persons))

    def check(self, at: str, around: Surroundings) -> None:
        """Check the threat and the places."""
        super().check(at, around)
        self.subject.check(f"{at}/subject")
        check_persons(self.subject.persons, f"{at}/subject/persons", around)
        for index, place in enumerate(self.affected):
            place.check(f"{at}/affected/{index}")


class PurpleNotice(NoticeBase, frozen=True, kw_only=True, tag_field="colour", tag="purple"):
    """A method, an object, a device or a hiding place; `source_case` is where it was seen."""

    subject: Method
    source_case: CaseReference


class UnSpecialNotice(NoticeBase, frozen=True, kw_only=True, tag_field="colour", tag="un-special"):
    """
    A person or an entity under measures of the Security Council; `facts` is the narrative summary.

    Args:
        un_reference: Number in the list of the sanctions committee.
        resolution: Number of the resolution.
        listed_on: When the committee listed it.
    """

    subject: Party
    un_reference: Line
    resolution: Annotated[int, Meta(ge=1, le=99_999)]
    measures: Annotated[Sequence[Literal["asset-freeze", "travel-ban", "arms-embargo"]], Meta(min_length=1, max_length=3)]
    listed_on: Day

    @property
    def subjects(self) -> tuple[tuple[str, Person], ...]:
        """The listed person, if it is one."""
        return tuple((f"/subject{place}", person) for place, person in self.subject.persons)

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a measure twice, and a travel ban for what cannot travel."""
        super().check(at, around)
        self.subject.check(f"{at}/subject", around)
        require_once(self.measures, f"{at}/measures")
        for index, measure in enumerate(self.measures):
            travels = measure != "travel-ban" or self.subject.person is not None
            require(travels, f"{at}/measures/{index}", "a travel ban is for persons")


class SilverNotice(NoticeBase, frozen=True, kw_only=True, tag_field="colour", tag="silver"):
    """
    Property to be traced or identified, with its holder.

    Args:
        suspected_offences: That it is thought to come from.
        follow_up: Whom to write to; what follows goes between two States.
    """

    subject: Asset
    suspected_offences: Annotated[Sequence[Offence], Meta(min_length=1, max_length=50)]
    follow_up: ContactPoint

    @property
    def subjects(self) -> tuple[tuple[str, Person], ...]:
        """The holder, if it is a person."""
        return tuple((f"/subject/holder{place}", person) for place, person in self.subject.holder.persons)

    def check(self, at: str, around: Surroundings) -> None:
        """Check asset, offences and contact."""
        super().check(at, around)
        self.subject.check(f"{at}/subject", around)
        for index, offence in enumerate(self.suspected_offences):
            offence.check(f"{at}/suspected_offences/{index}")
        self.follow_up.check(f"{at}/follow_up")
