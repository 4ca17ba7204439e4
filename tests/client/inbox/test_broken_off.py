"""Whatever breaks off in mid-work, a session or the application's own wait, the same walk hands over all that the home has."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from gateway.client.inbox import inbox as inbox_module
from gateway.client.inbox import intake
from gateway.client.receiving.receipts import ReceiptPost
from gateway.client.records import arrivals
from tests.client.examples import content, until
from tests.client.inbox.test_receiving import mail

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterable, Sequence

    from gateway.client import ContactPoint
    from gateway.client.inbox.inbox import Inbox
    from gateway.client.receiving.delivery import Delivery
    from gateway.client.records.arrivals import Arrival, Kept
    from gateway.client.records.receipt_rows import Due
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway

ROUNDS = 60
STEP_S = 0.0003


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back soon after a lost session; no pulse helps."""
    monkeypatch.setattr(inbox_module, "BACK_OFF_S", (0.01, 0.05))
    monkeypatch.setattr(inbox_module, "HELD_S", 0.01)
    monkeypatch.setattr(intake, "PULSE_S", 3600.0)


@pytest.fixture
async def walk(homes: Homes, gate: FakeGateway) -> AsyncIterator[tuple[ContactPoint, Inbox]]:
    """Give who sends, and the followed inbox of who receives, with its session open."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        async with aclosing(gn.inbox(follow=True)) as deliveries:
            await (await anext(deliveries)).acknowledge()
            await until(lambda: gate.states() == {"opened": 1})
            yield qm, deliveries


async def next_number(deliveries: Inbox) -> int:
    """Acknowledge the next delivery, and return its number."""
    async with asyncio.timeout(10):
        delivery: Delivery = await anext(deliveries)
    await delivery.acknowledge()
    return delivery.number


async def test_a_session_that_ends_before_the_receipt_is_out(
    walk: tuple[ContactPoint, Inbox], gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, its `delivered` does not get through, the session ends: it is handed over all the same."""
    qm, deliveries = walk
    real, stuck = ReceiptPost.send, asyncio.Event()

    async def hang_once(self: ReceiptPost, dues: Sequence[Due]) -> None:
        if dues and not stuck.is_set():
            stuck.set()
            await asyncio.sleep(3600)
        await real(self, dues)

    monkeypatch.setattr(ReceiptPost, "send", hang_once)
    await qm.send(content(), to=["GN-QN"])
    coming = asyncio.ensure_future(next_number(deliveries))
    await stuck.wait()
    gate.break_sessions()
    assert await coming == 2


async def test_a_session_that_ends_while_it_is_being_kept(
    walk: tuple[ContactPoint, Inbox], gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit comes to its end when nobody waits for it any more."""
    qm, deliveries = walk
    real, keeping, go_on = arrivals.keep, threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection, coming: Iterable[Arrival], owner: bytes, now: int) -> list[Kept]:
        keeping.set()
        assert go_on.wait(10)
        return real(connection, coming, owner, now)

    monkeypatch.setattr(arrivals, "keep", slow)
    await qm.send(content(), to=["GN-QN"])
    coming = asyncio.ensure_future(next_number(deliveries))
    await until(keeping.is_set)
    gate.break_sessions()
    await until(lambda: deliveries._intake is None)
    await asyncio.sleep(0.05)
    go_on.set()
    assert await coming == 2


async def test_an_application_that_stops_waiting_at_any_moment(walk: tuple[ContactPoint, Inbox]) -> None:
    """Its wait is cancelled a little later each time: what comes is handed to the next one, each once."""
    qm, deliveries = walk
    numbers: list[int] = []
    for steps in range(ROUNDS):
        await qm.send(content(), to=["GN-QN"])
        numbers.append(await after_giving_up(deliveries, steps * STEP_S))
    assert numbers == list(range(2, ROUNDS + 2))


async def test_an_application_that_stops_waiting_while_the_ledger_is_read(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where the broker is away, and where the home had it before the walk began."""
    monkeypatch.setattr(inbox_module, "SILENCE_S", 0.005)
    gate.silent = True
    numbers: list[int] = []
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        for steps in range(ROUNDS):
            await qm.send(content(), to=["GN-QN"])
            async with aclosing(gn.inbox()) as deliveries:
                numbers.append(await after_giving_up(deliveries, steps * STEP_S * 2))
    assert numbers == list(range(1, ROUNDS + 1))


async def after_giving_up(deliveries: Inbox, waits_s: float) -> int:
    """Wait for a delivery so long, and where that was too short once more; acknowledge it and return its number."""
    try:
        async with asyncio.timeout(waits_s):
            delivery = await anext(deliveries)
    except TimeoutError:
        return await next_number(deliveries)
    await delivery.acknowledge()
    return delivery.number
