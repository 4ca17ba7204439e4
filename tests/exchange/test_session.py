"""Inbox sessions: what is handed over, when, to whom, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.broker import Parcel
from gateway.config import Limits
from gateway.directory.entries import Status
from gateway.envelope import Event, examine, parse_receipt, verify_receipt
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.exchange.gauges import Gauges
from tests.support.exchange import QUICK, Stage, address, staged
from tests.support.waiting import SOON_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.envelope import Sealed
    from gateway.exchange import Session
    from gateway.ids import MessageId
    from tests.support.flaky_broker import FlakyBroker


async def submit(stage: Stage, *recipients: str, size: int = 2, **changes: Any) -> Sealed:
    """Let a message be accepted."""
    sealed = stage.sealed("NCB-QM", recipients or ("GN-QN",), bytes(size), **changes)
    await stage.exchange.submit_sealed(sealed.submission)
    return sealed


async def soon(session: Session) -> Sequence[tuple[int, bytes]]:
    """Return what comes next; fail where a session would not have noticed before it looked by itself."""
    return await asyncio.wait_for(session.next(), SOON_S)


async def count_of(session: Session, least: int) -> int:
    """Return how many deliveries come, in as many batches as it takes, until there are at least so many."""
    count = 0
    while count < least:
        count += len(await soon(session))
    return count


async def nothing(session: Session, seconds: float = 0.3) -> bool:
    """Say whether nothing comes for a while."""
    try:
        await asyncio.wait_for(session.next(), seconds)
    except TimeoutError:
        return True
    return False


async def test_an_empty_mailbox_says_so_once(stage: Stage) -> None:
    """Somebody who only looks learns at once that nothing waits, and is not told again and again."""
    session = await stage.open("GN-QN")
    assert list(await soon(session)) == []
    assert await nothing(session)


async def test_empty_is_told_after_the_last_receipt(stage: Stage) -> None:
    """While a delivery is unanswered the mailbox is not empty; with its receipt it is, at once."""
    sealed = await submit(stage)
    session = await stage.open("GN-QN")
    assert len(await soon(session)) == 1
    assert await nothing(session)
    assert await session.record([stage.receipt("GN-QN", sealed.envelope_hash)]) == [""]
    assert list(await soon(session)) == []
    assert await stage.states("NCB-QM", _id(sealed)) == {"GN-QN": "delivered"}


async def test_nothing_is_handed_over_without_credit(stage: Stage) -> None:
    """A client takes as much as it asked for, in messages and in bytes."""
    for _ in range(5):
        await submit(stage)
    session = await stage.open("GN-QN", messages=0)
    assert await nothing(session, 0.1)
    session.credit(2, 0)
    assert await count_of(session, 2) == 2
    assert await nothing(session, 0.1)
    session.credit(10, 0)
    assert await count_of(session, 3) == 3


async def test_bytes_count_as_well(stage: Stage) -> None:
    """Large deliveries come one by one when the credit in bytes is small, but each one comes."""
    for _ in range(3):
        await submit(stage, size=20_000)
    session = await stage.open("GN-QN", size_bytes=10_000)
    assert len(await soon(session)) == 1
    assert await nothing(session, 0.1)
    session.credit(0, 30_000)
    assert len(await soon(session)) == 1


async def test_a_newer_session_replaces_the_older(stage: Stage) -> None:
    """One inbox session for each participant: the older one reads nothing more."""
    older = await stage.open("GN-QN")
    await soon(older)
    waiting = asyncio.create_task(older.next())
    newer = await stage.open("GN-QN")
    with pytest.raises(Rejected) as caught:
        await asyncio.wait_for(waiting, SOON_S)
    assert caught.value.code == "session-replaced"
    await submit(stage)
    assert newer.epoch == older.epoch + 1
    assert [number for number, _ in await soon(newer) or await soon(newer)] == [1]


async def test_a_session_in_another_process_replaces_this_one(tmp_path: Path) -> None:
    """The epoch in the ledger decides, so that a participant can move to another gateway process."""
    async with staged(tmp_path, shared=True) as stage:
        session = await stage.open("GN-QN")
        await soon(session)
        await stage.ledger.begin_session(address("GN-QN"), "elsewhere")
        await asyncio.sleep(0.1)
        await submit(stage)
        with pytest.raises(Rejected) as caught:
            await soon(session)
        assert caught.value.code == "session-replaced"


async def test_what_a_replaced_session_held_comes_to_the_newer(stage: Stage) -> None:
    """Nothing is lost in the change: what was not answered is handed over again."""
    await submit(stage)
    older = await stage.open("GN-QN")
    await soon(older)
    newer = await stage.open("GN-QN")
    await older.close()
    assert [number for number, _ in await soon(newer)] == [1]


async def test_a_delivery_is_not_handed_over_twice(stage: Stage) -> None:
    """When the broker brings a parcel again while the client has it, the client does not get it again."""
    sealed = await submit(stage)
    session = await stage.open("GN-QN")
    ((_, delivery),) = await soon(session)
    body = sealed.envelope_hash + delivery
    again = Parcel(id=b"again", mailbox=address("GN-QN"), urgent=False, ref=(1, 0), body=body)
    await stage.parts.broker.publish([again])
    assert await nothing(session)
    await session.record([stage.receipt("GN-QN", sealed.envelope_hash)])
    assert list(await soon(session)) == []


async def test_an_answered_delivery_never_comes_again(stage: Stage) -> None:
    """Promise 3: a parcel that comes after its receipt is dropped."""
    sealed = await submit(stage)
    session = await stage.open("GN-QN")
    ((_, delivery),) = await soon(session)
    await session.record([stage.receipt("GN-QN", sealed.envelope_hash)])
    await soon(session)
    again = Parcel(id=b"x", mailbox=address("GN-QN"), urgent=False, ref=(1, 0), body=sealed.envelope_hash + delivery)
    await stage.parts.broker.publish([again])
    assert await nothing(session)
    assert "gateway_parcels_unwanted_total 1.0" in stage.parts.metrics.render().decode()


async def test_what_expired_in_the_mailbox_is_not_handed_over(stage: Stage) -> None:
    """A message past its expiry ends with a signed receipt instead."""
    sealed = await submit(stage, expires=int(stage.clock()) + 3600)
    await stage.reached("queued", 1)
    stage.clock.jump(3601)
    await stage.reached("expired", 1)
    session = await stage.open("GN-QN")
    assert list(await soon(session)) == []
    assert await stage.states("NCB-QM", _id(sealed)) == {"GN-QN": "expired"}


async def test_sessions_that_never_answer_lead_to_held(stage: Stage, quiet: io.BytesIO) -> None:
    """Ten sessions that end with a delivery unanswered hold it, so that one bad message cannot block a mailbox."""
    assert Limits().unanswered_sessions == QUICK.unanswered_sessions == 10
    sealed = await submit(stage)
    for _ in range(QUICK.unanswered_sessions):
        session = await stage.open("GN-QN")
        assert [number for number, _ in await soon(session)] == [1]
        await session.close()
    assert await stage.states("NCB-QM", _id(sealed)) == {"GN-QN": "held"}
    session = await stage.open("GN-QN")
    assert list(await soon(session)) == []
    await Gauges(stage.parts).look()
    metrics = stage.parts.metrics.render().decode()
    assert "gateway_deliveries_held_total 1.0" in metrics
    assert 'gateway_deliveries{state="held"} 1.0' in metrics
    (alarm,) = [line for line in map(json.loads, quiet.getvalue().splitlines()) if line["event"] == "held"]
    assert (alarm["level"], alarm["asker"], alarm["number"]) == ("error", address("GN-QN"), 1)
    (told,) = (await stage.exchange.status(address("NCB-QM"), _id(sealed))).recipients
    assert told.receipt is not None
    assert verify_receipt(parse_receipt(told.receipt), stage.parts.directory.answers()).event is Event.HELD


async def test_a_stop_of_the_gateway_does_not_count_against_a_delivery(tmp_path: Path) -> None:
    """Rolling restarts must not hold anything."""
    for _ in range(QUICK.unanswered_sessions + 1):
        async with staged(tmp_path) as stage:
            if not sum((await stage.ledger.totals()).values()):
                await submit(stage)
            session = await stage.open("GN-QN")
            assert [number for number, _ in await soon(session)] == [1]


async def test_a_suspended_participant_gets_nothing_more(stage: Stage) -> None:
    """A session ends when its participant is suspended."""
    session = await stage.open("GN-QN")
    await soon(session)
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await stage.parts.directory.renew()
    await asyncio.sleep(0.1)
    session.credit(1, 1)
    with pytest.raises(Rejected) as caught:
        await soon(session)
    assert caught.value.code == "sender-unknown"


async def test_a_clock_that_is_set_back_blinds_no_session(stage: Stage) -> None:
    """When the machine's time is corrected by an hour, a suspended participant's session ends as soon as ever."""
    session = await stage.open("GN-QN")
    await soon(session)
    stage.clock.set_back(3600)
    stage.world.change("GN-QN", status=Status.SUSPENDED)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await stage.parts.directory.renew()
    await asyncio.sleep(0.1)
    session.credit(1, 1)
    with pytest.raises(Rejected) as caught:
        await soon(session)
    assert caught.value.code == "sender-unknown"


async def test_what_the_broker_lost_is_repaired_by_evidence(tmp_path: Path, broker: FlakyBroker) -> None:
    """A connected mailbox that is empty while the ledger shows rows `queued` for 60 s gets them again."""
    limits = msgspec.structs.replace(QUICK, poll_s=60)
    async with staged(tmp_path, broker=broker, limits=limits) as stage:
        await submit(stage)
        await stage.reached("queued", 1)
        await broker.lose()
        session = await stage.open("GN-QN")
        while session._dry_at is None:
            assert await nothing(session)
        stage.clock.jump(50)
        assert await nothing(session, 1.2)
        stage.clock.jump(20)
        assert [number for number, _ in await soon(session)] == [1]


async def test_what_the_broker_lost_comes_in_the_midst_of_other_mail(tmp_path: Path, broker: FlakyBroker) -> None:
    """A mailbox that is never quiet for long, but empty now and then, is repaired as one that nobody writes to."""
    limits = msgspec.structs.replace(QUICK, poll_s=60)
    async with staged(tmp_path, broker=broker, limits=limits) as stage:
        await submit(stage)
        await stage.reached("queued", 1)
        await broker.lose()
        session, came = await stage.open("GN-QN"), list[int]()
        while session._dry_at is None:
            assert await nothing(session)
        while 1 not in came and len(came) < 9:
            stage.clock.jump(20)
            sealed = await submit(stage)
            came += [number for number, _ in await soon(session)]
            assert await session.record([stage.receipt("GN-QN", sealed.envelope_hash)]) == [""]
            with suppress(TimeoutError):
                came += [number for number, _ in await asyncio.wait_for(session.next(), 0.3)]
    assert came[-1] == 1
    assert 3 <= len(came) < 9


async def test_an_offline_mailbox_is_never_published_twice(tmp_path: Path, broker: FlakyBroker) -> None:
    """Time alone is no evidence: what lies in the mailbox of somebody who is away stays there."""
    async with staged(tmp_path, broker=broker) as stage:
        await submit(stage, expires=int(stage.clock()) + 86_400)
        await stage.reached("queued", 1)
        stage.clock.jump(3600)
        await asyncio.sleep(0.5)
    assert len(broker.published) == 1


async def test_a_session_outlives_the_broker(flaky: Stage, broker: FlakyBroker) -> None:
    """A lost line is waited out; what was handed over is not handed over again."""
    sealed = await submit(flaky)
    session = await flaky.open("GN-QN")
    assert [number for number, _ in await soon(session)] == [1]
    broker.down = True
    session.credit(1, 1)
    assert await nothing(session)
    broker.down = False
    await submit(flaky)
    assert [number for number, _ in await soon(session)] == [2]
    assert broker.lines >= 2
    assert await session.record([flaky.receipt("GN-QN", sealed.envelope_hash)]) == [""]


async def test_an_answer_on_another_way_frees_the_session(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receipt that came by a plain request counts for the open session too."""
    sealed = await submit(stage)
    session = await stage.open("GN-QN")
    await soon(session)
    await stage.exchange.receipts(address("GN-QN"), [stage.receipt("GN-QN", sealed.envelope_hash)])
    stage.clock.jump(31)
    session.credit(1, 1)
    assert list(await soon(session)) == []


