"""A recall stops what is undelivered in the commit that accepts it, and counts the copies that it could not stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ids import Address, Kind
from gateway.ledger import Ledger, Outstanding, State
from tests.ledger.samples import NOW, QM, QN, QX, Clock, accept, end, receipt, sample
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ledger import Acceptance

DESK = Address("GS@icn")
NONE = Outstanding(0, None)


def recall(target: Acceptance, to: Sequence[Address] = (QN, QX), sender: Address = QM, may: str = "") -> Acceptance:
    """Make a recall, of somebody who may recall messages of others of one kind."""
    may_recall = frozenset({Kind(may)} if may else ())
    return sample(to, sender=sender, kind="system.recall", in_reply_to=target.envelope_hash, may_recall=may_recall)


async def states(ledger: Ledger, message: Acceptance) -> list[str]:
    """Return how each delivery of a message stands."""
    status = await ledger.status(message.sender, message.message_id)
    assert status is not None
    return [str(one.state) for one in status.recipients]


async def history(ledger: Ledger, message: Acceptance) -> list[tuple[str, str]]:
    """Return the events of a message and whom they are about."""
    return [(one.event, one.subject) for one in await ledger.events(0, 1000) if one.envelope_hash == message.envelope_hash]


async def copies(ledger: Ledger) -> Outstanding:
    """Return the recalled copies that are not known to be destroyed."""
    return (await ledger.owed.outstanding())[Kind("system.recall")]


async def test_what_is_undelivered_is_recalled_with_a_receipt_and_told(ledger: Ledger, ledger_url: str) -> None:
    """Accepted, queued and held deliveries end; each leaves a leaf, the author is told, and the sealed body goes."""
    three = [QN, QX, Address("NCB-XA@icn")]
    target = sample(three, body=b"recalled bytes")
    refs = await accept(ledger, target)
    await ledger.mark_queued(refs[1:2])
    await ledger.unanswered(refs[2:], 1, end)
    told = len(await ledger.outcomes(QM, 0, 100))
    stop = recall(target, three)
    await accept(ledger, stop)
    assert await states(ledger, target) == ["recalled"] * 3
    assert await states(ledger, stop) == ["accepted"] * 3
    assert [one for one in await history(ledger, target) if one[0] == "recalled"] == [("recalled", who) for who in three]
    leaves = [one.leaf for one in await ledger.events(0, 1000) if one.event == "recalled"]
    assert len({leaf for leaf in leaves if leaf}) == 3
    outcomes = [data for _, data in await ledger.outcomes(QM, 0, 100)][told:]
    assert outcomes == [end(target.envelope_hash, who) for who in three]
    assert target.body.hex() not in dump(ledger_url)
    assert await ledger.wanted(refs) == set()
    assert (await ledger.totals())[State.RECALLED] == 3


async def test_a_recall_reaches_its_own_recipients_alone(ledger: Ledger) -> None:
    """Whom it does not name keeps what is on its way."""
    target = sample()
    await accept(ledger, target, recall(target, [QX]))
    assert await states(ledger, target) == ["accepted", "recalled"]


@pytest.mark.parametrize(
    ("sender", "may", "state"),
    [(DESK, "cooperation.request", "recalled"), (DESK, "notice.publication", "accepted"), (QN, "", "accepted")],
)
async def test_only_its_author_or_who_answers_for_its_kind_recalls(
    ledger: Ledger, sender: Address, may: str, state: str
) -> None:
    """Another's recall is a message like every other, and stops nothing."""
    target = sample()
    stop = recall(target, sender=sender, may=may)
    await accept(ledger, target, stop)
    assert await states(ledger, target) == [state] * 2
    assert await states(ledger, stop) == ["accepted"] * 2


async def test_a_target_that_comes_after_its_recall_is_recalled_at_once(ledger: Ledger) -> None:
    """Its author has taken it back already; the recall of a stranger is not remembered against it."""
    early, spared = sample(), sample()
    await accept(ledger, recall(early, [QN]), recall(spared, sender=QN), early, spared)
    assert await states(ledger, early) == ["recalled", "accepted"]
    assert await states(ledger, spared) == ["accepted"] * 2


async def test_an_early_recall_is_remembered_by_another_gateway(ledger: Ledger, ledger_url: str, clock: Clock) -> None:
    """Or after a restart: that one is here stands beside the numbers, which every writer reads under its lock."""
    target = sample([QN])
    await accept(ledger, recall(target, [QN]))
    if ledger_url.startswith("sqlite"):
        await ledger.close()
    async with await Ledger.open(ledger_url, migrate=False, clock=clock) as other:
        await accept(other, sample([QN]), target)
        assert await states(other, target) == ["recalled"]


async def test_recalled_twice_is_recalled_once(ledger: Ledger) -> None:
    """Two recalls, or the same one again, leave one event."""
    target = sample([QN])
    first = recall(target, [QN])
    await accept(ledger, target, first, recall(target, [QN]), first)
    assert await history(ledger, target) == [("accepted", QM), ("recalled", QN)]


async def test_a_recall_and_its_target_in_one_commit(ledger: Ledger) -> None:
    """Whichever of them is first in a group, the target is recalled."""
    target = sample([QN])
    together = [ledger.accept(recall(target, [QN])), ledger.accept(target), ledger.accept(recall(target, [QN]))]
    for one in together:
        await one
    assert await states(ledger, target) == ["recalled"]


