"""What operators see of a message's way, from the metrics alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.broker import Outcome
from gateway.errors import Unavailable
from gateway.exchange.gauges import Gauges
from gateway.ids import Address
from tests.exchange.test_submit import RESPONSE, repeated
from tests.support.exchange import Stage
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.flaky_broker import FlakyBroker


def shown(stage: Stage, name: str, **labels: str) -> float | None:
    """Return what a metric shows."""
    return stage.parts.metrics.registry.get_sample_value(f"gateway_{name}", labels)


async def test_receipts_that_are_missing_are_counted_by_what_comes_next(flaky: Stage) -> None:
    """What waits owes a delivered receipt, what a home has owes an opened one."""
    await flaky.exchange.submit_sealed(flaky.sealed("NCB-QM", ["GN-QN", "NCB-XA"]).submission)
    await flaky.reached("queued", 2)
    session = await flaky.open("GN-QN")
    ((_, delivery),) = await session.next()
    assert delivery
    await Gauges(flaky.parts).look()
    assert shown(flaky, "receipts_outstanding", event="delivered") == 2
    assert shown(flaky, "receipts_outstanding", event="opened") == 0
    assert shown(flaky, "ledger_ready") == 1


async def test_what_was_sealed_here_is_counted_once(flaky: Stage) -> None:
    """Clear text of a thin client counts as sealed, its repeat and blind messages do not."""
    body = flaky.clear("GN-QN", ["NCB-QM"], **repeated(RESPONSE))
    for _ in range(2):
        await flaky.exchange.submit_signed(body)
    await flaky.exchange.submit_sealed(flaky.sealed("NCB-QM", ["GN-QN"]).submission)
    assert shown(flaky, "messages_sealed_total", kind="request.response") == 1


async def test_what_the_broker_did_not_confirm_is_counted(flaky: Stage, broker: FlakyBroker) -> None:
    """A mailbox that is absent is declared and tried again; both answers are counted."""
    broker.outcomes.append(Outcome.FULL)
    await flaky.exchange.submit_sealed(flaky.sealed("NCB-QM", ["GN-QN"]).submission)
    await until(lambda: shown(flaky, "broker_returns_total", outcome="full") == 1)
    assert shown(flaky, "mailbox_full_total") == 1


async def test_a_ledger_that_is_away_is_shown(flaky: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm needs no line of the log."""
    gauges = Gauges(flaky.parts)
    await gauges.look()

    async def away() -> None:
        raise Unavailable("the ledger is away")

    monkeypatch.setattr(type(flaky.parts.ledger), "totals", lambda _: away())
    with pytest.raises(Unavailable):
        await gauges.run()
    assert shown(flaky, "ledger_ready") == 0


async def test_orders_that_stand_are_gauges(flaky: Stage) -> None:
    """How many participants an operator suspended, and whether this process is drained."""
    await flaky.parts.ledger.standing.suspend(Address("GN-QN@icn"), bytes(32), "suspend GN-QN@icn")
    flaky.parts.orders.drain(on=True)
    await Gauges(flaky.parts).look()
    assert (shown(flaky, "suspended_participants"), shown(flaky, "draining")) == (1, 1)
