"""A reply is held against what it answers, as far as a blind gateway can see it; a recall stops what is on its way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gateway.envelope import Event
from gateway.errors import Rejected
from gateway.exchange.gauges import Gauges
from gateway.ids import ConversationId, MessageId, new_uuid7
from tests.support.exchange import address

if TYPE_CHECKING:
    from gateway.ids import EnvelopeHash
    from tests.support.exchange import Stage

PARENT = "amber+strict/confidential"
CONVERSATION = ConversationId(b"conversation-one")


class Asked(NamedTuple):
    """A message of NCB-QM."""

    envelope_hash: EnvelopeHash
    message_id: MessageId
    submission: bytes


def written(stage: Stage, to: tuple[str, ...] = ("GN-QN",), **changes: Any) -> Asked:
    """Let NCB-QM write something."""
    message_id = MessageId(new_uuid7(1, os.urandom(10)))
    fields = {"handling": PARENT, "conversation_id": CONVERSATION, "message_id": message_id}
    sealed = stage.sealed("NCB-QM", to, **{**fields, **changes})
    return Asked(sealed.envelope_hash, message_id, sealed.submission)


async def asked(stage: Stage, to: tuple[str, ...] = ("GN-QN",), **changes: Any) -> Asked:
    """Let NCB-QM ask something."""
    message = written(stage, to, **changes)
    await stage.exchange.submit_sealed(message.submission)
    return message


async def replied(stage: Stage, sender: str, to: str | tuple[str, ...], in_reply_to: bytes, **changes: Any) -> int:
    """Submit a reply; return the status."""
    fields = {"message_id": MessageId(new_uuid7(1, os.urandom(10))), "handling": PARENT, "conversation_id": CONVERSATION}
    recipients = [to] if isinstance(to, str) else to
    sealed = stage.sealed(sender, recipients, in_reply_to=in_reply_to, **{**fields, **changes})
    return (await stage.exchange.submit_sealed(sealed.submission)).status


async def refused(stage: Stage, *args: Any, **changes: Any) -> str:
    """Return the code of a refusal, which is proved and kept nothing."""
    before = await stage.totals()
    with pytest.raises(Rejected) as caught:
        await replied(stage, *args, **changes)
    assert caught.value.proved
    assert await stage.totals() == before
    return caught.value.code


@pytest.mark.parametrize("handling", ["amber/confidential", "amber+strict/restricted", "clear/official-use-only"])
async def test_a_reply_that_is_marked_more_laxly_is_refused(stage: Stage, handling: str) -> None:
    """Whoever got a message cannot answer it with a lower header; the refusal is proved, and nothing is kept."""
    parent = await asked(stage)
    assert await refused(stage, "GN-QN", "NCB-QM", parent.envelope_hash, handling=handling) == "handling-laxer"


@pytest.mark.parametrize("handling", [PARENT, "red/confidential"])
async def test_a_reply_that_is_as_strict_is_taken(stage: Stage, handling: str) -> None:
    """The same marking or a stricter one goes through."""
    parent = await asked(stage)
    assert await replied(stage, "GN-QN", "NCB-QM", parent.envelope_hash, handling=handling) == 202


async def test_an_author_lowers_the_marking_of_its_own_message(stage: Stage) -> None:
    """Only the originator may downgrade, and a gateway lets it."""
    parent = await asked(stage)
    assert await replied(stage, "NCB-QM", "GN-QN", parent.envelope_hash, handling="green/restricted") == 202


async def test_what_does_not_follow_is_refused(stage: Stage) -> None:
    """A kind that answers something else, or the right one in another conversation."""
    parent = await asked(stage)
    nominated = {"kind": "training.nomination"}
    assert await refused(stage, "GN-QN", "NCB-QM", parent.envelope_hash, **nominated) == "conversation-state"
    elsewhere = {"kind": "request.response", "conversation_id": ConversationId(bytes(16))}
    assert await refused(stage, "GN-QN", "NCB-QM", parent.envelope_hash, **elsewhere) == "conversation-state"


async def test_a_stranger_learns_nothing_about_anothers_message(stage: Stage) -> None:
    """Promise 9: whoever did not get a message is answered as if it did not exist, whatever rule it would break."""
    parent = await asked(stage)
    for unseen in (parent.envelope_hash, bytes(32)):
        for kind in ("training.nomination", "system.recall", "system.correction"):
            lax = {"handling": "green/restricted", "conversation_id": ConversationId(bytes(16)), "kind": kind}
            assert await replied(stage, "TRIB-QX-OTP", "NCB-QM", unseen, **lax) == 202
    assert (await stage.totals())["recalled"] == 0


async def test_a_recall_ends_what_is_queued_and_the_session_drops_it(stage: Stage) -> None:
    """The copy in the mailbox is never handed over; the recall is, and the author finds a signed receipt."""
    parent = await asked(stage)
    await stage.reached("queued", 1)
    assert await replied(stage, "NCB-QM", "GN-QN", parent.envelope_hash, kind="system.recall") == 202
    assert await stage.states("NCB-QM", parent.message_id) == {"GN-QN": "recalled"}
    session = await stage.open("GN-QN")
    assert [number for number, _ in await session.next()] == [2]
    ((_, told),) = await stage.exchange.outcomes(address("NCB-QM"), 0)
    assert b"recalled" in told


async def test_nobody_recalls_what_another_wrote(stage: Stage) -> None:
    """Not even the coordination centre, where it does not answer for the kind."""
    parent = await asked(stage)
    recall = {"kind": "system.recall"}
    assert await refused(stage, "GN-QN", "NCB-QM", parent.envelope_hash, **recall) == "recall-not-allowed"


async def test_the_coordination_centre_recalls_a_notice(stage: Stage) -> None:
    """It answers for what is published: what is undelivered of it ends."""
    notice = await asked(stage, ("GN-QN", "NCB-XA"), kind="notice.publication")
    recall: dict[str, Any] = {"kind": "system.recall"}
    elsewhere = {**recall, "conversation_id": ConversationId(bytes(16))}
    assert await refused(stage, "GN-QN", ("NCB-XA", "NCB-QM"), notice.envelope_hash, **elsewhere) == "conversation-state"
    assert await replied(stage, "GN-QN", ("NCB-XA", "NCB-QM"), notice.envelope_hash, **recall) == 202
    states = await stage.states("NCB-QM", notice.message_id)
    assert states["NCB-XA"] == "recalled"
    assert states["GN-QN"] != "recalled"


async def test_a_target_submitted_after_its_recall_is_never_handed_over(stage: Stage) -> None:
    """Whichever came first, its author has taken it back."""
    late = written(stage)
    await replied(stage, "NCB-QM", "GN-QN", late.envelope_hash, kind="system.recall")
    await stage.exchange.submit_sealed(late.submission)
    session = await stage.open("GN-QN")
    assert [number for number, _ in await session.next()] == [1]
    assert await stage.states("NCB-QM", late.message_id) == {"GN-QN": "recalled"}


async def test_who_has_not_destroyed_a_recalled_copy_is_counted(stage: Stage) -> None:
    """The metrics show how many copies are outstanding and for how long; the author is told of the one that is destroyed."""
    parent = await asked(stage, ("GN-QN", "NCB-XA"))
    for name in ("GN-QN", "NCB-XA"):
        opened = stage.receipt(name, parent.envelope_hash, Event.OPENED)
        assert await stage.exchange.receipts(address(name), [opened]) == [""]
    await replied(stage, "NCB-QM", ("GN-QN", "NCB-XA"), parent.envelope_hash, kind="system.recall")
    stage.clock.jump(100)
    destroyed = stage.receipt("GN-QN", parent.envelope_hash, Event.DESTROYED)
    assert await stage.exchange.receipts(address("GN-QN"), [destroyed, destroyed]) == ["", ""]
    assert [data for _, data in await stage.exchange.outcomes(address("NCB-QM"), 0)] == [destroyed]
    await Gauges(stage.parts).look()
    text = stage.parts.metrics.render().decode()
    assert 'gateway_outstanding{kind="system.recall"} 1.0' in text
    oldest = 'gateway_outstanding_oldest_seconds{kind="system.recall"}'
    (age,) = [line.split()[1] for line in text.splitlines() if line.startswith(oldest)]
    assert 100 <= float(age) < 200


async def test_the_coordination_centre_is_told_who_destroyed_what_it_recalled(stage: Stage) -> None:
    """As the author is; who recalled nothing is not."""
    notice = await asked(stage, ("GN-QN", "NCB-XA"), kind="notice.publication")
    opened = stage.receipt("NCB-XA", notice.envelope_hash, Event.OPENED)
    assert await stage.exchange.receipts(address("NCB-XA"), [opened]) == [""]
    await replied(stage, "GN-QN", "NCB-XA", notice.envelope_hash, kind="system.recall")
    destroyed = stage.receipt("NCB-XA", notice.envelope_hash, Event.DESTROYED)
    assert await stage.exchange.receipts(address("NCB-XA"), [destroyed]) == [""]
    told = [[data for _, data in await stage.exchange.outcomes(address(one), 0)] for one in ("NCB-QM", "GN-QN", "TRIB-QX-OTP")]
    assert told == [[destroyed], [destroyed], []]
