"""
A scenario as its file says it: who takes part, what happens when, and what is expected of whom.

The forms alone; what must agree between them is checked by `gateway.exercise.checks`. Times are spans of scenario time from the
beginning, e.g. `2d 6h`. Spec: deploy/exercises.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.exercise.times import parse_span
from gateway.ids import NETWORK_PATTERN, PARTICIPANT_PATTERN, Participant
from gateway.message.handling import Confidentiality, Onward, Tlp
from gateway.message.kind_spec import Role

__all__ = ["Answer", "Expectation", "Inject", "Laxest", "Player", "Scenario", "Simulation", "Text"]

Name = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,39}\Z")]
Who = Annotated[str, Meta(pattern=rf"\A{PARTICIPANT_PATTERN}\Z")]
Pointer = Annotated[str, Meta(pattern=r"\A(/[^/]+)+\Z", max_length=512)]
Span = Annotated[str, Meta(min_length=2, max_length=12)]
Line = Annotated[str, Meta(min_length=1, max_length=300)]
DaySeconds = Annotated[float, Meta(gt=0, le=86_400)]


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Player(_Form, frozen=True, kw_only=True):
    """
    A participant.

    Args:
        trainee: True for who is scored; all others are played by the exercise.
    """

    id: Who
    name: Line
    country: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")]
    organisation_type: Annotated[str, Meta(pattern=r"\A[a-z][a-z-]{1,39}\Z")]
    role: Role
    trainee: bool = False


class Laxest(_Form, frozen=True, kw_only=True):
    """The laxest marking that is allowed, member by member; one that is left out is not looked at."""

    tlp: Tlp | None = None
    confidentiality: Confidentiality | None = None
    onward: Onward | None = None


class Expectation(_Form, frozen=True, kw_only=True):
    """
    What trainees are to do about an inject.

    Args:
        name: Unique in the scenario.
        who: Each of them is to do it.
        task: In words, for the report.
        by: Until when.
        kind: Of the message that they send; None: that they open the inject, told by their signed receipt.
        never: True when such a message must not be sent between the inject and `by`.
        values: Pointer to the values of which one must stand there, for the message to be the one that is meant.
        fields: Pointers of what must be there for it to be complete.
        laxest: What the marking must not be laxer than.
        readers: Who may be sent it; empty is who may know of the inject.
    """

    name: Name
    who: Annotated[Sequence[Who], Meta(min_length=1)]
    task: Line
    by: Span
    kind: str | None = None
    never: bool = False
    values: Mapping[Pointer, Sequence[str]] = {}
    fields: Sequence[Pointer] = ()
    laxest: Laxest | None = None
    readers: Sequence[Who] = ()

    @property
    def due_s(self) -> int:
        """Until when, seconds of the scenario."""
        return parse_span(self.by)


class Text(_Form, frozen=True, kw_only=True):
    """
    What a message says.

    Args:
        example: Folder and name below `schemas/examples`; or
        content: the content itself.
        changes: Pointer to what is put there, in order.
        without: Pointers of what is taken out after.
    """

    example: str | None = None
    content: Mapping[str, Any] | None = None
    changes: Mapping[Pointer, Any] = {}
    without: Sequence[Pointer] = ()


class Inject(Text, frozen=True, kw_only=True):
    """
    A message that the exercise sends.

    Args:
        name: Unique in the scenario.
        at: When.
        sender: `from` in the file; no trainee.
        answers: Name of an earlier inject, or of an expectation: the message that met it. It is left out where there is none.
        respond_by: Until when an answer is asked for, in its header.
        may_know: Who may be sent what comes of it; sender and recipients by default.
    """

    name: Name
    at: Span
    sender: Who = msgspec.field(name="from")
    to: Annotated[Sequence[Who], Meta(min_length=1)]
    answers: Name | None = None
    respond_by: Span | None = None
    may_know: Sequence[Who] = ()
    expect: Sequence[Expectation] = ()

    @property
    def at_s(self) -> int:
        """When, seconds of the scenario."""
        return parse_span(self.at)

    @property
    def readers(self) -> frozenset[str]:
        """Who may be sent what comes of it."""
        return frozenset(self.may_know or (self.sender, *self.to))


class Answer(Text, frozen=True, kw_only=True):
    """
    What a simulated trainee sends.

    Args:
        who: Which trainee.
        at: When, or as soon as what is answered has arrived.
        answers: The inject.
        to: Recipients; who sent the inject by default.
    """

    who: Who
    at: Span
    answers: Name
    to: Sequence[Who] = ()

    @property
    def at_s(self) -> int:
        """When, seconds of the scenario."""
        return parse_span(self.at)


class Simulation(_Form, frozen=True, kw_only=True):
    """How simulated trainees answer, and how long a day lasts for them."""

    day_s: DaySeconds
    answers: Sequence[Answer]


class Scenario(_Form, frozen=True, kw_only=True):
    """
    A scenario.

    Args:
        title: For people.
        network: Name of the exercise network.
        summary: What trainees may read before.
        day_s: Seconds that a day lasts.
        lasts: When it ends.
        participants: Everybody.
        injects: In order of time.
        simulation: None where the scenario has no simulated trainees.
    """

    title: Line
    network: Annotated[str, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
    summary: Annotated[str, Meta(min_length=1, max_length=4_000)]
    day_s: DaySeconds
    lasts: Span
    participants: Annotated[Sequence[Player], Meta(min_length=2, max_length=50)]
    injects: Annotated[Sequence[Inject], Meta(min_length=1, max_length=200)]
    simulation: Simulation | None = None

    @property
    def end_s(self) -> int:
        """When it ends, seconds of the scenario."""
        return parse_span(self.lasts)

    @property
    def trainees(self) -> list[Participant]:
        """Who is scored, in the order of the file."""
        return [Participant(one.id) for one in self.participants if one.trainee]

    def inject(self, name: str) -> Inject | None:
        """Return an inject by name."""
        return next((one for one in self.injects if one.name == name), None)

    def expectation(self, name: str) -> tuple[Inject, Expectation] | None:
        """Return an expectation by name, with its inject."""
        found = ((inject, one) for inject in self.injects for one in inject.expect if one.name == name)
        return next(found, None)