async def test_copies_are_outstanding_until_they_are_destroyed(ledger: Ledger, ledger_url: str, clock: Clock) -> None:
    """Delivered and opened ones count from the recall on, after a restart too; the author is told of each that is destroyed."""
    target = sample()
    await accept(ledger, target)
    await ledger.record([receipt(target, "delivered"), receipt(target, "opened", QX)])
    assert await copies(ledger) == NONE
    await accept(ledger, recall(target))
    assert await copies(ledger) == Outstanding(2, NOW)
    clock.now += 60
    await accept(ledger, recall(target))
    assert await copies(ledger) == Outstanding(2, NOW)
    await ledger.close()
    async with await Ledger.open(ledger_url, migrate=False, clock=clock) as again:
        assert await again.record([receipt(target, "destroyed", QX)]) == [""]
        assert await copies(again) == Outstanding(1, NOW)
        assert await again.record([receipt(target, "opened"), receipt(target, "destroyed")]) == ["", ""]
        assert await copies(again) == NONE
        assert [data for _, data in await again.outcomes(QM, 0, 9)] == [
            receipt(target, "destroyed", who).signed for who in (QX, QN)
        ]


async def test_a_copy_that_was_on_its_way_counts_when_it_turns_out_to_have_arrived(ledger: Ledger) -> None:
    """The recall overtook its receipt: the state stays, and the copy is to be destroyed."""
    target = sample([QN])
    await accept(ledger, target, recall(target, [QN]))
    assert await copies(ledger) == NONE
    await ledger.record([receipt(target, "delivered")])
    assert await copies(ledger) == Outstanding(1, NOW)
    await ledger.record([receipt(target, "opened"), receipt(target, "destroyed")])
    assert await copies(ledger) == NONE
    assert await states(ledger, target) == ["recalled"]


async def test_a_copy_destroyed_before_the_recall_is_not_outstanding(ledger: Ledger) -> None:
    """Who has nothing left has nothing to destroy."""
    target = sample([QN])
    await accept(ledger, target)
    await ledger.record([receipt(target, "opened"), receipt(target, "destroyed")])
    await accept(ledger, recall(target, [QN]))
    assert await copies(ledger) == NONE


@pytest.mark.parametrize("before", [["opened"], ["rejected"], []])
async def test_that_a_copy_is_destroyed_is_kept_and_told_once(ledger: Ledger, ledger_url: str, before: list[str]) -> None:
    """After it was opened, rejected or recalled: one event with its leaf, one outcome, however often it is said."""
    target = sample([QN])
    await accept(ledger, target)
    await ledger.record([receipt(target, event) for event in before])
    if not before:
        await accept(ledger, recall(target, [QN]))
    told = len(await ledger.outcomes(QM, 0, 9))
    said = receipt(target, "destroyed")
    assert await ledger.record([said, said]) == ["", ""]
    after = dump(ledger_url)
    assert await ledger.record([said]) == [""]
    assert dump(ledger_url) == after
    (kept,) = [one for one in await ledger.events(0, 99) if one.event == "destroyed"]
    assert (kept.receipt, kept.leaf is not None) == (said.signed, True)
    assert [data for _, data in await ledger.outcomes(QM, 0, 9)][told:] == [said.signed]


async def test_who_stopped_using_a_copy_may_destroy_it_later(ledger: Ledger) -> None:
    """Each reason is kept and told once: the author learns what became of the copy in the end."""
    target = sample([QN])
    await accept(ledger, target)
    await ledger.record([receipt(target, "opened")])
    said = [receipt(target, "destroyed", reason=reason) for reason in ("use-stopped", "deleted", "use-stopped")]
    assert [await ledger.record([one]) for one in said] == [[""]] * 3
    assert [one.reason for one in await ledger.events(0, 99) if one.event == "destroyed"] == ["use-stopped", "deleted"]
    assert len(await ledger.outcomes(QM, 0, 9)) == 2


async def test_a_recall_of_a_crowd(ledger: Ledger) -> None:
    """Every one of many recipients is reached, and no other message is."""
    crowd = [Address(f"NCB-X{number:03}@icn") for number in range(300)]
    target, other = sample(crowd), sample(crowd)
    await accept(ledger, target, other, recall(target, crowd))
    totals = await ledger.totals()
    assert (totals[State.RECALLED], totals[State.ACCEPTED]) == (300, 600)


async def test_what_was_said_before_a_message_came_is_no_answer(ledger: Ledger) -> None:
    """Anybody can name a hash in a recall: that its holder did not have the message yet says nothing of the copy that came."""
    target = sample([QN])
    await accept(ledger, target)
    assert await ledger.record([receipt(target, "destroyed", reason="never-had")]) == ["not-found"]
    await ledger.record([receipt(target, "opened")])
    await accept(ledger, recall(target, [QN]))
    assert await copies(ledger) == Outstanding(1, NOW)
    assert await ledger.outcomes(QM, 0, 9) == []


@pytest.mark.parametrize("first", ["recall", "answer"])
async def test_who_recalls_in_the_place_of_the_author_is_told_too(ledger: Ledger, first: str) -> None:
    """Of the holders that it named, and of what it may recall; of a copy that was destroyed before, when it recalls."""
    target, other = sample(kind="notice.publication"), sample()
    may = frozenset({(DESK, Kind("notice.publication"))})
    said = [receipt(one, "destroyed", who)._replace(recallers=may) for one in (target, other) for who in (QN, QX)]
    await accept(ledger, target, other)
    await ledger.record([receipt(one, "opened", who) for one in (target, other) for who in (QN, QX)])
    if first == "answer":
        await ledger.record(said)
    await accept(ledger, recall(target, [QN], sender=DESK, may="notice.publication"), recall(other, sender=DESK))
    if first == "recall":
        await ledger.record(said)
    assert [data for _, data in await ledger.outcomes(DESK, 0, 9)] == [said[0].signed]
    assert len(await ledger.outcomes(QM, 0, 9)) == 4
