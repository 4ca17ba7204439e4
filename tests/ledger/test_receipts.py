"""What recipients say is recorded once, and a message ends with its last delivery (promises 3, 4, 9)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.ledger import Ref, State
from tests.ledger.samples import NOW, QM, QN, QX, accept, end, receipt, sample, signed
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    from gateway.ledger import Acceptance, EventRow, Ledger


async def state_of(ledger: Ledger, message: Acceptance, place: int = 0) -> State:
    """Return how one delivery stands."""
    status = await ledger.status(QM, message.message_id)
    assert status is not None
    return status.recipients[place].state


async def events_of(ledger: Ledger) -> list[EventRow]:
    """Return the history without acceptances."""
    return [one for one in await ledger.events(0, 1000) if one.event != "accepted"]


async def test_a_receipt_changes_state_and_is_kept(ledger: Ledger) -> None:
    """The sender finds the recipient's own receipt and its time."""
    message = sample()
    await accept(ledger, message)
    assert await ledger.record([receipt(message, "delivered"), receipt(message, "rejected", QX, reason="cannot-open")]) == [
        "",
        "",
    ]
    status = await ledger.status(QM, message.message_id)
    assert status is not None
    assert [tuple(one) for one in status.recipients] == [
        (QN, State.DELIVERED, NOW + 5, None, signed("delivered", QN)),
        (QX, State.REJECTED, NOW + 5, "cannot-open", signed("rejected", QX)),
    ]


async def test_opened_implies_delivered(ledger: Ledger) -> None:
    """A receipt that got ahead of the other one counts for both, in the history too."""
    message = sample([QN])
    await accept(ledger, message)
    assert await ledger.record([receipt(message, "opened")]) == [""]
    assert await state_of(ledger, message) is State.OPENED
    assert [(one.event, one.reason, one.receipt) for one in await events_of(ledger)] == [
        ("delivered", "implied by opened", None),
        ("opened", None, signed("opened", QN)),
    ]


@pytest.mark.parametrize("event", ["delivered", "opened", "rejected"])
async def test_the_same_receipt_again_changes_nothing(ledger: Ledger, ledger_url: str, event: str) -> None:
    """A recipient may repeat itself as often as it likes."""
    message = sample()
    await accept(ledger, message)
    await ledger.record([receipt(message, event)])
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, event), receipt(message, event)]) == ["", ""]
    assert dump(ledger_url) == before


async def test_delivered_after_opened_changes_nothing(ledger: Ledger, ledger_url: str) -> None:
    """What comes late and is implied already is simply true."""
    message = sample()
    await accept(ledger, message)
    await ledger.record([receipt(message, "opened")])
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, "delivered")]) == [""]
    assert dump(ledger_url) == before


@pytest.mark.parametrize(("first", "second"), [("opened", "rejected"), ("rejected", "opened")])
async def test_an_answer_that_contradicts_the_first_is_a_conflict(
    ledger: Ledger, ledger_url: str, first: str, second: str
) -> None:
    """An application decides once."""
    message = sample()
    await accept(ledger, message)
    await ledger.record([receipt(message, first)])
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, second)]) == ["conflict"]
    assert dump(ledger_url) == before


@pytest.mark.parametrize("event", ["accepted", "expired", "held", "recalled"])
async def test_a_recipient_cannot_speak_for_the_gateway(ledger: Ledger, ledger_url: str, event: str) -> None:
    """What only a gateway may state changes nothing when a recipient says it."""
    message = sample()
    await accept(ledger, message)
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, event)]) == ["conflict"]
    assert dump(ledger_url) == before


async def test_another_participants_delivery_is_like_none(ledger: Ledger, ledger_url: str) -> None:
    """Who is no recipient learns nothing, not even that there is a message."""
    message = sample([QN])
    await accept(ledger, message)
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, "opened", QX), receipt(sample(), "opened")]) == ["not-found"] * 2
    assert await ledger.status(QX, message.message_id) is None
    assert dump(ledger_url) == before


