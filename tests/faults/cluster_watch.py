"""
Which of the shipped alarms each trouble of a cluster must raise, judged by what a real Prometheus says.

It scrapes the gateways with `deploy/prometheus` as it is, but for time: every `for:`, range and offset is divided by `HASTE`,
and it and the gateways look every `EVERY_S` instead of every 15 s, so that minutes fit into seconds. An alarm counts when
Prometheus' own series `ALERTS` says `firing`.
For a trouble that must raise alarms one of them is raised while it lasts; no other than those listed is; all are cleared soon
after. What waits long (`for:`) may come when the next trouble has begun: a trouble may raise what the one before may.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tests.support.prometheus import Prometheus

__all__ = ["EVERY_S", "EXPECTED", "HASTE", "Expected", "Watch", "sort_of"]

HASTE: Final = 60
EVERY_S: Final = 0.5
RAISE_S: Final = 20.0  # the longest: RequestsFailing, 5 s of a rate over 5 s
CLEAR_S: Final = 20.0  # the longest: the gauges of a gateway that failed to read the ledger are read again after 10 s at most
LOOK_S: Final = 0.2


class Expected(NamedTuple):
    """
    What a trouble means for alarms.

    Args:
        must: One of these is raised; empty: none need be.
        may: These too.
    """

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


def _expect(*must: str, may: tuple[str, ...] = ()) -> Expected:
    return Expected(frozenset(must), frozenset(may))


_UNMADE: Final = ("RequestsFailing", "RefusalsSurge")  # what could not be written was answered with `unavailable`
# By what suffers. Of participants who do not reach the gateways, and of a line that is only slow, no gateway has an alarm.
EXPECTED: Final = {
    "kill": _expect("GatewayDown"),
    "stop": _expect("GatewayDown"),
    "cut front": _expect(),
    "slow front": _expect(),
    "cut ledger": _expect("LedgerAway", may=_UNMADE),
    "slow ledger": _expect(may=("LedgerAway", *_UNMADE)),
    "postgres": _expect("LedgerAway", may=_UNMADE),
    "full ledger": _expect("LedgerAway", "RequestsFailing", may=_UNMADE),
    "cut brokers": _expect("BrokerAway"),
    "node": _expect(may=("BrokerAway",)),  # of the gateways that were connected to it
    "full": _expect("DiskFull", may=("DiskFilling",)),
    "files": _expect(),
    "clock": _expect(),
}
# Told, not judged: two processors carry gateways, servers and applications.
OF_THE_MACHINE: Final = frozenset({"EventLoopHeld"})


def sort_of(trouble: str) -> str:
    """Return the key in `EXPECTED`: `kill 0` and `kill 1` are the same to alarms."""
    return trouble.rstrip("0123456789 ")


@dataclass
class Watch:
    """
    Judges the alarms of one trouble after the other.

    Args:
        prometheus: It scrapes.
        raised: In how many troubles each alarm was raised.
        faults: What was missing, false or left, with the trouble.
        standing: What was raised before anything suffered.
    """

    prometheus: Prometheus
    raised: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    standing: set[str] = field(default_factory=set)
    _late: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Wait until no alarm of the start is raised; one that stays is of the machine (its disk), and is passed over."""
        self.standing, _ = self.await_quiet()

    def await_raised(self, trouble: str) -> None:
        """Wait until the alarm of a trouble is raised, if there must be one, or too long."""
        must = EXPECTED[sort_of(trouble)].must
        deadline = time.monotonic() + RAISE_S
        while must and not must & self._firing() and time.monotonic() < deadline:
            time.sleep(LOOK_S)

    def judge(self, trouble: str, begun: float, mended: float) -> str:
        """
        Wait until no alarm is raised, or too long, and judge those of a trouble.

        Args:
            trouble: Which.
            begun: When, in Unix seconds.
            mended: The same.

        Returns:
            What was raised, in words.
        """
        left, ended = self.await_quiet()
        expected = EXPECTED[sort_of(trouble)]
        allowed = expected.must | expected.may | OF_THE_MACHINE
        raised = self.prometheus.fired(begun, ended) - self.standing
        if expected.must and not expected.must & self.prometheus.fired(begun, mended):
            self._fault(trouble, "not raised", expected.must)
        self._fault(trouble, "raised", raised - allowed - self._late)
        self._fault(trouble, "not cleared", left)
        self.raised.update(raised)
        self._late = allowed
        return ", ".join(sorted(raised)) or "none"

    def await_quiet(self) -> tuple[set[str], float]:
        """Wait until no alarm is raised, or too long; return those that are left, and when that was, in Unix seconds."""
        deadline = time.monotonic() + CLEAR_S
        while (left := self._firing()) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        return left, time.time()

    def _firing(self) -> set[str]:
        return self.prometheus.firing() - self.standing - OF_THE_MACHINE

    def _fault(self, trouble: str, what: str, alarms: set[str] | frozenset[str]) -> None:
        if alarms:
            self.faults.append(f"{' or '.join(sorted(alarms))} {what} ({trouble})")
