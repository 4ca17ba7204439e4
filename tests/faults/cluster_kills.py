"""
Three gateways behind one address, on PostgreSQL and three RabbitMQ nodes: let each part suffer in turn, and count.

Imports nothing of `gateway`. Besides what was lost or doubled it judges how soon after each trouble messages take no longer
than twice what they took in any second before, which of the shipped alarms were raised and cleared, and whether all gateways
kept one audit log. The last line it says is the count.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.faults.cluster_lost import trace
from tests.faults.cluster_pace import Pace, Stopwatch
from tests.faults.cluster_parts import RATE, RECIPIENTS, SENDERS, Parts
from tests.faults.cluster_stage import GATEWAYS, Place, stage
from tests.faults.cluster_troubles import Troubles, is_shared
from tests.faults.cluster_watch import EVERY_S, HASTE, Watch
from tests.faults.counting import Count, count, missing
from tests.support.prometheus import Prometheus

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

SUFFER_S: Final = (2.0, 3.0)  # at least: until its alarm is raised
WARM_S: Final = 3.0
QUIET_WINDOWS: Final = 10
BACK_S: Final = 10.0  # after the return of a part that all gateways share
BACK_LIMIT_S: Final = 30.0
SETTLE_S: Final = 120.0
LOOK_S: Final = 0.25
WINDOW_S: Final = 1.0
TOLD: Final = 5


class _Back(NamedTuple):
    """How soon after a trouble the pace was that of a quiet cluster, in seconds."""

    took_s: float
    trouble: str
    judged: bool


@dataclass
class _Campaign:
    """The cluster under fire."""

    place: Place
    watch: Watch
    say: Callable[[str], None]
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    backs: list[_Back] = field(default_factory=list)
    under_load_s: float = 0.0

    def __post_init__(self) -> None:
        self._parts = Parts(self.place)
        self._troubles = Troubles(self.place, self._parts, self.rng)
        self._stopwatch = Stopwatch(*(list(map(self._parts.log, names)) for names in (SENDERS, RECIPIENTS)))
        self._quiet = Pace(0.0, 0.0, 0.0)

    def run(self, least_s: float) -> Count:
        """Run rounds until so many seconds under load are over, then let everything arrive; return the count."""
        try:
            self._begin()
            self._suffer(least_s)
            self._end()
            self._tell_lost()
        finally:
            self._parts.kill_all()
        return self._count()

    def _begin(self) -> None:
        """Start all, and measure what is usual."""
        for number in range(GATEWAYS):  # the first one makes the schema
            self._parts.start_gateway(number)
        self._parts.start_recipients()
        self._parts.start_senders()
        self._parts.await_that(lambda: self._count().opened > RATE, "the first messages")
        time.sleep(WARM_S)
        self.watch.begin()
        self._quiet = Pace.slowest([self._window() for _ in range(QUIET_WINDOWS)])
        self.say(f"  quiet: {self._quiet}")

    def _window(self) -> Pace:
        """Return the pace of the next whole window."""
        began = time.monotonic()
        time.sleep(WINDOW_S)
        return self._stopwatch.pace(began, time.monotonic())

    def _suffer(self, least_s: float) -> None:
        started = time.monotonic()
        while self.under_load_s < least_s:
            for trouble in self.rng.sample(self._troubles.round, len(self._troubles.round)):
                self._do(trouble)
                self.under_load_s = time.monotonic() - started
                if self.under_load_s >= least_s and len(self.backs) >= len(self._troubles.round):
                    break

    def _do(self, trouble: str) -> None:
        """Let one part suffer, mend it, and wait until all is as before."""
        begun = time.time()
        with self._troubles.of(trouble):
            time.sleep(self.rng.uniform(*SUFFER_S))
            self.watch.await_raised(trouble)
        mended = time.time()
        took_s, pace = self._back()
        self.backs.append(_Back(took_s, trouble, is_shared(trouble)))
        raised = self.watch.judge(trouble, begun, mended)
        now, lasted = self._count(), f"{mended - begun:4.1f} s, back after {took_s:4.1f} s"
        so_far = f"load {os.getloadavg()[0]:.1f}; accepted {now.accepted}, opened {now.opened}, on the way {now.lost}"
        self.say(f"  {len(self.backs):3d} {trouble:<11} {lasted} ({pace}); alarms: {raised}; {so_far}")

    def _back(self) -> tuple[float, Pace]:
        """Return the seconds until the start of a whole window like those of a quiet cluster, and its pace."""
        started = time.monotonic()
        while True:
            time.sleep(LOOK_S)
            until = time.monotonic()
            pace = self._stopwatch.pace(until - WINDOW_S, until)
            took_s = until - WINDOW_S - started
            if took_s >= BACK_LIMIT_S or (took_s >= 0 and pace.like(self._quiet)):
                return took_s, pace

    def _end(self) -> None:
        """Let senders end and everything arrive."""
        self._parts.end_senders(SETTLE_S)
        deadline = time.monotonic() + SETTLE_S
        while self._count().lost and time.monotonic() < deadline:
            time.sleep(LOOK_S)

    def _tell_lost(self) -> None:
        """Say what became of the first deliveries that were not opened: a campaign that lost something is not run again."""
        logs = [self._parts.log(name) for name in (*SENDERS, *RECIPIENTS)]
        lost = missing(logs[: len(SENDERS)], logs[len(SENDERS) :])
        for message, recipient in lost[:TOLD]:
            self.say(f"  not opened by {recipient} at {time.time():.0f} ({time.monotonic():.1f}): {message}")
            for line in trace(self.place.ledger, message, recipient, logs):
                self.say(f"    {line}")
        if lost:
            self.say(self._parts.last_words())

    def _count(self) -> Count:
        return count(map(self._parts.log, SENDERS), map(self._parts.log, RECIPIENTS))


def run(seconds: float, say: Callable[[str], None]) -> bool:
    """
    Run the campaign.

    Args:
        seconds: Under load, at least; a whole round is done in any case.
        say: Prints a line.

    Returns:
        Whether nothing was lost or doubled, no alarm was missing, false or left, the log is one, and all came back in time.
    """
    with tempfile.TemporaryDirectory(prefix="faults-cluster-") as folder, stage(Path(folder)) as place:
        with Prometheus(Path(folder), place.operations_ports, every_s=EVERY_S, haste=HASTE) as prometheus:
            campaign = _Campaign(place, Watch(prometheus), say)
            result = campaign.run(seconds)
        one_log = subprocess.run([sys.executable, "-m", "tests.support.one_log", place.ledger], check=False).returncode == 0
        if not place.disks:
            say("cluster: no file system can be mounted here (root with CAP_SYS_ADMIN can): PostgreSQL's disk was never full")
    in_time = _judge_backs(campaign, say)
    _tell_alarms(campaign.watch, say)
    say(f"cluster: {'one audit log' if one_log else 'the audit log is forked'}")
    say(f"cluster: {result}")
    return result.clean and one_log and in_time and not campaign.watch.faults


def _judge_backs(campaign: _Campaign, say: Callable[[str], None]) -> bool:
    """Say how soon the pace was as before, and return whether that was in time."""
    say(f"cluster: {len(campaign.backs)} troubles in {campaign.under_load_s:.0f} s under load")
    for judged, whose, limit_s in ((True, "a part that all share", BACK_S), (False, "one gateway", BACK_LIMIT_S)):
        worst = max(back for back in campaign.backs if back.judged is judged)
        say(f"cluster: within twice of quiet at most {worst.took_s:.1f} s after the return of {whose}"
            f" ({worst.trouble}; at most {limit_s:.0f})")  # fmt: skip
    return all(back.took_s <= (BACK_S if back.judged else BACK_LIMIT_S) for back in campaign.backs)


def _tell_alarms(watch: Watch, say: Callable[[str], None]) -> None:
    raised = ", ".join(f"{alarm} {times}" for alarm, times in sorted(watch.raised.items())) or "none"
    say(f"cluster: alarms of deploy/prometheus, hastened {HASTE} times, by troubles that raised them: {raised}")
    say(f"cluster: alarms that were missing, false or left: {'; '.join(watch.faults) or 'none'}")
    if watch.standing:
        say(f"cluster: alarms of this machine, raised before anything suffered: {', '.join(sorted(watch.standing))}")