async def test_two_receipts_of_one_delivery_in_one_call_are_taken_in_order(ledger: Ledger) -> None:
    """A recipient that was fast sends both at once."""
    message = sample([QN])
    await accept(ledger, message)
    assert await ledger.record([receipt(message, "delivered"), receipt(message, "opened")]) == ["", ""]
    assert [(one.event, one.receipt) for one in await events_of(ledger)] == [
        ("delivered", signed("delivered", QN)),
        ("opened", signed("opened", QN)),
    ]


async def test_the_body_goes_with_the_last_delivery(ledger: Ledger, ledger_url: str) -> None:
    """Sealed bytes are kept as long as somebody may still get them, and no longer; the rest stays."""
    message = sample(body=b"sealed for two")
    await accept(ledger, message)
    await ledger.record([receipt(message, "opened")])
    assert message.body.hex() in dump(ledger_url)
    await ledger.record([receipt(message, "rejected", QX)])
    assert message.body.hex() not in dump(ledger_url)
    assert await ledger.find(QM, message.message_id) is not None


@pytest.mark.parametrize("event", ["delivered", "opened", "rejected"])
async def test_a_receipt_after_expiry_is_kept_and_changes_no_state(ledger: Ledger, ledger_url: str, event: str) -> None:
    """The sender was told of the expiry; the late receipt stands in the history, once."""
    message = sample([QN], expires=NOW)
    await accept(ledger, message)
    await ledger.expire(NOW, 10, end)
    assert await ledger.record([receipt(message, event), receipt(message, event)]) == ["", ""]
    before = dump(ledger_url)
    assert await ledger.record([receipt(message, event)]) == [""]
    assert dump(ledger_url) == before
    assert await state_of(ledger, message) is State.EXPIRED
    late = [one for one in await events_of(ledger) if one.event.endswith("-late")]
    assert [(one.event, one.subject, one.receipt) for one in late] == [(f"{event}-late", QN, signed(event, QN))]


async def test_a_destroyed_receipt_is_kept_as_an_event(ledger: Ledger) -> None:
    """That a recipient destroyed its copy is history: it says nothing about the delivery's state."""
    message = sample([QN])
    await accept(ledger, message)
    await ledger.record([receipt(message, "opened"), receipt(message, "destroyed"), receipt(message, "destroyed")])
    assert await state_of(ledger, message) is State.OPENED
    assert [one.event for one in await events_of(ledger)] == ["delivered", "opened", "destroyed"]


async def test_a_receipt_of_a_held_delivery_releases_it(ledger: Ledger) -> None:
    """When the recipient answers after all, there is nothing left to hold."""
    message = sample([QN])
    (ref,) = await accept(ledger, message)
    await ledger.unanswered([ref], 1, end)
    assert await ledger.record([receipt(message, "delivered")]) == [""]
    assert await state_of(ledger, message) is State.DELIVERED
    assert [one.event for one in await events_of(ledger)] == ["held", "released", "delivered"]


async def test_a_crowd_of_receipts_is_recorded_in_groups(ledger: Ledger) -> None:
    """Receipts of many sessions for one message end it exactly once."""
    recipients = [type(QN)(f"NCB-X{number:02}@icn") for number in range(80)]
    message = sample(recipients)
    await accept(ledger, message)
    answers = await asyncio.gather(
        *(ledger.record([receipt(message, event, who)]) for who in recipients for event in ("delivered", "opened"))
    )
    assert answers == [[""]] * 160
    assert (await ledger.totals())[State.OPENED] == 80


async def test_a_thin_clients_inbox_has_what_it_has_not_answered(ledger: Ledger) -> None:
    """In order of acceptance, page by page, delivered but unanswered messages too."""
    messages = [sample(urgency=urgency) for urgency in ("normal", "flash", "normal", "normal")]
    refs = await accept(ledger, *messages)
    await ledger.mark_queued(refs[:1])
    await ledger.record([receipt(messages[1], "delivered"), receipt(messages[2], "opened")])
    page = await ledger.inbox(QN, 0, 1 << 20)
    assert [(one.number, [row.recipient for row in one.rows]) for one in page] == [(1, [QN]), (2, [QN]), (4, [QN])]
    assert [one.number for one in await ledger.inbox(QN, 1, 1)] == [2]
    assert await ledger.inbox(QN, 4, 1 << 20) == []
    assert Ref(2, 0) not in await ledger.wanted(refs)
