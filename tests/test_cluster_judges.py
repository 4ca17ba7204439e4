"""The judges of the cluster's campaign find what they are there to find: alarms and slowness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.faults import cluster_watch
from tests.faults.cluster_pace import Pace, Stopwatch
from tests.faults.cluster_troubles import ROUND, WITHOUT_DISKS
from tests.faults.cluster_watch import EXPECTED, Watch, sort_of
from tests.support.prometheus import SHIPPED, Prometheus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Recorded(Prometheus):
    """A Prometheus that says what a test wrote down: when each alarm was raised, in seconds since the trouble began."""

    def __init__(self, alarms: Iterable[tuple[str, float, float]]) -> None:
        self._alarms = list(alarms)

    def firing(self) -> set[str]:
        """Those that never end."""
        return {name for name, _, until in self._alarms if until == math.inf}

    def fired(self, since: float, until: float) -> set[str]:
        """Those that were raised in a time."""
        return {name for name, begun, ended in self._alarms if begun <= until and ended >= since}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_watch, "CLEAR_S", 0.0)


@pytest.mark.parametrize(
    ("trouble", "alarms", "faults"),
    [
        ("kill 0", [("GatewayDown", 2, 5)], []),
        ("kill 0", [], ["GatewayDown not raised (kill 0)"]),
        ("kill 0", [("GatewayDown", 4, 5)], ["GatewayDown not raised (kill 0)"]),  # only after it was mended
        ("kill 0", [("GatewayDown", 2, 5), ("AuditLogHalted", 2, 3)], ["AuditLogHalted raised (kill 0)"]),
        ("kill 0", [("GatewayDown", 2, math.inf)], ["GatewayDown not cleared (kill 0)"]),
        ("full ledger", [("RequestsFailing", 1, 4)], []),
        ("cut front", [("LedgerAway", 1, 2)], ["LedgerAway raised (cut front)"]),
        ("node", [], []),
    ],
)
def test_alarms_are_missing_false_or_left(trouble: str, alarms: list[tuple[str, float, float]], faults: list[str]) -> None:
    """What must be raised while it lasts, what may be, and what must end; anything else is told with the trouble."""
    watch = Watch(Recorded(alarms))
    watch.judge(trouble, 0.0, 3.0)
    assert watch.faults == faults


def test_what_waits_long_may_come_with_the_next_trouble() -> None:
    """An alarm with a long `for:` is no false one of the trouble that follows; of the one after that it is."""
    watch = Watch(Recorded([("LedgerAway", 1, 2), ("RequestsFailing", 1, 2)]))
    watch.judge("cut ledger", 0.0, 3.0)
    watch.judge("node", 0.0, 3.0)
    assert watch.faults == []
    watch.judge("slow front", 0.0, 3.0)
    assert watch.faults == ["LedgerAway or RequestsFailing raised (slow front)"]


def test_what_stands_before_is_of_the_machine() -> None:
    """An alarm that is raised before anything suffered is told, and no fault of a trouble."""
    watch = Watch(Recorded([("DiskFilling", 0, math.inf)]))
    watch.begin()
    watch.judge("cut front", 0.0, 3.0)
    assert (watch.standing, watch.faults) == ({"DiskFilling"}, [])


def test_every_trouble_has_its_alarms_and_every_alarm_is_shipped() -> None:
    """The table names each trouble that there is, and nothing that no rule raises."""
    assert {sort_of(trouble) for trouble in (*ROUND, *WITHOUT_DISKS.values()) if trouble} == set(EXPECTED)
    groups = msgspec.yaml.decode((SHIPPED / "alerts.yml").read_bytes())["groups"]
    shipped = {rule["alert"] for group in groups for rule in group["rules"]}
    assert set().union(*(expected.must | expected.may for expected in EXPECTED.values())) <= shipped


def test_a_window_counts_what_ended_in_it(tmp_path: Path) -> None:
    """Half of the messages took so long; one that was kept waiting counts when it arrives; half a line waits for its end."""
    sender, recipient = tmp_path / "sender", tmp_path / "recipient"
    watch = Stopwatch([sender], [recipient])
    assert watch.pace(0.0, 1.0) == Pace(0.0, math.inf, math.inf)
    sender.write_text("ready\nsent a 0.5\naccepted a X\nat a 0.6\nsent b 0.5\nat b 1.5\nsent c 1.0\nat c 1.2\nat d 1.")
    recipient.write_text("got a\nack a\nat a 0.9\nat b 1.9\nat c 1.3\nat d 1.8\n")
    assert watch.pace(0.0, 1.0) == pytest.approx((1.0, 0.1, 0.4))
    assert watch.pace(1.0, 2.0) == pytest.approx((2.0, 0.6, 0.85))
    with sender.open("a") as more:
        more.write("9\nsent d 1.7\n")
    assert watch.pace(1.0, 2.0) == pytest.approx((3.0, 0.2, 0.3))


@pytest.mark.parametrize(
    ("pace", "like"),
    [
        (Pace(30.0, 0.02, 0.05), True),
        (Pace(15.0, 0.04, 0.1), True),
        (Pace(14.0, 0.02, 0.05), False),
        (Pace(30.0, 0.05, 0.05), False),
        (Pace(30.0, 0.02, 0.11), False),
        (Pace(0.0, math.inf, math.inf), False),
    ],
)
def test_a_pace_is_the_quiet_one_within_twice(pace: Pace, like: bool) -> None:  # noqa: FBT001
    """Accepting, opening and the flow each count; nothing that flows is never quiet."""
    assert pace.like(Pace(30.0, 0.02, 0.05)) is like


def test_a_quiet_cluster_is_as_its_slowest_second() -> None:
    """One window is compared with what any one window may be."""
    quiet = Pace.slowest([Pace(32, 0.016, 0.028), Pace(30, 0.015, 0.033), Pace(33, 0.019, 0.030)])
    assert quiet == Pace(30, 0.019, 0.033)
    assert Pace(16, 0.037, 0.065).like(quiet)
    assert not Pace(16, 0.039, 0.065).like(quiet)
