"""
Incidents: what happened, as crimes, time, places and people harmed.

Crimes and the type of conflict must agree: codes of 8(2)(a) and (b) need an international conflict or an occupation,
codes of 8(2)(c) and (e) one that is not international; both together need `undetermined`, or two incidents. Offences of
national law stand beside, and nobody is forced into one legal qualification.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.codes import Crime, LiabilityMode
from gateway.message.shared.basics import Count, Country, Line, Note, Ref, Wire
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_distinct
from gateway.message.shared.times import Day, PartialDateTime, reversed_period

__all__ = ["ConflictType", "Incident", "Incidents", "Offence", "Warrant", "check_incidents"]

ConflictType = Literal["iac", "occupation", "niac", "none", "undetermined"]
_AGREES: Final[dict[str, frozenset[str]]] = {
    "RS.8.2.a.": frozenset({"iac", "occupation", "undetermined"}),
    "RS.8.2.b.": frozenset({"iac", "occupation", "undetermined"}),
    "RS.8.2.c.": frozenset({"niac", "undetermined"}),
    "RS.8.2.e.": frozenset({"niac", "undetermined"}),
}
_PREFIX: Final = len("RS.8.2.a.")
_INCITEMENT: Final = "25.3.e"  # incitement is to genocide alone
Years = Annotated[int, Meta(ge=0, le=100)]


class Incident(Wire, frozen=True, kw_only=True):
    """
    One incident, or a series that belongs together.

    Args:
        ref: Local id.
        crimes: Every code that may apply.
        groups: Armed groups, units or organisations involved.
        victims_min: At least so many people were harmed.
    """

    ref: Ref
    crimes: Annotated[Sequence[Crime], Meta(min_length=1, max_length=50)]
    summary: Annotated[str, Meta(min_length=1, max_length=4_000)]
    conflict_type: ConflictType = "undetermined"
    start: PartialDateTime | None = None
    end: PartialDateTime | None = None
    places: Annotated[Sequence[Place], Meta(max_length=50)] = ()
    modes_of_liability: Annotated[Sequence[LiabilityMode], Meta(max_length=10)] = ()
    groups: Annotated[Sequence[Line], Meta(max_length=50)] = ()
    victims_min: Count | None = None
    victims_max: Count | None = None

    def check(self, at: str) -> None:
        """Refuse crimes that the type of conflict contradicts, and periods or numbers the wrong way round."""
        for index, crime in enumerate(self.crimes):
            allowed = _AGREES.get(crime[:_PREFIX])
            agrees = allowed is None or self.conflict_type in allowed
            require(agrees, f"{at}/crimes/{index}", "the type of conflict contradicts this crime")
        for index, mode in enumerate(self.modes_of_liability):
            fits = mode != _INCITEMENT or any(crime.startswith("RS.6.") for crime in self.crimes)
            require(fits, f"{at}/modes_of_liability/{index}", "this mode is for genocide alone")
        if self.start is not None and self.end is not None:
            require(not reversed_period(self.start.value, self.end.value), f"{at}/end", "ends before it starts")
        if self.victims_min is not None and self.victims_max is not None:
            require(self.victims_min <= self.victims_max, f"{at}/victims_max", "below the minimum")
        for index, place in enumerate(self.places):
            place.check(f"{at}/places/{index}")


Incidents = Annotated[Sequence[Incident], Meta(max_length=100)]


class Offence(Wire, frozen=True, kw_only=True):
    """An offence of national law and its penalty."""

    country: Country
    statute: Line
    provision: Line
    text: Note | None = None
    max_penalty_years: Years | None = None
    life: bool = False

    def check(self, at: str) -> None:
        """Refuse two maximum penalties."""
        require(not (self.life and self.max_penalty_years), f"{at}/life", "either years or life")


class Warrant(Wire, frozen=True, kw_only=True):
    """A warrant, order or judgment that a measure rests on."""

    authority: Line
    court_type: Literal["national", "international", "hybrid"]
    reference: Line
    issued_on: Day
    offences: Annotated[Sequence[Offence], Meta(max_length=50)] = ()
    max_penalty_years: Years | None = None
    life: bool = False
    sentence_months: Annotated[int, Meta(ge=0, le=1_200)] | None = None
    remaining_months: Annotated[int, Meta(ge=0, le=1_200)] | None = None
    in_absentia: bool = False
    attachment: Ref | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse penalties that contradict each other, and a document that is not attached."""
        require(not (self.life and self.max_penalty_years), f"{at}/life", "either years or life")
        if self.remaining_months is not None:
            served = self.sentence_months is not None and self.remaining_months <= self.sentence_months
            require(served, f"{at}/remaining_months", "more remains than was imposed")
        for index, offence in enumerate(self.offences):
            offence.check(f"{at}/offences/{index}")
        if self.attachment is not None:
            require(self.attachment in around.attachments, f"{at}/attachment", "refers to nothing in this content")


def check_incidents(incidents: Sequence[Incident], at: str) -> frozenset[str]:
    """Check every incident; return their local ids."""
    for index, incident in enumerate(incidents):
        incident.check(f"{at}/{index}")
    return require_distinct((incident.ref for incident in incidents), at, "ref")
