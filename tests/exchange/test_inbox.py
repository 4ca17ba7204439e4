"""Thin clients: the ledger answers, with or without a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.envelope import Event, examine, open_delivery
from gateway.errors import Rejected
from tests.support.exchange import Stage, address
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.flaky_broker import FlakyBroker


async def test_what_waits_is_returned_until_it_is_answered(stage: Stage) -> None:
    """No lease: what a thin client does not answer it gets again."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"], b"text")
    await stage.exchange.submit_sealed(sealed.submission)
    for _ in range(2):
        (delivery,), _ = await stage.exchange.inbox(address("GN-QN"), 0)
    keyring = stage.world.member("GN-QN").keyring
    now = int(stage.clock())
    opened = open_delivery(delivery, me=address("GN-QN"), keyring=keyring, answers=stage.world.answers, now=now)
    assert opened.content == b"text"
    for event in (Event.DELIVERED, Event.OPENED):
        signed = stage.receipt("GN-QN", sealed.envelope_hash, event)
        assert await stage.exchange.receipts(address("GN-QN"), [signed]) == [""]
    assert await stage.exchange.inbox(address("GN-QN"), 0) == ([], False)


async def test_only_what_came_after_a_number(stage: Stage) -> None:
    """A thin client walks through its inbox by acceptance number."""
    for _ in range(3):
        await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"]).submission)
    found, more = await stage.exchange.inbox(address("GN-QN"), 2)
    assert (len(found), more) == (1, True)
    assert await stage.exchange.inbox(address("GN-QN"), 3) == ([], False)


async def test_nobody_sees_the_inbox_of_another(stage: Stage) -> None:
    """Promise 9: what is not for the asker is not there."""
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"]).submission)
    assert await stage.exchange.inbox(address("NCB-XA"), 0) == ([], False)


async def test_thin_clients_do_not_need_the_broker(flaky: Stage, broker: FlakyBroker) -> None:
    """Promise 8: with the broker down a thin client still gets its deliveries."""
    broker.down = True
    await flaky.exchange.submit_sealed(flaky.sealed("NCB-QM", ["GN-QN"]).submission)
    found, _ = await flaky.exchange.inbox(address("GN-QN"), 0)
    assert len(found) == 1


async def test_answered_parcels_leave_the_mailbox(flaky: Stage, broker: FlakyBroker) -> None:
    """The mailbox of a participant who only uses plain requests does not fill up."""
    sealed = flaky.sealed("NCB-QM", ["GN-QN"])
    await flaky.exchange.submit_sealed(sealed.submission)
    await until(lambda: len(broker.published) == 1)
    await flaky.exchange.receipts(address("GN-QN"), [flaky.receipt("GN-QN", sealed.envelope_hash)])
    await flaky.exchange.inbox(address("GN-QN"), 0)
    await until(lambda: broker.inner.mailbox(address("GN-QN")).size_bytes == 0)
    assert await flaky.ledger.waiting_count(address("GN-QN")) == 0


async def test_the_status_of_a_message_is_its_senders_alone(stage: Stage) -> None:
    """Promise 9: for anybody else the message does not exist."""
    sealed = stage.sealed("NCB-QM", ["GN-QN", "NCB-XA"])
    await stage.exchange.submit_sealed(sealed.submission)
    message_id = examine(sealed.submission).header.message_id
    assert set(await stage.states("NCB-QM", message_id)) == {"GN-QN", "NCB-XA"}
    with pytest.raises(Rejected) as caught:
        await stage.exchange.status(address("GN-QN"), message_id)
    assert caught.value.code == "not-found"
