"""The fault campaign kills the gateway at its calls through the ports: here no call is forgotten."""

from __future__ import annotations

import inspect
from typing import Final

from gateway.broker import Broker, Consumer
from gateway.ledger import Ledger
from tests.faults.harness import PORT_CALLS, SESSION_CALLS
from tests.faults.rotation_kills import DIRECTORY_CALLS

PORTS: Final = {"ledger": Ledger, "broker": Broker, "consumer": Consumer}
# Calls that no process dies at by name, and why.
OTHERS: Final = {
    "ledger.inbox": "reads, for thin clients",
    "ledger.status": "reads, for senders",
    "ledger.answered": "reads, for replies",
    "ledger.outcomes": "reads, for senders",
    "ledger.events": "reads, for operators",
    "ledger.totals": "reads, for metrics",
    "ledger.oldest_waiting": "reads, for metrics",
    "ledger.requeue": "repair: a mailbox that was dry for a minute though rows are queued; tests/exchange/test_session.py",
    "ledger.unanswered": "sessions that end with a delivery unanswered; tests/exchange/test_session.py",
    "ledger.release": "deliveries that were held; tests/ledger/test_conveying.py",
    "ledger.hold_sealed_to": "a stolen delivery key; tests/exchange/test_revocations.py",
    "ledger.record_action": "an operator's order; tests/exchange/test_operate.py",
    "ledger.release_held": "an operator's order; tests/exchange/test_operate.py",
    "ledger.open": "the start: nothing is asked of it yet",
    "ledger.close": "the end: the process dies anyway",
    "broker.close": "the end: the process dies anyway",
    "broker.drain": "thin clients; tests/exchange/test_inbox.py",
}


def calls() -> set[str]:
    """Return every call of every port that a process can die at."""
    return {
        f"{port}.{name}"
        for port, kind in PORTS.items()
        for name, found in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


def test_no_call_through_a_port_is_forgotten() -> None:
    """Whoever adds a call names it among those at which the gateway is killed, or says why not."""
    assert calls() == set(PORT_CALLS) | set(SESSION_CALLS) | (set(DIRECTORY_CALLS) & calls()) | set(OTHERS)


def test_each_call_is_named_once() -> None:
    """A call stands in one table."""
    tables = [set(PORT_CALLS), set(SESSION_CALLS), set(DIRECTORY_CALLS), set(OTHERS)]
    assert sum(map(len, tables)) == len(set[str]().union(*tables))
