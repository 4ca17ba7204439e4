"""
Plays a scenario: sends each inject at its time for its actor, and lets simulated trainees answer at theirs.

An inject that answers what nobody sent is left out, and told. What a gateway or the SDK refuses ends the exercise: the scenario
is at fault, not a trainee.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from gateway.exercise.scoring import matching
from gateway.exercise.times import parse_span
from gateway.exercise.writing import Around, written
from gateway.ids import EnvelopeHash, Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.exercise.actor import Actor
    from gateway.exercise.scenario import Answer, Inject, Scenario
    from gateway.exercise.times import Clock
    from gateway.exercise.view import View
    from gateway.exercise.watch import Watch

__all__ = ["Trainer"]


class Trainer:
    """
    One run of a scenario.

    Args:
        scenario: What is played.
        clock: Its time.
        actors: Everybody who is played, by participant.
        watch: Learns what was sent.
        view: Shows it.
    """

    def __init__(self, scenario: Scenario, clock: Clock, actors: Mapping[str, Actor], watch: Watch, view: View) -> None:
        self._scenario = scenario
        self._clock = clock
        self._actors = actors
        self._watch = watch
        self._view = view
        self._sent = {inject.name: asyncio.Event() for inject in scenario.injects}

    async def play(self) -> None:
        """Send every inject at its time; returns after the last."""
        for inject in self._scenario.injects:
            await self._until(inject.at_s)
            await self._inject(inject)
            self._sent[inject.name].set()

    async def answer(self, answer: Answer) -> None:
        """Send one answer of a simulated trainee at its time; nothing where its inject was left out."""
        await self._until(answer.at_s)
        await self._sent[answer.answers].wait()
        asked = self._watch.hashes().get(answer.answers)
        inject = self._scenario.inject(answer.answers)
        if asked is None or inject is None:
            return
        content = written(answer, self._around(asked))
        await self._actors[answer.who].send(content, answer.to or [inject.sender], asked)

    async def _inject(self, inject: Inject) -> None:
        answered = None if inject.answers is None else await self._answered(inject.answers, inject.sender)
        if inject.answers is not None and answered is None:
            self._view.left_out(inject)
            return
        respond_by = None if inject.respond_by is None else parse_span(inject.respond_by)
        content = written(inject, self._around(answered, respond_by))
        actor = self._actors[inject.sender]
        receipt = await actor.send(content, inject.to, answered)
        assert receipt.envelope_hash is not None, "the gateway of an exercise is in this process"
        self._watch.played(inject.name, receipt.envelope_hash, actor.point, receipt.message_id)
        self._view.played(inject)

    async def _answered(self, name: str, reader: str) -> EnvelopeHash | None:
        """Return the envelope hash of an inject, or of the first message that met an expectation and went to a reader."""
        played = self._watch.hashes().get(name)
        expected = self._scenario.expectation(name)
        if played is not None or expected is None:
            return played
        record = await self._watch.look()
        turns = [sent.turn for who in expected[1].who for sent in matching(self._scenario, record, *expected, who)]
        found = (turn for turn in turns if self._actors[reader].point.address in turn.recipients)
        return next((turn.envelope_hash for turn in found), None)

    def _around(self, answered: EnvelopeHash | None, respond_by: int | None = None) -> Around:
        return Around(Network(self._scenario.network), self._clock, self._watch.hashes(), answered, respond_by)

    async def _until(self, span_s: int) -> None:
        await asyncio.sleep(max(0.0, self._clock.real(span_s) - time.time()))
