"""
Reads a scenario file, and refuses one that could not be played: with the place of the fault.

TOML or JSON. Whoever is named takes part, names stand once, times follow each other, the exercise plays no trainee, and every
kind may be sent by the role of who is to send it.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from gateway.errors import Rejected
from gateway.exercise.scenario import Scenario
from gateway.exercise.times import Clock, parse_span
from gateway.exercise.writing import Around, example_kind, written
from gateway.ids import EnvelopeHash, Network
from gateway.message import spec
from gateway.message.pointers import split_validation_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.exercise.scenario import Answer, Expectation, Inject, Player, Text

__all__ = ["read_scenario"]

T = TypeVar("T")
_HINT: Final = "see deploy/exercises.md"
_SOME_HASH: Final = EnvelopeHash(bytes(32))
_SOME_CLOCK: Final = Clock(4_070_908_800, 86_400.0)  # 2099-01-01, where the examples are


def read_scenario(data: bytes, *, is_json: bool = False) -> Scenario:
    """
    Read a scenario.

    Args:
        data: The file.
        is_json: JSON; else TOML.

    Raises:
        Rejected: `config` with the place.
    """
    try:
        tree = json.loads(data) if is_json else tomllib.loads(data.decode())
    except (ValueError, RecursionError) as exc:
        raise _refused(f"cannot be read: {exc}", "") from exc
    try:
        scenario = msgspec.convert(tree, Scenario)
    except msgspec.ValidationError as exc:
        detail, pointer = split_validation_error(str(exc))
        raise _refused(detail, pointer) from exc
    _Check(scenario).run()
    return scenario


class _Check:
    """Goes through one scenario in order of its file."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._players: dict[str, Player] = {}
        self._names: set[str] = set()
        self._injects: set[str] = set()
        self._last_s: int | None = None

    def run(self) -> None:
        """Raise at the first fault."""
        scenario = self._scenario
        self._last_s = self._span(scenario.lasts, "/lasts")
        for index, player in enumerate(scenario.participants):
            _require(player.id not in self._players, "stands twice", f"/participants/{index}/id")
            self._players[player.id] = player
        _require(bool(scenario.trainees), "nobody is a trainee", "/participants")
        before = 0
        for index, inject in enumerate(scenario.injects):
            self._inject(inject, before, f"/injects/{index}")
            before = inject.at_s
        if scenario.simulation is not None:
            for index, answer in enumerate(scenario.simulation.answers):
                self._answer(answer, f"/simulation/answers/{index}")

    def _inject(self, inject: Inject, before: int, at: str) -> None:
        self._name(inject.name, f"{at}/name")
        began = self._span(inject.at, f"{at}/at")
        _require(began >= before, "before the inject above it", f"{at}/at")
        self._people([inject.sender], f"{at}/from")
        _require(not self._players[inject.sender].trainee, "the exercise plays no trainee", f"{at}/from")
        self._people([*inject.to, *inject.may_know], f"{at}/to")
        known = inject.answers is None or inject.answers in self._names - {inject.name}
        _require(known, "answers nothing that stands above it", f"{at}/answers")
        answered = None if inject.answers is None else self._scenario.inject(inject.answers)
        _require(answered is None or inject.sender in {answered.sender, *answered.to}, "was not sent it", f"{at}/answers")
        if inject.respond_by is not None:
            _require(self._span(inject.respond_by, f"{at}/respond_by") > began, "before it is sent", f"{at}/respond_by")
        self._text(inject, inject.sender, at, answers=inject.answers is not None)
        self._injects.add(inject.name)
        for index, one in enumerate(inject.expect):
            self._expectation(one, inject, f"{at}/expect/{index}")

    def _expectation(self, one: Expectation, inject: Inject, at: str) -> None:
        self._name(one.name, f"{at}/name")
        self._people([*one.who, *one.readers], f"{at}/who")
        _require(all(self._players[who].trainee for who in one.who), "is expected of no trainee", f"{at}/who")
        _require(self._span(one.by, f"{at}/by") > inject.at_s, "before its inject", f"{at}/by")
        if one.kind is None:
            _require(not one.never and not one.fields and not one.values, "needs a kind", f"{at}/kind")
            _require(set(one.who) <= set(inject.to), "is not sent it", f"{at}/who")
            return
        for who in one.who:
            self._may_send(who, one.kind, f"{at}/kind")

    def _answer(self, answer: Answer, at: str) -> None:
        self._people([answer.who, *answer.to], f"{at}/who")
        _require(self._players[answer.who].trainee, "only trainees are simulated", f"{at}/who")
        self._span(answer.at, f"{at}/at")
        _require(answer.answers in self._injects, "answers no inject", f"{at}/answers")
        inject = self._scenario.inject(answer.answers)
        _require(inject is not None and answer.who in inject.to, "is not sent what it answers", f"{at}/answers")
        self._text(answer, answer.who, at, answers=True)

    def _text(self, text: Text, sender: str, at: str, *, answers: bool) -> None:
        """Write it once, with times and hashes of nobody, so that a slip shows before anybody takes part."""
        hashes = dict.fromkeys(self._injects, _SOME_HASH)
        around = Around(Network(self._scenario.network), _SOME_CLOCK, hashes, _SOME_HASH if answers else None)
        kind = _placed(at, lambda: example_kind(text))
        self._may_send(sender, kind, f"{at}/content/kind" if text.content else f"{at}/example")
        _placed(at, lambda: written(text, around))

    def _may_send(self, who: str, kind: str, at: str) -> None:
        row = _placed(at, lambda: spec(kind))
        role = self._players[who].role
        _require(role in row.may_send, f"{who} with the role {role} may not send {kind}", at)

    def _name(self, name: str, at: str) -> None:
        _require(name not in self._names, "stands twice", at)
        self._names.add(name)

    def _people(self, names: Iterable[str], at: str) -> None:
        for name in names:
            _require(name in self._players, f"{name} takes no part", at)

    def _span(self, text: str, at: str) -> int:
        try:
            span_s = parse_span(text)
        except ValueError as exc:
            raise _refused(str(exc), at) from exc
        _require(self._last_s is None or span_s <= self._last_s, "after the end of the scenario", at)
        return span_s


def _placed(at: str, make: Callable[[], T]) -> T:
    """Do something, and put the place in the file before the place in the content that a refusal names."""
    try:
        return make()
    except Rejected as exc:
        raise _refused(exc.detail, f"{at}{exc.pointer or ''}") from exc


def _require(holds: bool, what: str, at: str) -> None:  # noqa: FBT001 - reads as `require` of the message package does
    if not holds:
        raise _refused(what, at)


def _refused(what: str, at: str) -> Rejected:
    return Rejected(f"scenario: {what}", code="config", pointer=at, hint=_HINT)
