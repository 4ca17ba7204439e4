"""What operators see of the record: who, which, where and when, in small pages, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ids import Address
from gateway.ledger import Ref
from tests.ledger.samples import NOW, QM, QN, QX, Clock, accept, end, receipt, sample
from tests.ledger.test_owed import request

if TYPE_CHECKING:
    from gateway.ledger import Ledger

NOBODY = Address("NCB-QP@icn")


async def test_mailboxes_are_counted_by_state_with_their_oldest(ledger: Ledger, clock: Clock) -> None:
    """What waits for the broker and what waits for the recipient are two things."""
    await accept(ledger, sample())
    clock.now += 10
    [ref, *_] = await accept(ledger, sample([QN]))
    await ledger.mark_queued([ref])
    found = {(row.recipient, row.state): (row.rows, row.oldest) for row in await ledger.looks.mailboxes()}
    assert found == {(QN, "accepted"): (1, NOW), (QX, "accepted"): (1, NOW), (QN, "queued"): (1, NOW + 10)}


async def test_a_mailbox_shows_what_is_not_answered_in_order(ledger: Ledger) -> None:
    """A page at a time, each with the id of its message, and nothing of others."""
    first, second = sample(urgency="flash"), sample([QX])
    await accept(ledger, first, second, sample([QN]))
    rows = await ledger.looks.mailbox(QX, 10)
    assert [(row.number, row.idx, row.state, row.urgent, row.sender) for row in rows] == [
        (1, 1, "accepted", True, QM),
        (2, 0, "accepted", False, QM),
    ]
    assert [row.message_id for row in rows] == [first.message_id, second.message_id]
    assert len(await ledger.looks.mailbox(QX, 1)) == 1
    assert await ledger.looks.mailbox(NOBODY, 10) == []


async def test_held_deliveries_are_listed_by_their_end(ledger: Ledger) -> None:
    """The one that expires first before the others."""
    await accept(ledger, sample([QN], expires=NOW + 900), sample([QX], expires=NOW + 100), sample([QN]))
    await ledger.unanswered([Ref(1, 0), Ref(2, 0)], 1, end)
    rows = await ledger.looks.held(10)
    assert [(row.number, row.recipient, row.since) for row in rows] == [(2, QX, NOW), (1, QN, NOW)]
    assert len(await ledger.looks.held(1)) == 1


async def test_answers_that_are_late_are_listed(ledger: Ledger) -> None:
    """At risk and overdue, the oldest time first; what is only due is no news."""
    late, risk = request(respond_by=NOW + 100), request(respond_by=NOW + 200, at_risk_at=NOW + 110)
    await accept(ledger, late, risk, request(respond_by=NOW + 900, at_risk_at=NOW + 800))
    await ledger.owed.come_due(NOW + 120, 10)
    rows = await ledger.looks.late(10)
    assert [(row.number, row.pace, row.respond_by) for row in rows] == [
        *[(1, "overdue", NOW + 100)] * 2,
        *[(2, "at-risk", NOW + 200)] * 2,
    ]
    assert rows[0].message_id == late.message_id


async def test_a_message_is_found_by_each_of_its_names(ledger: Ledger) -> None:
    """Its id, its envelope hash and its acceptance number name the same message; others name none."""
    one = sample()
    await accept(ledger, sample(), one)
    found = [await ledger.looks.message(key) for key in (2, one.message_id, one.envelope_hash)]
    assert found[0] is not None
    assert found == [found[0]] * 3
    assert (found[0].number, found[0].sender, found[0].kind, found[0].origin) == (2, QM, "cooperation.request", None)
    assert await ledger.looks.message(3) is None
    assert await ledger.looks.message(sample().message_id) is None


async def test_a_message_has_a_trace(ledger: Ledger, clock: Clock) -> None:
    """What happened to it, in order, and where each delivery stands; nothing of another message."""
    one = sample()
    await accept(ledger, sample(), one)
    await ledger.mark_queued([Ref(2, 0)])
    clock.now += 5
    await ledger.record([receipt(one, "opened")])
    trace = await ledger.looks.trace(2, 100)
    assert [(row.event, row.at) for row in trace] == [
        ("accepted", NOW),
        ("queued", NOW),
        ("delivered", NOW + 5),
        ("opened", NOW + 5),
    ]
    assert {row.number for row in trace} == {2}
    assert [(row.idx, row.recipient, row.state) for row in await ledger.looks.places(2, 10)] == [
        (0, QN, "opened"),
        (1, QX, "accepted"),
    ]
    newest = await ledger.looks.recent(2)
    assert [row.seq for row in newest] == [row.seq for row in reversed(trace[-2:])]


async def test_who_is_suspended_is_listed_with_the_time(ledger: Ledger, clock: Clock) -> None:
    """By name, a page at a time, until the suspension ends."""
    await ledger.standing.suspend(QX, bytes(32), f"suspend {QX}")
    clock.now += 10
    await ledger.standing.suspend(QN, bytes(range(32)), f"suspend {QN}")
    assert await ledger.looks.suspended(10) == sorted([(QN, NOW + 10), (QX, NOW)])
    assert len(await ledger.looks.suspended(1)) == 1
    await ledger.standing.resume(QX, bytes(31) + b"1", f"resume {QX}")
    assert await ledger.looks.suspended(10) == [(QN, NOW + 10)]
