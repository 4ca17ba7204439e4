"""What the dispatcher takes, in which order, and what goes back (promises 1 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Unavailable
from gateway.ids import Address
from gateway.ledger import Ref, State
from gateway.ledger.line import Failed
from tests.ledger.samples import NOW, QM, QN, QX, accept, end, receipt, sample, sign
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    import pytest

    from gateway.ledger import Ledger
    from tests.ledger.samples import Clock

PAGE = 1 << 20


async def states(ledger: Ledger) -> dict[State, int]:
    """Return the states that any delivery is in."""
    return {state: count for state, count in (await ledger.totals()).items() if count}


async def test_a_page_has_all_that_a_delivery_needs(ledger: Ledger) -> None:
    """What waits comes back as it was accepted."""
    message = sample(urgency="flash")
    await accept(ledger, message)
    (page,) = (await ledger.waiting(PAGE, 100)).messages
    assert (page.number, page.head, page.body, page.receipt) == (1, message.head, message.body, sign(1))
    assert (page.urgent, page.expires, page.rows) == (True, message.expires, list(message.rows))


async def test_urgent_messages_overtake_and_the_rest_keeps_its_order(ledger: Ledger) -> None:
    """Flash and urgent come first; everything else comes as it was accepted."""
    await accept(ledger, *(sample(urgency=urgency) for urgency in ("normal", "urgent", "routine", "flash", "normal")))
    assert [page.number for page in (await ledger.waiting(PAGE, 100)).messages] == [2, 4, 1, 3, 5]


async def test_a_page_ends_before_it_has_too_many_bytes(ledger: Ledger) -> None:
    """Memory is bounded by the page, but a single large message still comes."""
    await accept(ledger, *(sample(body=bytes(1000)) for _ in range(5)))
    assert [len((await ledger.waiting(limit, 100)).messages) for limit in (10, 2008, 2007, PAGE)] == [1, 2, 1, 5]


async def test_a_page_ends_after_so_many_rows(ledger: Ledger) -> None:
    """A message with many recipients comes in several pages, each row once."""
    refs = await accept(ledger, sample([QM, QN, QX]), sample())
    seen: list[Ref] = []
    while page := (await ledger.waiting(PAGE, 2)).messages:
        taken = [Ref(one.number, row.index) for one in page for row in one.rows]
        assert len(taken) <= 2
        await ledger.mark_queued(taken)
        seen += taken
    assert sorted(seen) == refs


async def test_a_page_says_whether_it_is_the_whole(ledger: Ledger) -> None:
    """The dispatcher reads on where a limit ended the page, and only there."""
    await accept(ledger, sample(body=bytes(1000)), sample([QN], body=bytes(1000)))
    limits = ((PAGE, 100), (PAGE, 4), (PAGE, 3), (PAGE, 2), (10, 100))
    assert [(await ledger.waiting(*limit)).whole for limit in limits] == [True, True, False, False, False]
    assert (await ledger.waiting(PAGE, 100, {QM, QN, QX})).whole


async def test_mailboxes_can_be_passed_over(ledger: Ledger) -> None:
    """A full mailbox does not stand in the way of the others."""
    await accept(ledger, sample([QN]), sample([QN, QX]), sample([QX]))
    page = (await ledger.waiting(PAGE, 100, {QN})).messages
    assert [(one.number, [row.recipient for row in one.rows]) for one in page] == [(2, [QX]), (3, [QX])]
    assert (await ledger.waiting(PAGE, 100, {QN, QX})).messages == []


async def test_a_page_over_many_mailboxes_keeps_the_order(ledger: Ledger) -> None:
    """Each mailbox is read a few rows at a time, and the page is ordered as if all had been read."""
    boxes = [Address(f"NCB-X{number:02}@icn") for number in range(40)]
    urgencies = ("normal", "flash", "routine")
    messages = [sample([boxes[turn * 7 % 40 if turn % 3 else 0]], urgency=urgencies[turn % 3]) for turn in range(120)]
    await accept(ledger, *messages)
    order = sorted(range(120), key=lambda turn: (urgencies[turn % 3] != "flash", turn))
    assert [page.number - 1 for page in (await ledger.waiting(PAGE, 100)).messages] == order[:100]
    assert [page.number - 1 for page in (await ledger.waiting(PAGE, 500)).messages] == order


async def test_what_the_broker_has_is_not_taken_again(ledger: Ledger) -> None:
    """A queued row is still wanted by its recipient, and by no dispatcher."""
    refs = await accept(ledger, sample(), sample())
    await ledger.mark_queued(refs[:3])
    assert [one.number for one in (await ledger.waiting(PAGE, 100)).messages] == [2]
    assert await ledger.wanted([*refs, Ref(9, 9)]) == set(refs)
    assert await ledger.waiting_count(QN) == 2
    assert await states(ledger) == {State.QUEUED: 3, State.ACCEPTED: 1}


async def test_marking_twice_changes_nothing(ledger: Ledger, ledger_url: str) -> None:
    """A change that is not one of the table's is none: no row, no event."""
    refs = await accept(ledger, sample())
    await ledger.mark_queued(refs)
    before = dump(ledger_url)
    await ledger.mark_queued([*refs, Ref(77, 0)])
    await ledger.release(refs)
    assert dump(ledger_url) == before


async def test_a_mailbox_goes_back_only_when_it_has_waited_long_enough(ledger: Ledger, clock: Clock) -> None:
    """Repair takes rows that were queued at the given time or before, of one recipient alone."""
    refs = await accept(ledger, sample(), sample())
    await ledger.mark_queued(refs[:2])
    clock.now += 100
    await ledger.mark_queued(refs[2:])
    assert await ledger.requeue(QN, NOW - 1) == 0
    assert await ledger.requeue(QN, NOW + 99) == 1
    assert await states(ledger) == {State.QUEUED: 3, State.ACCEPTED: 1}
    assert [one.rows[0].recipient for one in (await ledger.waiting(PAGE, 9)).messages] == [QN]


