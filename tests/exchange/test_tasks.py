"""Background tasks live as long as the exchange."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from gateway.errors import Unavailable
from gateway.exchange import tasks
from gateway.exchange.tasks import Tasks, every
from gateway.ops import Metrics
from tests.support.waiting import until

if TYPE_CHECKING:
    import pytest


async def test_a_fault_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task whose round failed is started again, and the fault is counted by its code."""
    metrics, rounds, done = Metrics(), [], asyncio.Event()
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)

    async def work() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise Unavailable("no line")
        if len(rounds) == 2:
            raise ValueError("a bug")
        done.set()
        await asyncio.sleep(60)

    background = Tasks(metrics)
    background.start("dispatch", work)
    await asyncio.wait_for(done.wait(), 10)
    await background.stop()
    text = metrics.render().decode()
    assert 'gateway_background_faults_total{code="unavailable",task="dispatch"} 1.0' in text
    assert 'gateway_background_faults_total{code="internal",task="dispatch"} 1.0' in text


async def test_a_fault_that_stays_fills_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails again and again is tried less and less often, down to a limit."""
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    monkeypatch.setattr(tasks, "LONGEST_AGAIN_S", 0.5)
    rounds: list[float] = []

    async def work() -> None:
        rounds.append(asyncio.get_running_loop().time())
        raise Unavailable("no line")

    background = Tasks(Metrics())
    background.start("dispatch", work)
    await until(lambda: len(rounds) >= 7)
    await background.stop()
    pauses_s = [after - before for before, after in itertools.pairwise(rounds)]
    least_s = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)  # on a loaded machine each may be longer
    assert all(pause >= 0.9 * least for pause, least in zip(pauses_s, least_s, strict=False))


async def test_work_is_done_every_so_often() -> None:
    """Periodic work is repeated with its pause."""
    rounds: list[int] = []
    background = Tasks(Metrics())

    async def work() -> None:
        rounds.append(1)

    background.start("expire", every(0.01, work))
    await until(lambda: len(rounds) > 3)
    await background.stop()
    assert len(asyncio.all_tasks()) == 1


async def test_what_is_done_once_is_waited_for_at_the_end() -> None:
    """Stopping leaves nothing behind."""
    background = Tasks(Metrics())
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(60)

    background.once("drain", work)
    await begun.wait()
    await background.stop()
    assert len(asyncio.all_tasks()) == 1
