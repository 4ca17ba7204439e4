"""
What a report says, before it is a page: totals for each trainee, findings, messages with the states that they led to. PURE.

Made of the scenario and what every home knows; the same facts are in `report.json`, in the picture and in the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from gateway.exercise.scoring import Finding, Outcome, score
from gateway.exercise.times import format_span
from gateway.ids import Address, Network, Participant, make_address, participant_of
from gateway.message.flows import Said, converse, flows

if TYPE_CHECKING:
    from gateway.exercise.scenario import Scenario
    from gateway.exercise.scoring import Record
    from gateway.exercise.times import Clock

__all__ = ["Judged", "Lane", "Message", "Report", "Total", "make_report"]


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """A participant."""

    id: str
    name: str
    trainee: bool


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is reported; times as spans and in seconds of the scenario. For the rest see `Finding`."""

    who: str
    inject: str
    expectation: str
    task: str
    never: bool
    outcome: Outcome
    due: str
    due_s: int
    done: str | None
    done_s: float | None
    late_by: str | None
    number: int | None
    over_shared: Sequence[str]
    laxer: Sequence[str]
    incomplete: Sequence[str]
    faultless: bool

    @property
    def faults(self) -> list[str]:
        """What was wrong, in words; empty where nothing was."""
        said = {Outcome.LATE: f"late by {self.late_by}", Outcome.MISSING: "missing", Outcome.FORBIDDEN: "must not be sent"}
        found = [said[self.outcome]] if self.outcome in said else []
        found += [f"over-shared with {name}" for name in self.over_shared]
        found += [f"marked too laxly: {member}" for member in self.laxer]
        return found + [f"incomplete: {pointer}" for pointer in self.incomplete]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """
    A message of the exercise.

    Args:
        number: Acceptance number.
        at: When it was accepted, as a span; `at_s` in seconds of the scenario.
        inject: Name of the inject; None for what a trainee sent.
        states: The states that it led to.
        faults: What is wrong with it.
        strangers: Recipients who must not have it.
    """

    number: int
    at: str
    at_s: float
    sender: str
    recipients: Sequence[str]
    kind: str
    handling: str
    inject: str | None
    states: Sequence[str]
    faults: Sequence[str]
    strangers: Sequence[str]


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a trainee's findings; one finding may have several faults."""

    who: str
    expected: int
    faultless: int
    late: int
    missing: int
    over_shared: int
    incomplete: int
    forbidden: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `ended_s` is how far the scenario had come, `exercise` says that nothing of it is real."""

    exercise: bool = True
    title: str
    network: str
    summary: str
    day_s: float
    began_at: int
    ended_s: float
    simulated: bool
    lanes: Sequence[Lane]
    totals: Sequence[Total]
    findings: Sequence[Judged]
    messages: Sequence[Message]


def make_report(scenario: Scenario, record: Record, clock: Clock, *, simulated: bool) -> Report:
    """Score an exercise as it stands, and put together what is reported."""
    findings = score(scenario, record, clock)
    return Report(
        title=scenario.title,
        network=scenario.network,
        summary=scenario.summary,
        day_s=clock.day_s,
        began_at=clock.start,
        ended_s=min(clock.span(record.now), scenario.end_s),
        simulated=simulated,
        lanes=[Lane(id=one.id, name=one.name, trainee=one.trainee) for one in scenario.participants],
        totals=[_total(who, findings) for who in scenario.trainees],
        findings=[_judged(one) for one in findings],
        messages=_messages(scenario, record, clock, findings),
    )


def _total(who: Participant, findings: Iterable[Finding]) -> Total:
    mine = [one for one in findings if one.who == who]
    return Total(
        who=who,
        expected=sum(one.outcome is not Outcome.UNEXPECTED for one in mine),
        faultless=sum(one.faultless for one in mine),
        late=sum(one.outcome is Outcome.LATE for one in mine),
        missing=sum(one.outcome is Outcome.MISSING for one in mine),
        over_shared=sum(bool(one.over_shared or one.laxer) for one in mine),
        incomplete=sum(bool(one.incomplete) for one in mine),
        forbidden=sum(one.outcome is Outcome.FORBIDDEN for one in mine),
    )


def _judged(one: Finding) -> Judged:
    return Judged(
        who=one.who,
        inject=one.inject,
        expectation=one.expectation,
        task=one.task,
        never=one.never,
        outcome=one.outcome,
        due=format_span(one.due_s),
        due_s=one.due_s,
        done=None if one.at_s is None else format_span(one.at_s),
        done_s=one.at_s,
        late_by=format_span(one.late_s) if one.outcome is Outcome.LATE else None,
        number=one.number,
        over_shared=one.over_shared,
        laxer=one.laxer,
        incomplete=one.incomplete,
        faultless=one.faultless,
    )


def _messages(scenario: Scenario, record: Record, clock: Clock, findings: Sequence[Finding]) -> list[Message]:
    desk = {one.id for one in scenario.participants if one.role == "coordination"}
    addresses = frozenset(make_address(Participant(name), Network(scenario.network)) for name in desk)
    said = {one.turn.number: one for one in _said(record, addresses)}
    injects = {envelope_hash: name for name, envelope_hash in record.played.items()}
    judged = {one.number: one for one in findings if one.number is not None}
    return [
        _message(clock, said[sent.turn.number], injects.get(sent.turn.envelope_hash), judged.get(sent.turn.number))
        for sent in record.sent
    ]


def _said(record: Record, desk: frozenset[Address]) -> list[Said]:
    conversations = converse((sent.turn for sent in record.sent), desk, record.now, flows())
    return [said for conversation in conversations for said in conversation.history]


def _message(clock: Clock, said: Said, inject: str | None, finding: Finding | None) -> Message:
    turn = said.turn
    at_s = clock.span(turn.at)
    return Message(
        number=turn.number,
        at=format_span(at_s),
        at_s=at_s,
        sender=participant_of(turn.sender),
        recipients=[participant_of(address) for address in turn.recipients],
        kind=turn.kind,
        handling=turn.handling,
        inject=inject,
        states=list(dict.fromkeys(said.led.values())),
        faults=[] if finding is None else _judged(finding).faults,
        strangers=() if finding is None else finding.over_shared,
    )
