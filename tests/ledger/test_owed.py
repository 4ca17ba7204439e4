"""Answers that are owed: counted by kind and pace, told once, and ended by an answer or with the delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.ledger import Ledger
from tests.ledger.samples import NOW, QM, QN, QX, Clock, accept, end, receipt, sample
from tests.ledger.test_receipts import events_of

if TYPE_CHECKING:
    from gateway.ledger import Acceptance

KIND = "cooperation.request"


def request(**changes: Any) -> Acceptance:
    """Ask two participants for an answer within 100 seconds."""
    return sample(**{"respond_by": NOW + 100, "at_risk_at": NOW + 75, **changes})


def answer(target: Acceptance, **changes: Any) -> Acceptance:
    """Let QN answer."""
    fields = {"sender": QN, "kind": "request.response", "in_reply_to": target.envelope_hash, "answers": True}
    return sample(**{"to": [QM], **fields, **changes})


async def paces(ledger: Ledger) -> dict[str, int]:
    """Return how many answers to requests are owed, by pace."""
    found = await ledger.owed.answers()
    assert {kind for kind, _ in found} <= {KIND}
    return {pace: count for (_, pace), count in found.items()}


async def test_an_answer_comes_to_be_at_risk_and_overdue_once(ledger: Ledger, ledger_url: str, clock: Clock) -> None:
    """Each is told once for each recipient, after a restart too."""
    message = request()
    await accept(ledger, message, sample())
    assert await ledger.owed.come_due(NOW + 74, 10) == []
    assert await paces(ledger) == {"due": 2}
    due = await ledger.owed.come_due(NOW + 75, 1) + await ledger.owed.come_due(NOW + 75, 1)
    assert [(one.number, one.recipient, one.message_id, one.overdue) for one in due] == [
        (1, who, message.message_id, False) for who in (QN, QX)
    ]
    assert await paces(ledger) == {"at-risk": 2}
    await ledger.close()
    async with await Ledger.open(ledger_url, migrate=False, clock=clock) as again:
        assert await again.owed.come_due(NOW + 99, 10) == []
        assert [(one.kind, one.overdue) for one in await again.owed.come_due(NOW + 100, 10)] == [(KIND, True)] * 2
        assert await again.owed.come_due(NOW + 500, 10) == []
        assert await paces(again) == {"overdue": 2}
        told = [(row.event, row.subject) for row in await events_of(again) if row.event.startswith("answer-")]
        assert told == [(f"answer-{pace}", who) for pace in ("at-risk", "overdue") for who in (QN, QX)]


async def test_what_nobody_looked_at_in_time_is_overdue_at_once(ledger: Ledger) -> None:
    """After a long stop nothing is called at risk that is past its time."""
    await accept(ledger, request())
    assert [one.overdue for one in await ledger.owed.come_due(NOW + 100, 10)] == [True, True]
    assert await ledger.owed.come_due(NOW + 100, 10) == []


async def test_an_answer_ends_what_its_sender_owes(ledger: Ledger) -> None:
    """And nothing else: what is no answer, an answer to something else and a stranger's end nothing."""
    message = request()
    await accept(ledger, message, answer(message, answers=False), answer(sample()), answer(message, sender=QM))
    assert await paces(ledger) == {"due": 2}
    await ledger.owed.come_due(NOW + 75, 10)
    await accept(ledger, answer(message), answer(message))
    assert await paces(ledger) == {"at-risk": 1}
    assert [one.recipient for one in await ledger.owed.come_due(NOW + 100, 10)] == [QX]


@pytest.mark.parametrize("ending", ["rejected", "expired", "recalled"])
async def test_who_never_read_it_owes_nothing(ledger: Ledger, ending: str) -> None:
    """A delivery that was rejected, expired or recalled is no deadline of anybody."""
    message = request(to=[QN], expires=NOW + 10)
    await accept(ledger, message)
    if ending == "rejected":
        await ledger.record([receipt(message, "rejected")])
    elif ending == "expired":
        assert await ledger.expire(NOW + 10, 10, end) == 1
    else:
        await accept(ledger, sample([QN], kind="system.recall", in_reply_to=message.envelope_hash))
    assert await paces(ledger) == {}
    assert await ledger.owed.come_due(NOW + 100, 10) == []


async def test_who_read_it_owes_an_answer_past_its_expiry(ledger: Ledger) -> None:
    """Opened is not answered."""
    message = request(to=[QN])
    await accept(ledger, message)
    await ledger.record([receipt(message, "opened")])
    assert [one.overdue for one in await ledger.owed.come_due(NOW + 5000, 10)] == [True]


async def test_nobody_owes_an_answer_to_what_was_taken_back(ledger: Ledger) -> None:
    """Whom the recall reaches is free, though he had read it; the other still owes."""
    message = request()
    await accept(ledger, message)
    await ledger.record([receipt(message, "opened", who) for who in (QN, QX)])
    await accept(ledger, sample([QN], kind="system.recall", in_reply_to=message.envelope_hash))
    assert await paces(ledger) == {"due": 1}
    assert [one.recipient for one in await ledger.owed.come_due(NOW + 100, 10)] == [QX]


async def test_nobody_owes_an_answer_by_a_time_that_was_past(ledger: Ledger) -> None:
    """A message that is dated back raises no alarm."""
    await accept(ledger, request(respond_by=NOW), request(respond_by=NOW - 5))
    assert await paces(ledger) == {}
