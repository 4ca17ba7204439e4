"""
Scoring: from what was sent and opened to findings, one for each expectation and trainee. PURE.

A message counts for an expectation if its trainee sent it about the inject, with its kind and values. Of several the best
counts, in time before complete; what was sent to somebody who must not have it, or marked more laxly, no later one mends.
Whatever else trainees send about an inject is looked at for its readers alone. Spec: deploy/exercises.md, "Scoring".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.exercise.places import find
from gateway.ids import Address, EnvelopeHash, Network, Participant, make_address, participant_of
from gateway.message.handling import Handling, join

if TYPE_CHECKING:
    from gateway.exercise.scenario import Expectation, Inject, Laxest, Scenario
    from gateway.exercise.times import Clock
    from gateway.message.flows import Turn

__all__ = ["Finding", "Outcome", "Record", "Sent", "fulfilled", "matching", "score"]

_MARKING: Final = ("tlp", "confidentiality", "onward")


class Outcome(StrEnum):
    """What became of an expectation."""

    MET = "met"
    LATE = "late"
    MISSING = "missing"
    FORBIDDEN = "forbidden"  # what must never be sent was sent
    OPEN = "open"  # not due yet
    NOT_ASKED = "not-asked"  # its inject was not sent
    UNEXPECTED = "unexpected"  # nobody expected it, and it went to somebody who must not have it


class Sent(NamedTuple):
    """A message as its sender's home has it; `document` is its content as JSON, None where it is not there any more."""

    turn: Turn
    document: Any


@dataclass(frozen=True, slots=True)
class Record:
    """
    What is known of an exercise at a time.

    Args:
        now: Unix seconds.
        played: Name of an inject to the envelope hash of what was sent.
        sent: Every message that a gateway accepted, in order of acceptance.
        opened: When somebody opened a message, by the signed receipt; Unix seconds.
    """

    now: float
    played: Mapping[str, EnvelopeHash] = field(default_factory=dict)
    sent: Sequence[Sent] = ()
    opened: Mapping[tuple[EnvelopeHash, Address], int] = field(default_factory=dict)

    def of(self, envelope_hash: EnvelopeHash | None) -> Sent | None:
        """Return a message by its envelope hash."""
        return next((one for one in self.sent if one.turn.envelope_hash == envelope_hash), None)


class Finding(NamedTuple):
    """
    How one trainee met one expectation.

    Attributes:
        who: The trainee.
        inject: Name of the inject.
        expectation: Its name; empty for what nobody expected.
        task: In words.
        never: It must not be done.
        due_s: Until when, seconds of the scenario.
        outcome: What became of it.
        at_s: When it was done, seconds of the scenario; None where it was not.
        number: Acceptance number of the message that counts; None where none does.
        over_shared: Who was sent it and must not have it.
        laxer: Members of the marking that are laxer than allowed.
        incomplete: Pointers of what is not there.
    """

    who: Participant
    inject: str
    expectation: str
    task: str
    never: bool
    due_s: int
    outcome: Outcome
    at_s: float | None = None
    number: int | None = None
    over_shared: tuple[Participant, ...] = ()
    laxer: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()

    @property
    def faultless(self) -> bool:
        """Whether it was done in time, whole, and for the right eyes."""
        return self.outcome is Outcome.MET and not (self.over_shared or self.laxer or self.incomplete)

    @property
    def late_s(self) -> float:
        """How late it was, seconds of the scenario; 0 where it was in time."""
        return max(0.0, self.at_s - self.due_s) if self.outcome is Outcome.LATE and self.at_s is not None else 0.0


def score(scenario: Scenario, record: Record, clock: Clock) -> list[Finding]:
    """Return the findings in order of the scenario, what nobody expected at the end."""
    return _Score(scenario, record, clock).findings()


def fulfilled(findings: Sequence[Finding]) -> bool:
    """Say whether nothing is waited for any more; what must never be sent is waited for until its end."""
    return not any(one.outcome in {Outcome.OPEN, Outcome.MISSING} for one in findings)


def matching(scenario: Scenario, record: Record, inject: Inject, one: Expectation, who: str) -> list[Sent]:
    """Return what a trainee sent that is meant by an expectation, in order of acceptance."""
    sender = make_address(Participant(who), Network(scenario.network))
    return [sent for sent in _about(record, inject) if sent.turn.sender == sender and _meant(sent, one)]