async def test_all_goes_back_when_the_broker_has_lost_it(ledger: Ledger) -> None:
    """A restart with the in-memory broker conveys everything again that was not delivered."""
    message = sample()
    refs = await accept(ledger, message, sample())
    await ledger.mark_queued(refs)
    await ledger.record([receipt(message, "delivered")])
    assert await ledger.requeue_all() == 3
    assert await states(ledger) == {State.ACCEPTED: 3, State.DELIVERED: 1}
    assert await ledger.requeue_all() == 0
    events = [one.event for one in await ledger.events(0, 100)]
    assert events == ["accepted"] * 2 + ["queued"] * 4 + ["delivered"] + ["requeued"] * 3


async def test_a_delivery_that_session_after_session_leaves_unanswered_is_held(ledger: Ledger) -> None:
    """A recipient that cannot take a message gets everything else, and an operator can let it go again."""
    message = sample([QN])
    (ref,) = await accept(ledger, message)
    await ledger.mark_queued([ref])
    assert [await ledger.unanswered([ref], 3, end) for _ in range(3)] == [[], [], [ref]]
    assert await ledger.unanswered([ref], 3, end) == []
    status = await ledger.status(QM, message.message_id)
    assert status is not None
    assert [(one.state, one.receipt) for one in status.recipients] == [(State.HELD, end(message.envelope_hash, QN))]
    assert await ledger.wanted([ref]) == set()
    await ledger.release([ref])
    assert [one.number for one in (await ledger.waiting(PAGE, 9)).messages] == [1]
    assert await ledger.unanswered([ref], 3, end) == []


async def test_what_passed_its_expiry_is_ended_with_a_receipt(ledger: Ledger, ledger_url: str) -> None:
    """Nothing is delivered late: rows not yet delivered expire, a few at a time, and their bodies go."""
    short, long = sample(expires=NOW + 10), sample(expires=NOW + 20)
    refs = await accept(ledger, short, long)
    await ledger.mark_queued(refs[:1])
    await ledger.record([receipt(long, "delivered")])
    assert await ledger.expire(NOW + 9, 10, end) == 0
    assert [await ledger.expire(NOW + 20, 2, end), await ledger.expire(NOW + 20, 2, end)] == [2, 1]
    assert await states(ledger) == {State.EXPIRED: 3, State.DELIVERED: 1}
    status = await ledger.status(QM, short.message_id)
    assert status is not None
    assert [one.receipt for one in status.recipients] == [end(short.envelope_hash, QN), end(short.envelope_hash, QX)]
    assert dump(ledger_url).count(f" | {short.body.hex()} | ") == 1


async def test_a_held_delivery_expires_too(ledger: Ledger) -> None:
    """Holding does not prolong a message's life."""
    (ref,) = await accept(ledger, sample([QN]))
    await ledger.unanswered([ref], 1, end)
    assert await ledger.expire(NOW + 1000, 10, end) == 1
    assert await states(ledger) == {State.EXPIRED: 1}


async def test_the_oldest_waiting_message_is_known(ledger: Ledger, clock: Clock) -> None:
    """Operators see since when something waits; nothing waits when everything was delivered."""
    assert await ledger.oldest_waiting() is None
    message = sample([QN])
    await accept(ledger, message)
    clock.now += 50
    await accept(ledger, sample([QN]))
    assert await ledger.oldest_waiting() == NOW
    await ledger.record([receipt(message, "opened")])
    assert await ledger.oldest_waiting() == NOW + 50


async def test_counts_agree_with_the_rows(ledger: Ledger, ledger_url: str) -> None:
    """The totals are counted with each change, and are what a count of the rows would give."""
    messages = [sample(expires=NOW + turn) for turn in range(6)]
    refs = await accept(ledger, *messages)
    await ledger.mark_queued(refs[2:9])
    await ledger.record([receipt(messages[2], "opened"), receipt(messages[3], "rejected"), receipt(messages[4], "delivered")])
    await ledger.unanswered(refs[8:9], 1, end)
    await ledger.expire(NOW + 1, 10, end)
    await ledger.requeue_all()
    rows = [line.split(" | ")[3] for line in dump(ledger_url).split("event: ")[0].splitlines() if line.count(" | ") == 13]
    counted = {state: rows.count(state.value) for state in State}
    assert {state: count for state, count in counted.items() if count} == await states(ledger)


async def test_mailboxes_in_front_do_not_hide_the_next_one(ledger: Ledger) -> None:
    """With hundreds of rows in front for recipients who are away, the next mailbox's page is found."""
    away = [Address(f"NCB-X{number}@icn") for number in range(10, 14)]
    await accept(ledger, *(sample(away) for _ in range(200)), sample([QN]))
    assert [one.number for one in (await ledger.waiting(PAGE, 5, set(away))).messages] == [201]


async def test_few_rows_are_looked_for_at_once_or_by_a_thread(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is the same where the look on the event loop fails."""
    refs = await accept(ledger, sample())
    assert await ledger.wanted([*refs[:1], Ref(9, 9)]) == {refs[0]}
    here = ledger._readers._here
    assert (here is not None) == (ledger._engine.dialect.name == "sqlite")
    if here is not None:
        monkeypatch.setattr(here, "look", failing)
    assert await ledger.wanted([*refs[:1], Ref(9, 9)]) == {refs[0]}


def failing(_: object) -> set[Ref]:
    """Fail as a file that is locked."""
    raise Failed(Unavailable("locked"))
