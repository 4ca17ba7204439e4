"""
Runs an exercise: stage, gateway, everybody who is played, and the report, which is written anew whenever something happened.

It ends with the scenario, or as soon as everything expected has happened. Cancelled, it writes the report as it stands.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.client import ContactPoint
from gateway.exercise import stage
from gateway.exercise.actor import Actor
from gateway.exercise.facts import Report, make_report
from gateway.exercise.report import REPORT_HTML, REPORT_JSON, to_html, to_json
from gateway.exercise.scoring import Record, fulfilled, score
from gateway.exercise.times import DAY_S, Clock
from gateway.exercise.trainer import Trainer
from gateway.exercise.watch import Watch
from gateway.staging.running import require_empty, serving

if TYPE_CHECKING:
    from gateway.exercise.scenario import Answer, Scenario
    from gateway.exercise.view import View
    from gateway.staging.stage import Stage

__all__ = ["Wish", "run"]

_LOOK_MIN_S: Final = 0.5
_LOOK_MAX_S: Final = 5.0
_PULSE_HOURS: Final = 6  # of the scenario, between two looks


@dataclass(frozen=True, slots=True)
class Wish:
    """
    How a scenario is run.

    Args:
        folder: Empty, or to be made; everything lies below it.
        day_s: Seconds that a day lasts; None as the scenario says.
        simulate: Trainees are simulated as the scenario says.
        begins_in_s: Time for trainees to get ready.
    """

    folder: Path
    day_s: float | None = None
    simulate: bool = False
    begins_in_s: float = 0.0


async def run(scenario: Scenario, wish: Wish, view: View) -> Report:
    """
    Run a scenario to its end.

    Returns:
        The report, which is in the folder too.

    Raises:
        Rejected: `home-exists`, the folder is not empty; or what the scenario wants to send is refused.
    """
    require_empty(wish.folder)
    built = stage.build(scenario, wish.folder.resolve(), time.time())
    view.opened(scenario, () if wish.simulate else stage.desks(scenario, built), built.folder)
    played = [one.id for one in scenario.participants if wish.simulate or not one.trainee]
    async with serving(built), _homes(scenario, built) as points:
        actors = {name: Actor(points[name], built.officers[name]) for name in played}
        clock = Clock(math.ceil(time.time() + wish.begins_in_s), _day_s(scenario, wish))
        view.begins(clock.start)
        return await _Run(scenario, clock, points, actors, view, wish).play()


def _day_s(scenario: Scenario, wish: Wish) -> float:
    simulated = scenario.simulation.day_s if wish.simulate and scenario.simulation is not None else None
    return wish.day_s or simulated or scenario.day_s


@asynccontextmanager
async def _homes(scenario: Scenario, built: Stage) -> AsyncIterator[dict[str, ContactPoint]]:
    """Open every home, and publish its card: from then on it can be sealed to."""
    async with AsyncExitStack() as stack:
        points = {}
        for one in scenario.participants:
            home = ContactPoint.open(built.home(one.id), passphrase=built.passphrase)
            points[one.id] = await stack.enter_async_context(home)
            await points[one.id].publish_card()
        yield points


class _Run:
    """A scenario on its stage."""

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        points: Mapping[str, ContactPoint],
        actors: Mapping[str, Actor],
        view: View,
        wish: Wish,
    ) -> None:
        self._scenario = scenario
        self._clock = clock
        self._view = view
        self._wish = wish
        self._actors = actors
        self._watch = Watch(points)
        self._trainer = Trainer(scenario, clock, actors, self._watch, view)

    async def play(self) -> Report:
        """Play to the end; whatever ends it, the report is written."""
        tasks = [asyncio.create_task(actor.read()) for actor in self._actors.values()]
        said = asyncio.gather(self._trainer.play(), *(self._trainer.answer(one) for one in self._answers))
        try:
            # Trainees are other processes: nothing here is told when they have done something.
            while not await self._done(said):
                await asyncio.sleep(self._pulse_s)
                for task in tasks:
                    _require_alive(task)
        finally:
            said.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(said, *tasks, return_exceptions=True)
            report, _ = await self._look()
            self._view.ended(report, self._wish.folder)
        return report

    async def _done(self, said: asyncio.Future[list[None]]) -> bool:
        _require_alive(said)
        _, record = await self._look()
        over = record.now >= self._clock.real(self._scenario.end_s)
        return over or (said.done() and fulfilled(score(self._scenario, record, self._clock)))

    async def _look(self) -> tuple[Report, Record]:
        """Score what is known, and write it down."""
        record = await self._watch.look()
        report = make_report(self._scenario, record, self._clock, simulated=self._wish.simulate)
        self._view.judged(report.findings)
        for name, data in ((REPORT_JSON, to_json(report)), (REPORT_HTML, to_html(report))):
            await asyncio.to_thread(_replace, self._wish.folder / name, data)
        return report, record

    @property
    def _answers(self) -> Sequence[Answer]:
        simulation = self._scenario.simulation
        return simulation.answers if self._wish.simulate and simulation is not None else ()

    @property
    def _pulse_s(self) -> float:
        return min(_LOOK_MAX_S, max(_LOOK_MIN_S, self._clock.day_s * _PULSE_HOURS * 3_600 / DAY_S))


def _require_alive(task: asyncio.Future[Any]) -> None:
    """Raise what ended a part of the exercise."""
    if task.done():
        task.result()


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole: whoever looks meanwhile sees the one before."""
    new = path.with_suffix(f"{path.suffix}.new")
    new.write_bytes(data)
    new.replace(path)
