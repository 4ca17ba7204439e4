"""
What an accepted message costs three gateway processes on one PostgreSQL and one RabbitMQ, beside one process, same load.

All processor time of all gateway processes is counted, user and system, until nothing is left to do: smaller groups of commits,
the turns of the audit log, looks at what the others did. Measured in turn: three processes, then the same load on one of them
with the others held still (SIGSTOP), round after round. How much they accept together is told, and not judged: the servers and
the load generators share the processors.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from tests.bench.accept import CONNECTIONS, RECIPIENT, SENDER, reading
from tests.bench.figures import Figure
from tests.bench.load import post_all
from tests.bench.running import GatewayProcess, Stand, settled, standing
from tests.bench.submissions import publish_cards, seal_many, write_all

__all__ = ["figures"]

PROCESSES: Final = 3
BATCH: Final = 600  # divided among the processes
ROUNDS: Final = 3
WARM: Final = 2  # batches, before the first round


class _Cost(NamedTuple):
    """What a batch cost all processes together, in seconds of processors a message, and how many were accepted in a second."""

    cpu_s: float
    rate: float


def figures() -> Iterator[Figure]:
    """Measure both, round after round."""
    with standing("rabbitmq") as stand, ExitStack() as stack:
        first = stack.enter_context(stand.gateway())
        first.wait_ready()
        publish_cards(stand, [SENDER, RECIPIENT])
        gateways = [first, *(stack.enter_context(stand.another()) for _ in range(PROCESSES - 1))]
        for gateway in gateways:
            gateway.wait_ready()
        batches = _batches(stand)
        with reading(stand.stage.home(RECIPIENT), stand.stage.passphrase):
            for _ in range(WARM):
                _batch(gateways, next(batches))
            rounds = [(_batch(gateways, next(batches)), _alone(gateways, next(batches))) for _ in range(ROUNDS)]
    ratio = median(three.cpu_s / one.cpu_s for three, one in rounds)
    costs = ", ".join(f"{three.cpu_s * 1e6:.0f} / {one.cpu_s * 1e6:.0f}" for three, one in rounds)
    rates = f"accepted in a second {median(t.rate for t, _ in rounds):.0f} and {median(o.rate for _, o in rounds):.0f}"
    note = f"CPU for one message of 4 KiB to one recipient, {CONNECTIONS} connections in all, microseconds: {costs}; {rates}"
    points = ((1.0, median(one.cpu_s for _, one in rounds)), (float(PROCESSES), median(three.cpu_s for three, _ in rounds)))
    yield Figure(
        name="cpu_per_accept_3_over_1", value=ratio, unit="ratio", against="one process, same load", note=note, aim="<= 1.15",
        points=points,
    )  # fmt: skip


def _alone(gateways: Sequence[GatewayProcess], parts: list[Path]) -> _Cost:
    """Send a batch to the first process, while the others are held still."""
    others = [gateway.pid for gateway in gateways[1:]]
    settled([gateway.pid for gateway in gateways])
    try:
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        return _batch(gateways[:1], parts)
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def _batch(gateways: Sequence[GatewayProcess], parts: list[Path]) -> _Cost:
    """Send the parts of a batch at once, each to the next of the processes, and wait until all of it is done."""
    before = _settle(gateways)
    each = CONNECTIONS // len(parts)
    with ThreadPoolExecutor(len(parts)) as pool:
        ports = [gateways[number % len(gateways)].port for number in range(len(parts))]
        loads = list(pool.map(lambda port, file: post_all(port, each, file, lambda: None), ports, parts))
    assert all(load.statuses == {"202": BATCH // len(parts)} for load in loads), loads
    return _Cost((_settle(gateways) - before) / BATCH, BATCH / max(load.seconds for load in loads))


def _settle(gateways: Sequence[GatewayProcess]) -> float:
    return settled([gateway.pid for gateway in gateways])


def _batches(stand: Stand) -> Iterator[list[Path]]:
    """Seal one batch after the other, in as many parts as there are processes: what sends them is always the same."""
    each = BATCH // PROCESSES
    sealed = [seal_many(stand, SENDER, [RECIPIENT], BATCH) for _ in range(2 * ROUNDS + WARM)]
    for number, batch in enumerate(sealed):
        files = [stand.stage.folder / f"cluster-{number}-{part}" for part in range(PROCESSES)]
        for part, file in enumerate(files):
            write_all(file, batch[part * each : (part + 1) * each])
        yield files
