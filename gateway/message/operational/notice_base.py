"""
What notices of every colour have, and the small types that their kinds share.

A colour is a type that adds its minimum data (`persons_sought`, `things_sought`); what a notice asks of its frame stands in
`gateway.message.operational.notices`. Modelled on public rules and practice; nothing here claims to be law.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from gateway.message.shared.basics import Ref, Wire, whole
from gateway.message.shared.incident import Incidents, check_incidents
from gateway.message.shared.person import Person, Persons, check_persons
from gateway.message.shared.refuse import Surroundings, require, require_known

__all__ = ["NoticeBase", "NoticeId", "Yes"]

NoticeId = Annotated[str, Meta(pattern=whole("[0-9]{4}/[0-9]{1,6}"), description="Number of a notice, e.g. `2099/17`.")]
# JSON has no constant for a decoder to insist on: the schema says it, and a rule of the type checks it.
Yes = Annotated[bool, Meta(description="Always true.", extra_json_schema={"const": True})]


class NoticeBase(Wire, frozen=True, kw_only=True):
    """
    What a notice of every colour has.

    Args:
        facts: What happened, where and when, in at least 50 characters; what a reader sees first.
        photos: Attachments with more photographs.
        associates: Persons known to be close to the subject.
        co_subjects: Persons who are sought in the same case by notices of their own.
        previous_notice: An earlier notice on the same subject.
    """

    facts: Annotated[str, Meta(min_length=50, max_length=20_000)]
    incidents: Incidents = ()
    photos: Annotated[Sequence[Ref], Meta(max_length=50)] = ()
    associates: Persons = ()
    co_subjects: Persons = ()
    previous_notice: NoticeId | None = None

    @property
    def subjects(self) -> tuple[tuple[str, Person], ...]:
        """Persons that the notice is about, each with its place below the notice."""
        return ()

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return bool(self.subjects or self.associates or self.co_subjects)

    def check(self, at: str, around: Surroundings) -> None:
        """Check every person, incident and photograph; a person has one local id in the whole notice."""
        for place, person in self.subjects:
            person.check(f"{at}{place}", around)
        check_persons(self.associates, f"{at}/associates", around)
        check_persons(self.co_subjects, f"{at}/co_subjects", around)
        seen: set[str] = set()
        for place, person in (*self.subjects, *self._others):
            require(person.ref not in seen, f"{at}{place}/ref", "the same id stands twice")
            seen.add(person.ref)
        check_incidents(self.incidents, f"{at}/incidents")
        require_known(self.photos, around.attachments, f"{at}/photos")

    @property
    def _others(self) -> list[tuple[str, Person]]:
        return [
            *((f"/associates/{index}", person) for index, person in enumerate(self.associates)),
            *((f"/co_subjects/{index}", person) for index, person in enumerate(self.co_subjects)),
        ]
