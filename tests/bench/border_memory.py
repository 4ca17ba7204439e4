"""
The memory of a relay while 100,000 messages wait for it, beside that of one that has nothing to carry.

Both have carried the same number of messages when they are looked at, so both have had full pages in memory. The backlog is
written as in `waiting`: its receipts are signed by nobody that the other network knows, so it is given back as held; it is
looked at as long as nearly all of it waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from tests.bench.border_stand import FAR, FAR_RECIPIENT, SENDER, BothSides, RelayProcess, both_sides
from tests.bench.figures import Figure
from tests.bench.load import post_all
from tests.bench.running import GatewayProcess
from tests.bench.submissions import seal_many, write_all
from tests.bench.waiting import WAITING, fill

__all__ = ["figures"]

CARRIED: Final = 2000
CONNECTIONS: Final = 64
LIMIT_S: Final = 120.0
SETTLED_S: Final = 2.0
LEAST: Final = 0.9  # of the backlog, when the relay is looked at
ANSWERS: Final = 'gateway_relay_answers_total{{outcome="{}"}}'


def figures() -> Iterator[Figure]:
    """Carry some, look; let 100,000 wait, carry some of them, look."""
    with both_sides() as sides:
        empty_mb = _after_carrying(sides)
        (submission,) = seal_many(sides.near, SENDER, [FAR_RECIPIENT], 1)
        for program in (sides.near_gateway, sides.relay):
            program.end()
        fill(sides.near.ledger, submission, [FAR_RECIPIENT])
        with sides.near.gateway() as gateway, RelayProcess(sides.ours, sides.theirs) as relay:
            gateway.wait_ready()
            full_mb = _with_backlog(gateway, relay)
    note = f"RSS of `gateway relay` with {WAITING} waiting messages of 4 KiB, {full_mb:.1f} MB, with none, {empty_mb:.1f} MB"
    yield Figure(
        name="relay_memory_100k",
        value=full_mb / empty_mb,
        unit="ratio",
        against="nothing waits",
        note=f"{note}; both after carrying {CARRIED}",
        aim="<= 1.1",
    )


def _after_carrying(sides: BothSides) -> float:
    file = sides.near.stage.folder / "batch"
    write_all(file, seal_many(sides.near, SENDER, [FAR_RECIPIENT], CARRIED))
    load = post_all(sides.near.services.port, CONNECTIONS, file, lambda: None)
    assert load.statuses == {"202": CARRIED}, load.statuses
    sides.near_gateway.wait_for(ANSWERS.format("relayed"), CARRIED, LIMIT_S)
    time.sleep(SETTLED_S)
    return sides.relay.memory_mb()


def _with_backlog(gateway: GatewayProcess, relay: RelayProcess) -> float:
    gateway.wait_for(ANSWERS.format("held"), CARRIED, LIMIT_S)
    seen_mb = relay.memory_mb()
    waiting = WAITING - gateway.metrics()[ANSWERS.format("held")]
    assert waiting >= LEAST * WAITING, f"{waiting} wait for {FAR}"
    return seen_mb