class _Score:
    def __init__(self, scenario: Scenario, record: Record, clock: Clock) -> None:
        self._scenario = scenario
        self._record = record
        self._clock = clock
        self._seen: set[EnvelopeHash] = set()

    def findings(self) -> list[Finding]:
        found = []
        for inject in self._scenario.injects:
            for one in inject.expect:
                found += [self._finding(inject, one, Participant(who)) for who in one.who]
        return found + list(self._unexpected())

    def _finding(self, inject: Inject, one: Expectation, who: Participant) -> Finding:
        finding = Finding(who, inject.name, one.name, one.task, one.never, one.due_s, self._waiting(one))
        if inject.name not in self._record.played:
            return finding._replace(outcome=Outcome.NOT_ASKED)
        if one.kind is None:
            return self._of_receipt(finding, self._record.played[inject.name])
        candidates = matching(self._scenario, self._record, inject, one, who)
        self._seen.update(sent.turn.envelope_hash for sent in candidates)
        if one.never:
            candidates = [sent for sent in candidates if self._at(sent) <= one.due_s]
        if not candidates:
            return finding
        readers = frozenset(one.readers) or inject.readers
        best = min(candidates, key=lambda sent: (self._late(sent, one), len(_missing(sent, one)), sent.turn.number))
        done = Outcome.LATE if self._late(best, one) else Outcome.MET
        return finding._replace(
            outcome=Outcome.FORBIDDEN if one.never else done,
            at_s=self._at(best),
            number=best.turn.number,
            over_shared=_ordered(name for sent in candidates for name in _strangers(sent, readers)),
            laxer=_ordered(member for sent in candidates for member in _laxer(sent, one.laxest)),
            incomplete=() if one.never else tuple(_missing(best, one)),
        )

    def _of_receipt(self, finding: Finding, envelope_hash: EnvelopeHash) -> Finding:
        opened = self._record.opened.get((envelope_hash, make_address(finding.who, Network(self._scenario.network))))
        if opened is None:
            return finding
        late = opened > self._clock.real(finding.due_s)
        return finding._replace(outcome=Outcome.LATE if late else Outcome.MET, at_s=self._clock.span(opened))

    def _unexpected(self) -> Iterator[Finding]:
        """Yield a finding for what went to somebody who must not have what the inject says, and no expectation named."""
        trainees = set(self._scenario.trainees)
        for inject in self._scenario.injects:
            for sent in _about(self._record, inject):
                who = participant_of(sent.turn.sender)
                strangers = _strangers(sent, inject.readers)
                if who in trainees and strangers and sent.turn.envelope_hash not in self._seen:
                    self._seen.add(sent.turn.envelope_hash)
                    task = f"{sent.turn.kind}, which nobody expected"
                    yield Finding(
                        who=who,
                        inject=inject.name,
                        expectation="",
                        task=task,
                        never=True,
                        due_s=self._scenario.end_s,
                        outcome=Outcome.UNEXPECTED,
                        at_s=self._at(sent),
                        number=sent.turn.number,
                        over_shared=tuple(strangers),
                    )

    def _waiting(self, one: Expectation) -> Outcome:
        if self._record.now < self._clock.real(one.due_s):
            return Outcome.OPEN
        return Outcome.MET if one.never else Outcome.MISSING

    def _at(self, sent: Sent) -> float:
        return self._clock.span(sent.turn.at)

    def _late(self, sent: Sent, one: Expectation) -> bool:
        return sent.turn.at > self._clock.real(one.due_s)


def _about(record: Record, inject: Inject) -> Iterator[Sent]:
    """Yield what was sent about an inject: answers to it, the rest of its conversation, what was made from it."""
    asked = record.of(record.played.get(inject.name))
    if asked is None:
        return
    for sent in record.sent:
        turn = sent.turn
        same = turn.conversation_id == asked.turn.conversation_id or turn.in_reply_to == asked.turn.envelope_hash
        made_from = asked.turn.envelope_hash.hex() in (find(sent.document, "/derived_from") or ())
        if turn.number > asked.turn.number and (same or made_from):
            yield sent


def _meant(sent: Sent, one: Expectation) -> bool:
    said = all(str(find(sent.document, pointer)) in allowed for pointer, allowed in one.values.items())
    return sent.turn.kind == one.kind and said


def _missing(sent: Sent, one: Expectation) -> list[str]:
    return [pointer for pointer in one.fields if find(sent.document, pointer) is None]


def _strangers(sent: Sent, readers: frozenset[str]) -> list[Participant]:
    return [name for address in sent.turn.recipients if (name := participant_of(address)) not in readers]


def _laxer(sent: Sent, laxest: Laxest | None) -> list[str]:
    """Return the members of a marking that are laxer than what is allowed."""
    if laxest is None or sent.document is None:
        return []
    marking = msgspec.convert(sent.document["handling"], Handling)
    allowed = {member: value for member in _MARKING if (value := getattr(laxest, member)) is not None}
    joined = join(marking, msgspec.structs.replace(marking, **allowed))
    return [member for member in allowed if getattr(joined, member) != getattr(marking, member)]


def _ordered(names: Iterator[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(names))
