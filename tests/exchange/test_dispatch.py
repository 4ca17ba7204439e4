"""Dispatch: accepted rows reach their mailboxes once and in order, whatever the broker does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.broker import Outcome
from gateway.config import DirectoryConfig
from gateway.exchange import Exchange, dispatch, publish
from tests.support.exchange import MAILBOX_BYTES, QUICK, Stage, address, make_parts, staged
from tests.support.flaky_broker import FlakyBroker
from tests.support.waiting import SOON_S, until

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.exchange.parcels import Dispatch


async def submit(stage: Stage, count: int, recipients: tuple[str, ...] = ("GN-QN",), **changes: Any) -> None:
    """Let a number of messages be accepted, one after the other."""
    for _ in range(count):
        await stage.exchange.submit_sealed(stage.sealed("NCB-QM", recipients, **changes).submission)


def numbers(broker: FlakyBroker, name: str = "GN-QN") -> list[int]:
    """Return the acceptance numbers that were stored for a mailbox, in order."""
    return [parcel.ref[0] for parcel in broker.published if parcel.mailbox == address(name)]


async def test_what_is_accepted_is_published_at_once(tmp_path: Path, broker: FlakyBroker) -> None:
    """No poll stands between the commit and the mailbox."""
    async with staged(tmp_path, broker=broker, limits=msgspec.structs.replace(QUICK, poll_s=3600)) as stage:
        await submit(stage, 1)
        await until(lambda: len(broker.published) == 1)
    assert numbers(broker) == [1]


async def test_every_recipient_gets_its_own_parcel(flaky: Stage, broker: FlakyBroker) -> None:
    """A message for three reaches three mailboxes, each with an id of its own."""
    await submit(flaky, 1, ("GN-QN", "TRIB-QX-OTP", "NCB-XA"))
    await until(lambda: len(broker.published) == 3)
    assert {parcel.mailbox for parcel in broker.published} == {address(name) for name in ("GN-QN", "TRIB-QX-OTP", "NCB-XA")}
    assert len({parcel.id for parcel in broker.published}) == 3


async def test_rows_are_marked_when_nobody_answers(flaky: Stage, broker: FlakyBroker) -> None:
    """What lies in the mailbox of somebody who is away stands `queued` in the ledger."""
    sealed = flaky.sealed("NCB-QM", ["GN-QN"])
    await flaky.exchange.submit_sealed(sealed.submission)
    await flaky.reached("queued", 1)
    assert len(broker.published) == 1


async def test_a_mailbox_keeps_the_order_of_acceptance(flaky: Stage, broker: FlakyBroker) -> None:
    """Promise 11: in order of acceptance, also when many come at once."""
    sealed = [flaky.sealed("NCB-QM", ["GN-QN"]).submission for _ in range(40)]
    await asyncio.gather(*map(flaky.exchange.submit_sealed, sealed))
    await until(lambda: len(broker.published) == 40)
    assert numbers(broker) == list(range(1, 41))


async def test_urgent_messages_overtake_a_backlog(tmp_path: Path, broker: FlakyBroker) -> None:
    """Promise 11: `flash` and `urgent` are published before what waits."""
    broker.down = True
    async with staged(tmp_path, broker=broker) as stage:
        await submit(stage, 3)
        await submit(stage, 1, urgency="flash")
        broker.down = False
        await until(lambda: len(broker.published) == 4)
    assert numbers(broker) == [4, 1, 2, 3]


async def test_nothing_is_published_twice(flaky: Stage, broker: FlakyBroker) -> None:
    """With pages and fresh messages mixed, each row goes out once."""
    for _ in range(6):
        await submit(flaky, 5)
        flaky.exchange._dispatcher.look()
    await until(lambda: len(broker.published) >= 30)
    await asyncio.sleep(0.3)
    assert sorted(numbers(broker)) == list(range(1, 31))


async def test_a_broker_that_comes_back_gets_everything(flaky: Stage, broker: FlakyBroker) -> None:
    """Promise 8: accepted while the broker was away, conveyed when it is back, in order."""
    broker.down = True
    await submit(flaky, 5)
    await asyncio.sleep(0.2)
    assert broker.published == []
    broker.down = False
    await until(lambda: len(broker.published) == 5)
    assert numbers(broker) == [1, 2, 3, 4, 5]


async def test_a_full_mailbox_does_not_hold_up_others(flaky: Stage, broker: FlakyBroker) -> None:
    """A recipient who does not read costs the ledger, not the others."""
    broker.outcomes.append(Outcome.FULL)
    await submit(flaky, 2)
    await submit(flaky, 1, ("NCB-XA",))
    await until(lambda: numbers(broker, "NCB-XA") == [3])
    assert numbers(broker) == []
    assert "gateway_mailbox_full_total 1.0" in flaky.parts.metrics.render().decode()


async def test_a_full_mailbox_is_filled_in_order_when_it_drains(tmp_path: Path) -> None:
    """What did not fit follows when the recipient has read, and order holds."""
    broker = FlakyBroker(limit_bytes=12_000)
    limits = msgspec.structs.replace(QUICK, poll_s=60)
    async with staged(tmp_path, broker=broker, limits=limits) as stage:
        stage.exchange._dispatcher._resting._room_bytes = 3000
        await submit(stage, 30)
        await until(lambda: len(broker.published) > 0)
        assert len(broker.published) < 30
        session = await stage.open("GN-QN", messages=4)
        seen: list[int] = []
        while len(seen) < 30:
            handed = await asyncio.wait_for(session.next(), SOON_S)
            seen += [number for number, _ in handed]
            hashes = [flight.envelope_hash for flight in session._flights._by_ref.values()]
            await session.record([stage.receipt("GN-QN", one) for one in hashes])
            session.credit(len(handed), 0)
        assert seen == list(range(1, 31))
        await session.close()


async def test_a_mailbox_that_drains_meanwhile_is_not_overtaken(
    flaky: Stage, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 11: what a full mailbox refused goes first, also where its reader makes room while others are published to."""
    monkeypatch.setattr(publish, "CHUNK_PARCELS", 1)
    sent = broker.publish

    async def emptied_meanwhile(parcels: list) -> list[Outcome]:  # type: ignore[type-arg]
        if parcels[0].mailbox == address("NCB-XA"):
            flaky.exchange._dispatcher.emptied(address("GN-QN"))
        return await sent(parcels)

    monkeypatch.setattr(broker, "publish", emptied_meanwhile)
    broker.down = True
    await submit(flaky, 1)
    await submit(flaky, 1, ("NCB-XA",))
    await submit(flaky, 2)
    broker.outcomes.append(Outcome.FULL)
    broker.down = False
    await until(lambda: len(broker.published) == 4)
    assert numbers(broker) == [1, 3, 4]