async def test_a_client_that_never_answers_is_let_go(stage: Stage) -> None:
    """Custody is answered within minutes, or the session ends: the broker must not wait for ever."""
    await submit(stage)
    session = await stage.open("GN-QN")
    await soon(session)
    stage.clock.jump(QUICK.answer_within_s + 1)
    session.credit(1, 1)
    with pytest.raises(GatewayError) as caught:
        await soon(session)
    assert caught.value.code == "time-limit"


async def test_a_closed_session_gives_nothing(stage: Stage) -> None:
    """After its end a session hands nothing over and counts no more."""
    session = await stage.open("GN-QN")
    await session.close()
    await session.close()
    with pytest.raises(GatewayError):
        await soon(session)
    assert "gateway_sessions 0.0" in stage.parts.metrics.render().decode()


async def test_a_session_that_is_closed_while_it_waits_says_so(stage: Stage) -> None:
    """Whoever waits for the next delivery when the session is closed hears that it is, and nothing else."""
    session = await stage.open("GN-QN")
    await soon(session)
    waiting = asyncio.create_task(session.next())
    await asyncio.sleep(0.05)
    await session.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, SOON_S)


async def test_a_client_that_hangs_keeps_nothing_from_the_next_session(stage: Stage) -> None:
    """What an older session held is in the newer one's hands at once, though nobody has noticed yet that the older is dead."""
    await submit(stage)
    older = await stage.open("GN-QN")
    assert [number for number, _ in await soon(older)] == [1]
    newer = await stage.open("GN-QN")
    await submit(stage)
    found: set[int] = set()
    while len(found) < 2:
        found |= {number for number, _ in await soon(newer)}
    assert found == {1, 2}


async def test_a_refusal_of_the_recipient_ends_the_delivery(stage: Stage) -> None:
    """A signed `rejected` is an answer: the sender sees it with its reason."""
    sealed = await submit(stage)
    session = await stage.open("GN-QN")
    await soon(session)
    assert await session.record([stage.receipt("GN-QN", sealed.envelope_hash, Event.REJECTED)]) == [""]
    found = await stage.exchange.status(address("NCB-QM"), _id(sealed))
    assert [(str(one.state), one.reason) for one in found.recipients] == [("rejected", "content-schema")]


def _id(sealed: Sealed) -> MessageId:
    return examine(sealed.submission).header.message_id
