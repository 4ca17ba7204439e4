"""
Notices about persons: red, blue, green, yellow.

A red notice asks to locate a person and to restrict movement until surrender; it is no warrant, and rests on one. Its
thresholds are modelled on public rules: an offence punishable by at least two years where a trial is sought, a sentence of at
least six months where it is to be served.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from gateway.message.operational.identity import check_identity, check_protection
from gateway.message.operational.notice_base import NoticeBase, Yes
from gateway.message.shared.authority import Authority
from gateway.message.shared.basics import Country, Line, Note, Wire
from gateway.message.shared.evaluation import Evaluation
from gateway.message.shared.incident import Incident, Offence, Warrant
from gateway.message.shared.person import Person
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_once
from gateway.message.shared.times import Day, PartialDate, reversed_period

__all__ = [
    "BlueNotice",
    "GreenNotice",
    "LastSeen",
    "PersonNotice",
    "RedNotice",
    "YellowNotice",
]

_PROSECUTION_YEARS: Final = 2
_SENTENCE_MONTHS: Final = 6


class PersonNotice(NoticeBase, frozen=True, kw_only=True):
    """A notice about one person, for whom protection as a refugee was looked for."""

    subject: Person

    @property
    def subjects(self) -> tuple[tuple[str, Person], ...]:
        """The one person."""
        return (("/subject", self.subject),)

    def check(self, at: str, around: Surroundings) -> None:
        """Ask for the refugee check besides every other rule."""
        super().check(at, around)
        check_protection(self.subject, f"{at}/subject")


class RedNotice(PersonNotice, frozen=True, kw_only=True, tag_field="colour", tag="red"):
    """
    A person who is sought for surrender, for trial or to serve a sentence.

    Args:
        incidents: What the person is charged with or was convicted of, each with its time and place.
        warrants: What the arrest would rest on, with the offences and their penalties.
        extradition_from: Countries from which surrender will be sought.
        extradition_from_all: True when it will be sought from every country; then none is listed.
        assurance_extradition: The requester will ask for surrender when the person is found.
    """

    incidents: Annotated[Sequence[Incident], Meta(min_length=1, max_length=100)]
    sought_for: Literal["prosecution", "sentence"]
    warrants: Annotated[Sequence[Warrant], Meta(min_length=1, max_length=20)]
    assurance_extradition: Yes
    extradition_from: Annotated[Sequence[Country], Meta(max_length=250)] = ()
    extradition_from_all: bool = False

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a person who cannot be told from others, a charge without time or place, a penalty below the threshold."""
        super().check(at, around)
        require(
            self.assurance_extradition, f"{at}/assurance_extradition", "surrender must be asked for once the person is found"
        )
        listed = bool(self.extradition_from) != self.extradition_from_all
        require(listed, f"{at}/extradition_from", "either some countries or all")
        require_once(self.extradition_from, f"{at}/extradition_from")
        for index, incident in enumerate(self.incidents):
            require(incident.start is not None, f"{at}/incidents/{index}/start", "a charge says when")
            require(incident.places, f"{at}/incidents/{index}/places", "a charge says where")
        self._check_subject(f"{at}/subject")
        self._check_warrants(f"{at}/warrants", around)

    def _check_subject(self, at: str) -> None:
        require("wanted" in self.subject.status, f"{at}/status", "the subject of a red notice is wanted")
        convicted = self.sought_for != "sentence" or "convicted" in self.subject.status
        require(convicted, f"{at}/status", "who is to serve a sentence is convicted")
        require(not self.subject.deceased, f"{at}/deceased", "nobody dead is arrested")
        international = any(warrant.court_type != "national" for warrant in self.warrants)
        free = self.subject.refugee_check != "protected" or international
        require(free, f"{at}/refugee_check", "a protected person is sought on the warrant of an international court alone")
        check_identity(self.subject, at)

    def _check_warrants(self, at: str, around: Surroundings) -> None:
        for index, warrant in enumerate(self.warrants):
            warrant.check(f"{at}/{index}", around)
            require(warrant.offences, f"{at}/{index}/offences", "names no offence and no law")
        if self.sought_for == "prosecution":
            grave = any(_may_be_punished(warrant) for warrant in self.warrants)
            require(grave, f"{at}/0/max_penalty_years", f"no offence is punishable by {_PROSECUTION_YEARS} years")
        else:
            grave = any(_was_sentenced(warrant) for warrant in self.warrants)
            require(grave, f"{at}/0/sentence_months", f"no sentence of {_SENTENCE_MONTHS} months")


class BlueNotice(PersonNotice, frozen=True, kw_only=True, tag_field="colour", tag="blue"):
    """A person of interest to an investigation: to be located, identified, or told about."""

    asked: Annotated[Sequence[Literal["locate", "identify", "info"]], Meta(min_length=1, max_length=3)]

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse to be asked the same twice."""
        super().check(at, around)
        require_once(self.asked, f"{at}/asked")


class GreenNotice(PersonNotice, frozen=True, kw_only=True, tag_field="colour", tag="green"):
    """
    A warning about a person who is likely to commit crimes again.

    Args:
        threat: What the person is likely to do.
        evaluator: The authority that came to this view.
        past_offences: Of which the person was convicted.
        assessment_basis: What else the view rests on; one of the two is needed.
    """

    threat: Note
    evaluator: Authority
    past_offences: Annotated[Sequence[Offence], Meta(max_length=50)] = ()
    assessment_basis: Note | None = None
    evaluation: Evaluation | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a warning that rests on nothing, or is about somebody dead."""
        super().check(at, around)
        self.evaluator.check(f"{at}/evaluator")
        for index, offence in enumerate(self.past_offences):
            offence.check(f"{at}/past_offences/{index}")
        founded = self.past_offences or self.assessment_basis
        require(founded, f"{at}/assessment_basis", "neither past offences nor another basis")
        require(not self.subject.deceased, f"{at}/subject/deceased", "nobody dead is a threat")


class LastSeen(Wire, frozen=True, kw_only=True):
    """Where and when somebody was last seen."""

    place: Place
    on: PartialDate


class YellowNotice(PersonNotice, frozen=True, kw_only=True, tag_field="colour", tag="yellow"):
    """
    A missing person, or one who cannot say who they are.

    Args:
        reported_on: When the police took the report.
        report_ref: Number of the police report.
        circumstances: How the person came to be missing or was found.
    """

    reported_on: Day
    report_ref: Line
    last_seen: LastSeen
    circumstances: Annotated[str, Meta(min_length=1, max_length=8_000)]

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse to look for a wanted person in this way, and a report before the person was gone."""
        super().check(at, around)
        status = set(self.subject.status)
        require(status & {"missing", "unidentified"}, f"{at}/subject/status", "neither missing nor unidentified")
        require("wanted" not in status, f"{at}/subject/status", "a wanted person is not looked for as a missing one")
        self.last_seen.place.check(f"{at}/last_seen/place")
        late = reversed_period(self.last_seen.on.value, self.reported_on)
        require(not late, f"{at}/reported_on", "reported before the person was last seen")


def _may_be_punished(warrant: Warrant) -> bool:
    years = (warrant.max_penalty_years, *(offence.max_penalty_years for offence in warrant.offences))
    life = warrant.life or any(offence.life for offence in warrant.offences)
    return life or any(one is not None and one >= _PROSECUTION_YEARS for one in years)


def _was_sentenced(warrant: Warrant) -> bool:
    """Say whether the sentence is long enough; without months, `life` is the sentence."""
    if warrant.sentence_months is None:
        return warrant.life
    return warrant.sentence_months >= _SENTENCE_MONTHS