async def test_a_mailbox_that_rests_already_and_drains_meanwhile_is_not_overtaken(
    flaky: Stage, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 11: the same where it was refused earlier, and its next mail comes from memory after another's."""
    monkeypatch.setattr(publish, "CHUNK_PARCELS", 1)
    sent = broker.publish

    async def emptied_meanwhile(parcels: list) -> list[Outcome]:  # type: ignore[type-arg]
        if parcels[0].mailbox == address("NCB-XA"):
            flaky.exchange._dispatcher.emptied(address("GN-QN"))
        return await sent(parcels)

    dispatcher = flaky.exchange._dispatcher
    offered: list[Dispatch] = []
    broker.outcomes.append(Outcome.FULL)
    await submit(flaky, 1)
    await until(lambda: address("GN-QN") in dispatcher._resting)
    monkeypatch.setattr(dispatcher, "offer", offered.append)
    await submit(flaky, 1, ("NCB-XA",))
    await submit(flaky, 1, ("GN-QN", "TRIB-QX-OTP"))
    monkeypatch.setattr(broker, "publish", emptied_meanwhile)
    assert await dispatcher._publisher.publish(offered) == 2


async def test_an_unknown_mailbox_is_declared(flaky: Stage, broker: FlakyBroker) -> None:
    """The first message to somebody makes the mailbox, and is published again."""
    await submit(flaky, 1)
    await until(lambda: len(broker.published) == 1)
    assert [parcel.ref for parcel in broker.attempts] == [(1, 0), (1, 0)]


async def test_an_uncertain_publish_is_tried_again(flaky: Stage, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody knows whether a parcel was stored, it goes out again: better twice in the mailbox than never."""
    broker.outcomes.append(Outcome.UNCERTAIN)
    await submit(flaky, 1)
    await until(lambda: numbers(broker) == [1])
    assert len(broker.attempts) >= 2


async def test_what_does_not_fit_in_memory_is_read_back(tmp_path: Path, broker: FlakyBroker) -> None:
    """Just accepted messages are kept in memory up to a bound; beyond it the ledger has them."""
    limits = msgspec.structs.replace(QUICK, fresh_bytes=4096, page_rows=4)
    async with staged(tmp_path, broker=broker, limits=limits) as stage:
        await asyncio.gather(*(submit(stage, 10) for _ in range(3)))
        await until(lambda: len(broker.published) == 30)
        await asyncio.sleep(0.2)
    assert numbers(broker) == list(range(1, 31))


async def test_a_restart_with_the_broker_in_memory_loses_nothing(tmp_path: Path) -> None:
    """Promise 1: what the process held in memory is published again from the ledger by the next one."""
    async with staged(tmp_path) as stage:
        await submit(stage, 3)
        await stage.reached("queued", 3)
    async with staged(tmp_path) as stage:
        session = await stage.open("GN-QN")
        seen: list[int] = []
        while len(seen) < 3:
            seen += [number for number, _ in await asyncio.wait_for(session.next(), SOON_S)]
        assert seen == [1, 2, 3]


async def test_a_large_message_is_published_in_pieces(
    flaky: Stage, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by bytes: no publish holds more than about a mebibyte of parcels."""
    sizes = []
    sent = broker.publish

    async def watched(parcels: list) -> list[Outcome]:  # type: ignore[type-arg]
        sizes.append(sum(len(parcel.body) for parcel in parcels))
        return await sent(parcels)

    monkeypatch.setattr(broker, "publish", watched)
    await flaky.exchange.submit_sealed(flaky.sealed("NCB-QM", ["GN-QN", "NCB-XA", "TRIB-QX-OTP"], bytes(700_000)).submission)
    await until(lambda: len(broker.published) == 3)
    assert max(sizes) < 2 * MAILBOX_BYTES


def test_pauses_are_bounded() -> None:
    """A dispatcher that cannot work tries again within seconds."""
    assert dispatch.FIRST_PAUSE_S < dispatch.LONGEST_PAUSE_S <= 5


async def test_another_process_is_not_overtaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another gateway accepted a moment ago is left to it; when it died, this one brings it soon after."""
    monkeypatch.setattr(dispatch, "FOREIGN_S", 60)
    ours, theirs = FlakyBroker(), FlakyBroker()
    theirs.down = True
    async with staged(tmp_path, broker=theirs, shared=True) as stage:
        parts = make_parts(
            stage.world,
            ledger=stage.ledger,
            broker=ours,
            clock=stage.clock,
            publication=stage.publication,
            memory=tmp_path / "other-memory",
            shared=True,
        )
        other = Exchange(parts, mailbox_bytes=MAILBOX_BYTES, schedule=DirectoryConfig(), volatile=False)
        await other.start()
        await submit(stage, 1)
        await asyncio.sleep(3 * QUICK.poll_s)
        assert ours.published == []
        stage.clock.jump(dispatch.FOREIGN_S + 1)
        await until(lambda: numbers(ours) == [1])
        await other.close()


async def test_a_clock_that_is_set_back_leaves_nothing_lying(tmp_path: Path, broker: FlakyBroker) -> None:
    """When the machine's time is corrected by an hour, mail that waits in the ledger does not wait an hour more."""
    broker.down = True
    async with staged(tmp_path, broker=broker, shared=True) as stage:
        await submit(stage, 1)
        await asyncio.sleep(0.2)
        stage.clock.set_back(3600)
        broker.down = False
        await until(lambda: numbers(broker) == [1])
        assert sum((await stage.ledger.totals()).values()) == 1


async def test_a_process_brings_what_it_accepted_itself_at_once(
    tmp_path: Path, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many messages at once, what did not fit in memory is still this process's own."""
    monkeypatch.setattr(dispatch, "FOREIGN_S", 3600)
    limits = msgspec.structs.replace(QUICK, fresh_bytes=4096)
    async with staged(tmp_path, broker=broker, limits=limits, shared=True) as stage:
        await asyncio.gather(*(submit(stage, 5) for _ in range(4)))
        await until(lambda: len(broker.published) == 20)
    assert sorted(numbers(broker)) == list(range(1, 21))


@pytest.mark.parametrize("fault", ["down", "full"])
async def test_a_process_keeps_the_order_of_its_own_messages(
    tmp_path: Path, broker: FlakyBroker, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Promise 11: what failed at the first try is not taken for another process's, and overtaken by what came after it."""
    monkeypatch.setattr(dispatch, "FOREIGN_S", 3600)
    async with staged(tmp_path, broker=broker, shared=True) as stage:
        if fault == "full":
            broker.outcomes.append(Outcome.FULL)
        broker.down = fault == "down"
        await submit(stage, 1)
        await asyncio.sleep(0.05)
        await submit(stage, 4)
        broker.down = False
        await until(lambda: len(broker.published) == 5)
    assert numbers(broker) == [1, 2, 3, 4, 5]
