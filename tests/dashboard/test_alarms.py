"""Alarms: each says what is wrong, how bad it is, and what to type; a calm gateway has none."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dashboard.alarms import SEVERITIES, alarms_of
from gateway.dashboard.snapshot import Deadline, Ending, Held, Lane, Mailbox, Outstanding, Suspended, Times, Witness
from tests.dashboard.given import NOW, audit, calm
from tests.support.shown_commands import problem_of

PARTS = dict.fromkeys(("ledger", "directory", "authority", "broker", "log"), "ok")
HELD = Held(
    ref="41/0", recipient="GN-QN@icn", message_id="1", kind="cooperation.request", since=NOW, expires=NOW + 60, reason=None
)
BOX = Mailbox(address="GN-QN@icn", accepted=1, queued=0, oldest_s=9000, connected=False)
LANE = Lane(network="eu-network", waiting=2, oldest_s=900, directory_version=3, directory_age_s=60)
LAGS = Times(accept_p50_s=None, accept_p99_s=None, answer_p50_s=None, answer_p99_s=None, loop_lag_p99_s=0.5)
DRAINED = {**PARTS, "operator": "draining"}
OUT = Suspended(address="GN-QN@icn", since=NOW - 60)
WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "ledger-away": ("critical", {"parts": {**PARTS, "ledger": "unavailable"}}),
    "directory-away": ("critical", {"parts": {**PARTS, "directory": "unavailable"}}),
    "directory-expired": ("critical", {"parts": {**PARTS, "authority": "directory-expired"}}),
    "broker-away": ("warning", {"parts": {**PARTS, "broker": "unavailable"}}),
    "draining": ("notice", {"parts": DRAINED, "sessions": 2, "ready": False}),
    "drained": ("notice", {"parts": DRAINED, "ready": False}),
    "suspended": ("notice", {"suspended": [OUT]}),
    "deliveries-held": ("warning", {"states": {"held": 1}, "held": [HELD]}),
    "waits-long": ("warning", {"oldest_waiting_s": 9000, "mailboxes": [BOX]}),
    "relay-waits": ("warning", {"lanes": [LANE]}),
    "loop-lag": ("notice", {"times": LAGS}),
    "answers-overdue": ("warning", {"deadlines": [Deadline(kind="cooperation.request", due=1, at_risk=0, overdue=1)]}),
    "answers-at-risk": ("notice", {"deadlines": [Deadline(kind="cooperation.request", due=1, at_risk=2, overdue=0)]}),
    "recalls-open": ("warning", {"outstanding": [Outstanding(kind="system.recall", count=1, oldest_s=300_000)]}),
    "log-halted": ("critical", {"audit": audit(halted=True, lag_s=600)}),
    "log-lags": ("warning", {"audit": audit(lag_leaves=3, lag_s=600)}),
    "witness-forked": ("critical", {"audit": audit(witnesses=[Witness(name="w", age_s=1, forked=True)])}),
    "witness-late": ("warning", {"audit": audit(witnesses=[Witness(name="w", age_s=90_000, forked=False)])}),
    "keys-end": ("warning", {"endings": [Ending(what="key", name="agent", ends_s=60, soon=True)]}),
    "metadata-ends": ("warning", {"endings": [Ending(what="metadata", name="root", ends_s=60, soon=True)]}),
    "cards-end": ("notice", {"cards_ending": {"key": 1, "delivery": 0}}),
}


def test_a_calm_gateway_has_no_alarm() -> None:
    """Nobody learns to look away."""
    assert alarms_of(calm()) == []


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_said_with_what_to_do(code: str) -> None:
    """One thing wrong is one alarm, with its severity and an advice."""
    severity, changes = WRONG[code]
    [alarm] = alarms_of(calm(**changes))
    assert (alarm.code, alarm.severity) == (code, severity)
    assert alarm.text.endswith(".")
    assert alarm.advice.endswith(".")
    ours = [line for line in alarm.commands if line.startswith("gateway ")]
    assert [problem for line in ours if (problem := problem_of(line))] == []


def test_a_suspension_that_is_forgotten_is_a_warning_with_the_order_that_ends_it() -> None:
    """After a day the authority should have acted; at most three orders are shown."""
    who = [Suspended(address=f"NCB-Q{letter}@icn", since=NOW - 90_000) for letter in "ABCD"]
    [alarm] = alarms_of(calm(suspended=who))
    assert (alarm.severity, alarm.text.startswith("4 participants are suspended")) == ("warning", True)
    assert alarm.commands[0] == 'gateway operate resume NCB-QA@icn --reason "..." --config CONFIG'
    assert len(alarm.commands) == 3


def test_a_witness_that_has_cosigned_the_head_is_not_late() -> None:
    """While the log stands still nobody is asked, and nobody is to blame."""
    assert alarms_of(calm(audit=audit(cosignatures=1, witnesses=[Witness(name="w", age_s=90_000, forked=False)]))) == []


def test_the_worst_comes_first() -> None:
    """Whatever else is wrong with the gateway."""
    parts = {**PARTS, "ledger": "unavailable", "broker": "unavailable"}
    found = alarms_of(calm(parts=parts, times=LAGS, audit=audit(halted=True)))
    assert [one.severity for one in found] == sorted((one.severity for one in found), key=SEVERITIES.index)
    assert len(found) == 4


def test_a_held_delivery_comes_with_the_order_that_releases_it() -> None:
    """The operator copies it, and writes his reason."""
    [alarm] = alarms_of(calm(states={"held": 1}, held=[HELD]))
    assert list(alarm.commands) == ['gateway operate release 41/0 --reason "..." --config CONFIG']
