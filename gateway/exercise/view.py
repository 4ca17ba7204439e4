"""What an exercise says on the terminal while it runs; text that came in a message is made safe first."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console

from gateway.exercise.scoring import Outcome
from gateway.exercise.times import format_span
from gateway.message.show import visible

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.exercise.facts import Judged, Report
    from gateway.exercise.scenario import Inject, Scenario
    from gateway.exercise.stage import Desk

__all__ = ["View", "instructions"]


class View:
    """Prints; every finding once, as soon as it is one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[tuple[str, str, int | None]] = set()

    def opened(self, scenario: Scenario, desks: Iterable[Desk], folder: Path) -> None:
        """Say what is played, where the homes are, and what each trainee may type."""
        self._say(f"EXERCISE {scenario.network}: {scenario.title}")
        self._say(f"everything is in {folder}, nothing of it is real, and no real home takes part")
        for desk in desks:
            self._say("", *instructions(desk).splitlines())

    def begins(self, at: float) -> None:
        """Say when it begins."""
        self._say("", f"the exercise begins at {time.strftime('%H:%M:%S', time.localtime(at))}; Ctrl-C ends it with a report")

    def played(self, inject: Inject) -> None:
        """Tell of an inject."""
        self._say(f"{inject.at:<8}{inject.name}: {inject.sender} to {', '.join(inject.to)}")

    def left_out(self, inject: Inject) -> None:
        """Tell of an inject that had nothing to answer."""
        self._say(f"{inject.at:<8}{inject.name}: left out, nobody sent what it answers")

    def judged(self, findings: Iterable[Judged]) -> None:
        """Tell what is new among the findings."""
        for one in findings:
            key = (one.who, one.expectation, one.number)
            if one.outcome not in {Outcome.OPEN, Outcome.NOT_ASKED} and key not in self._told:
                self._told.add(key)
                self._say(f"{one.done or one.due:<8}{one.who}: {one.task}: {', '.join(one.faults) or one.outcome}")

    def ended(self, report: Report, folder: Path) -> None:
        """Say how it ended."""
        self._say("", f"the exercise ended at {format_span(report.ended_s)}")
        for one in report.totals:
            faults = {"late": one.late, "missing": one.missing, "over-shared": one.over_shared, "incomplete": one.incomplete}
            told = [f"{count} {name}" for name, count in {**faults, "forbidden": one.forbidden}.items() if count]
            self._say(f"  {one.who:<12} {one.faultless} of {one.expected} without fault {' '.join(['', *told])}".rstrip())
        self._say(f"report: {folder / 'report.html'}")

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._console.print(visible(line), markup=False, highlight=False, soft_wrap=True)


def instructions(desk: Desk) -> str:
    """Return what a trainee may type, as text that works as pasted."""
    secret = f"--passphrase-file {shlex.quote(str(desk.passphrase_file))}"
    officer = f"--officer-key {shlex.quote(str(desk.officer_key))}"
    officer += f" --officer-passphrase-file {shlex.quote(str(desk.officer_passphrase_file))}"
    return f"""\
{desk.participant}, exercise {desk.network}
  export GATEWAY_HOME={shlex.quote(str(desk.home))}
  gateway inbox --follow {secret}
  gateway due {secret}
  gateway cases {secret}
  gateway new KIND > answer.json
  gateway send answer.json --to WHO --in-reply-to HASH --inherit {secret}
  gateway approve sign ID {officer} --officer second-officer {secret}"""
