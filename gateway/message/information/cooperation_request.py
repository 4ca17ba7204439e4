"""
`cooperation.request`: one authority asks another for assistance.

Modelled on what treaties on mutual assistance ask for, so that nothing essential is missing when it is sent: who asks,
on what instrument, what happened, what is asked and what for. Completeness is checked here, before anything is signed.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.codes import AssistanceType, Instrument
from gateway.message.content import Body, Content
from gateway.message.shared.authority import JUDICIAL, Authority
from gateway.message.shared.basics import Account, Hash256, Line, Note, Ref, Wire
from gateway.message.shared.incident import Incidents, Offence, Warrant, check_incidents
from gateway.message.shared.person import Persons, check_persons
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_known
from gateway.message.shared.times import Day, Instant

__all__ = [
    "CooperationRequest",
    "CooperationRequestBody",
    "Deadline",
    "EarlierRequest",
    "Measure",
    "Preservation",
    "Secrecy",
    "VideoLink",
]

_ARREST: Final = "AT.m"
_VALIDATED: Final = frozenset({"eio"})  # instruments whose non-judicial requests need a validating authority


class Measure(Wire, frozen=True, kw_only=True):
    """
    One thing that is asked for.

    Args:
        persons: Local ids of the persons concerned.
        formalities: Manner in which it should be done, e.g. so that it is admissible.
        presence_requested: True when the requesting authority wants to be there.
    """

    type: AssistanceType
    description: Note
    persons: Annotated[Sequence[Ref], Meta(max_length=200)] = ()
    place: Place | None = None
    formalities: Note | None = None
    date_wanted: Day | None = None
    presence_requested: bool = False


class Secrecy(Wire, frozen=True, kw_only=True):
    """Whether the request itself must be kept secret, and why."""

    needed: bool
    reason: Note | None = None


class Deadline(Wire, frozen=True, kw_only=True):
    """By when, and why then."""

    by: Day
    reason: Note


class EarlierRequest(Wire, frozen=True, kw_only=True):
    """An earlier request that this one belongs to; `confirms` one that was made by other means."""

    relation: Literal["supplements", "repeats", "confirms", "replaces", "competes"]
    message: Hash256 | None = None
    reference: Line | None = None


class VideoLink(Wire, frozen=True, kw_only=True):
    """Data of a hearing by video link."""

    when: Instant
    duration_min: Annotated[int, Meta(ge=5, le=1_440)]
    languages: Annotated[Sequence[Line], Meta(min_length=1, max_length=10)]
    technical_contact: Line | None = None


class Preservation(Wire, frozen=True, kw_only=True):
    """What must be preserved until the request is executed."""

    until: Day
    what: Note


class CooperationRequestBody(Body, frozen=True, kw_only=True):
    """
    What is asked, of whom it is known, and why.

    Args:
        instrument: What the request rests on.
        facts: What happened, in at least 20 characters.
        purpose_use: What the result will be used for.
        provisions: Offences of national law and their penalties.
        confidentiality: Whether the request itself must be kept secret.
        assurances: Given by the requesting authority, e.g. on rights or speciality.
    """

    instrument: Instrument
    requesting_authority: Authority
    facts: Annotated[str, Meta(min_length=20, max_length=20_000)]
    purpose_use: Note
    measures: Annotated[Sequence[Measure], Meta(min_length=1, max_length=50)]
    validating_authority: Authority | None = None
    stage: Literal["preliminary", "structural", "investigation", "prosecution", "trial", "appeal", "enforcement"] | None = None
    persons: Persons = ()
    incidents: Incidents = ()
    provisions: Annotated[Sequence[Offence], Meta(max_length=50)] = ()
    warrants: Annotated[Sequence[Warrant], Meta(max_length=20)] = ()
    confidentiality: Secrecy | None = None
    deadline: Deadline | None = None
    relation_to_earlier: Annotated[Sequence[EarlierRequest], Meta(max_length=20)] = ()
    assurances: Annotated[Sequence[Note], Meta(max_length=20)] = ()
    costs: Note | None = None
    video_link: VideoLink | None = None
    preservation: Preservation | None = None
    remarks: Account | None = None

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return bool(self.persons)

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse what is incomplete or refers to nothing."""
        persons = check_persons(self.persons, f"{at}/persons", around)
        check_incidents(self.incidents, f"{at}/incidents")
        self._check_authorities(at)
        self._check_measures(at, persons)
        for index, offence in enumerate(self.provisions):
            offence.check(f"{at}/provisions/{index}")
        for index, warrant in enumerate(self.warrants):
            warrant.check(f"{at}/warrants/{index}", around)
        for index, earlier in enumerate(self.relation_to_earlier):
            named = earlier.message or earlier.reference
            require(named, f"{at}/relation_to_earlier/{index}/reference", "neither message nor reference")
        if self.confidentiality is not None and self.confidentiality.needed:
            require(self.confidentiality.reason, f"{at}/confidentiality/reason", "secrecy needs a reason")

    def _check_authorities(self, at: str) -> None:
        self.requesting_authority.check(f"{at}/requesting_authority")
        if self.validating_authority is not None:
            self.validating_authority.check(f"{at}/validating_authority")
        elif self.instrument in _VALIDATED:
            judicial = self.requesting_authority.type in JUDICIAL
            require(judicial, f"{at}/validating_authority", "a request that is not judicial needs one here")

    def _check_measures(self, at: str, persons: frozenset[str]) -> None:
        for index, measure in enumerate(self.measures):
            require_known(measure.persons, persons, f"{at}/measures/{index}/persons")
            if measure.place is not None:
                measure.place.check(f"{at}/measures/{index}/place")
            if measure.type == _ARREST:
                require(self.warrants, f"{at}/warrants", "arrest and surrender need a warrant")
                require(measure.persons, f"{at}/measures/{index}/persons", "names nobody to arrest")


class CooperationRequest(Content, frozen=True, kw_only=True, tag="cooperation.request"):
    """Content of `cooperation.request`."""

    kind: ClassVar[Kind] = Kind("cooperation.request")

    body: CooperationRequestBody
