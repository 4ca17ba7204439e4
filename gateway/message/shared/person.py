"""
Persons: identity as far as it is known, and who may not be identified.

Victims, witnesses and sources are written by pseudonym alone (ref, pseudonym, status, languages, minor, deceased),
unless the content is confidential and at least `amber+strict`. Names are kept exactly as sent, in every script.
Lengths in whole centimetres, mass in whole kilograms. Spec: schemas/messages.md, "Persons".
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.codes import Biometric, Document, EyeColour, HairColour
from gateway.message.shared.basics import Country, FormerCountry, Language, LanguageTag, Line, Note, Ref, Script, Wire
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_distinct
from gateway.message.shared.times import PartialDate

__all__ = [
    "IDENTIFYING",
    "PROTECTED_STATUS",
    "BiometricData",
    "IdentityDocument",
    "Name",
    "Person",
    "PersonStatus",
    "Persons",
    "check_persons",
]

PersonStatus = Literal[
    "suspect",
    "accused",
    "convicted",
    "wanted",
    "missing",
    "unidentified",
    "deceased",
    "victim",
    "witness",
    "victim-witness",
    "source",
    "expert",
    "contact",
    "associate",
]
PROTECTED_STATUS: Final = frozenset({"victim", "witness", "victim-witness", "source"})
IDENTIFYING: Final = (
    "names",
    "sex",
    "birth",
    "birth_place",
    "nationalities",
    "former_nationalities",
    "documents",
    "height_cm",
    "mass_kg",
    "eyes",
    "hair",
    "marks",
    "photo",
    "biometrics",
    "refugee_check",
)


class Name(Wire, frozen=True, kw_only=True):
    """A name as sent; `full` is what people read."""

    full: Line
    family: Line | None = None
    given: Line | None = None
    script: Script | None = None
    language: LanguageTag | None = None
    type: Literal["legal", "birth", "alias", "nom-de-guerre", "transliteration"] = "legal"
    quality: Literal["confirmed", "probable", "possible"] = "probable"


class IdentityDocument(Wire, frozen=True, kw_only=True):
    """An identity document."""

    type: Document
    number: Line
    issuer: Country | None = None
    expiry: PartialDate | None = None


class BiometricData(Wire, frozen=True, kw_only=True):
    """Biometric data that travels as an attachment."""

    modality: Biometric
    format: Line
    attachment: Ref


class Person(Wire, frozen=True, kw_only=True):
    """
    A person, as far as known.

    Args:
        ref: Local id; measures and items refer to it.
        status: Every role that the person has; it decides what may be written.
        pseudonym: For persons who are not named.
        sex: ISO/IEC 5218: 0 not known, 1 male, 2 female, 9 not applicable.
        marks: Scars, tattoos and the like, in words.
        refugee_check: Whether protection from the requesting or another State was looked for.
        minor: True for a child, whatever the date of birth says.
    """

    ref: Ref
    status: Annotated[Sequence[PersonStatus], Meta(min_length=1, max_length=8)]
    pseudonym: Line | None = None
    names: Annotated[Sequence[Name], Meta(max_length=50)] = ()
    sex: Literal[0, 1, 2, 9] = 0
    birth: PartialDate | None = None
    birth_place: Place | None = None
    nationalities: Annotated[Sequence[Country], Meta(max_length=10)] = ()
    former_nationalities: Annotated[Sequence[FormerCountry], Meta(max_length=10)] = ()
    documents: Annotated[Sequence[IdentityDocument], Meta(max_length=50)] = ()
    height_cm: Annotated[int, Meta(ge=30, le=260)] | None = None
    mass_kg: Annotated[int, Meta(ge=1, le=400)] | None = None
    eyes: Annotated[Sequence[EyeColour], Meta(max_length=4)] = ()
    hair: Annotated[Sequence[HairColour], Meta(max_length=4)] = ()
    marks: Note | None = None
    languages: Annotated[Sequence[Language], Meta(max_length=20)] = ()
    photo: Ref | None = None
    biometrics: Annotated[Sequence[BiometricData], Meta(max_length=50)] = ()
    refugee_check: Literal["none", "pending", "clear", "protected"] = "none"
    minor: bool = False
    deceased: bool = False

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a protected person who could be identified, an unnamed one, and references to nothing."""
        require(self.pseudonym or self.names or "unidentified" in self.status, f"{at}/names", "neither name nor pseudonym")
        if not around.protects and not PROTECTED_STATUS.isdisjoint(self.status):
            self._check_hidden(at)
        if self.birth_place is not None:
            self.birth_place.check(f"{at}/birth_place")
        if self.photo is not None:
            require(self.photo in around.attachments, f"{at}/photo", "refers to nothing in this content")
        for index, data in enumerate(self.biometrics):
            found = data.attachment in around.attachments
            require(found, f"{at}/biometrics/{index}/attachment", "refers to nothing in this content")

    def _check_hidden(self, at: str) -> None:
        for member in IDENTIFYING:
            require(
                not getattr(self, member) or getattr(self, member) == "none",
                f"{at}/{member}",
                "a victim, witness or source is named only in confidential content of amber+strict or red",
            )


Persons = Annotated[Sequence[Person], Meta(max_length=200)]


def check_persons(persons: Sequence[Person], at: str, around: Surroundings) -> frozenset[str]:
    """Check every person; return their local ids."""
    for index, person in enumerate(persons):
        person.check(f"{at}/{index}", around)
    return require_distinct((person.ref for person in persons), at, "ref")
