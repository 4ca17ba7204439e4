"""
What a notice is about when it is no person: bodies, threats, methods, assets, and parties that may be persons or entities.

A person who belongs to one of them is a `Person` like everywhere else, with the same protection.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from gateway.message.codes import EyeColour, HairColour
from gateway.message.shared.basics import Country, Line, Note, Wire
from gateway.message.shared.money import Money
from gateway.message.shared.person import BiometricData, Person, Persons
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import PartialDate

__all__ = ["Asset", "AssetIdentifier", "DeadBody", "Entity", "Method", "Party", "Threat"]

Age = Annotated[int, Meta(ge=0, le=130)]


class Entity(Wire, frozen=True, kw_only=True):
    """An organisation: a company, an association, an armed group."""

    name: Line
    type: Literal["company", "association", "foundation", "armed-group", "public-body", "other"]
    aliases: Annotated[Sequence[Line], Meta(max_length=50)] = ()
    country: Country | None = None
    registration: Line | None = None
    seat: Place | None = None

    def check(self, at: str) -> None:
        """Check its seat."""
        if self.seat is not None:
            self.seat.check(f"{at}/seat")


class Party(Wire, frozen=True, kw_only=True):
    """A person or an entity: exactly one of the two."""

    person: Person | None = None
    entity: Entity | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse neither and both."""
        require(self.person is not None or self.entity is not None, f"{at}/person", "neither person nor entity")
        require(self.person is None or self.entity is None, f"{at}/entity", "either a person or an entity")
        if self.person is not None:
            self.person.check(f"{at}/person", around)
        if self.entity is not None:
            self.entity.check(f"{at}/entity")

    @property
    def persons(self) -> tuple[tuple[str, Person], ...]:
        """The person with its place below the party; nothing for an entity."""
        return () if self.person is None else (("/person", self.person),)


class DeadBody(Wire, frozen=True, kw_only=True):
    """
    A body without a known identity.

    Args:
        condition: How much there is to identify.
        sex: ISO/IEC 5218: 0 not known, 1 male, 2 female, 9 not applicable.
        age_min: Years, estimated.
        clothing: What was worn and carried.
        marks: Scars, tattoos, dental work and the like, in words.
    """

    condition: Literal["complete", "partial", "skeletal"]
    sex: Literal[0, 1, 2, 9] = 0
    age_min: Age | None = None
    age_max: Age | None = None
    height_cm: Annotated[int, Meta(ge=30, le=260)] | None = None
    mass_kg: Annotated[int, Meta(ge=1, le=400)] | None = None
    eyes: Annotated[Sequence[EyeColour], Meta(max_length=4)] = ()
    hair: Annotated[Sequence[HairColour], Meta(max_length=4)] = ()
    marks: Note | None = None
    clothing: Note | None = None
    biometrics: Annotated[Sequence[BiometricData], Meta(max_length=50)] = ()

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a body of which nothing is known, ages the wrong way round, and data that is not attached."""
        looks = self.height_cm or self.mass_kg or self.eyes or self.hair or self.clothing
        require(looks or self.marks or self.biometrics, f"{at}/marks", "neither described nor measured")
        if self.age_min is not None and self.age_max is not None:
            require(self.age_min <= self.age_max, f"{at}/age_max", "below the minimum")
        for index, data in enumerate(self.biometrics):
            found = data.attachment in around.attachments
            require(found, f"{at}/biometrics/{index}/attachment", "refers to nothing in this content")


class Threat(Wire, frozen=True, kw_only=True):
    """What threatens; `persons` are those from whom it comes."""

    type: Literal["event", "person", "object", "process"]
    description: Note
    persons: Persons = ()

    def check(self, at: str) -> None:
        """Refuse a threat by a person without the person; the notice checks the persons themselves."""
        require(self.type != "person" or self.persons, f"{at}/persons", "a threat by a person names one")


class Method(Wire, frozen=True, kw_only=True):
    """A way to commit or to hide crimes."""

    type: Literal["modus-operandi", "object", "device", "concealment"]
    description: Annotated[str, Meta(min_length=1, max_length=8_000)]
    first_seen: PartialDate
    seen_in: Annotated[Sequence[Country], Meta(max_length=50)] = ()


class AssetIdentifier(Wire, frozen=True, kw_only=True):
    """A number by which an asset is found."""

    scheme: Line
    value: Line


class Asset(Wire, frozen=True, kw_only=True):
    """
    Property that is thought to come from crime.

    Args:
        holder: Who holds it, in name or in fact.
        value: As far as known.
    """

    asset_type: Literal[
        "bank-account",
        "company-share",
        "real-estate",
        "vehicle",
        "vessel",
        "aircraft",
        "virtual-asset",
        "cash",
        "valuables",
        "other",
    ]
    description: Note
    holder: Party
    identifiers: Annotated[Sequence[AssetIdentifier], Meta(max_length=50)] = ()
    place: Place | None = None
    value: Money | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Check holder and place."""
        self.holder.check(f"{at}/holder", around)
        if self.place is not None:
            self.place.check(f"{at}/place")
