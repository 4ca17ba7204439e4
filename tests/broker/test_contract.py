"""
The contract of `gateway.broker.base`, the same for every adapter.

What only RabbitMQ can suffer is in `test_faults.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.broker.base import Outcome
from gateway.errors import Unavailable
from tests.broker.parcels import BOX, SOON_S, fill, numbers, parcel, parcels, take, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.broker.base import Broker, Consumer, Ref

MakeBroker = Callable[..., Awaitable["Broker"]]
NOTHING_S = 0.15  # long enough for what should not come to come


async def test_a_parcel_arrives_as_it_was_sent(broker: Broker) -> None:
    """What is put into a mailbox comes out byte by byte, with the row it stands for, and as new."""
    body = bytes(range(256)) * 5000
    await fill(broker, [parcel(2**62, body=body)])
    async with broker.consume(BOX, 10) as consumer:
        (arrived,) = await take(consumer, 1)
        assert (arrived.ref, arrived.body, arrived.redelivered) == ((2**62, 0), body, False)
        assert await consumer.get(NOTHING_S) is None


async def test_an_empty_body_arrives(broker: Broker) -> None:
    """A parcel without a body is a parcel."""
    await fill(broker, [parcel(1, body=b"")])
    async with broker.consume(BOX, 10) as consumer:
        assert [one.body for one in await take(consumer, 1)] == [b""]


async def test_publishing_nothing_is_no_trouble(broker: Broker) -> None:
    """An empty batch has an empty answer."""
    assert await broker.publish([]) == []


async def test_waiting_ends_when_a_parcel_comes(broker: Broker) -> None:
    """A reader that waits gets a parcel as soon as it is sent."""
    await broker.declare(BOX)
    async with broker.consume(BOX, 10) as consumer:
        waiting = asyncio.create_task(consumer.get(SOON_S))
        await asyncio.sleep(0.05)
        assert await broker.publish([parcel(7)]) == [Outcome.STORED]
        arrived = await waiting
        assert arrived is not None
        assert arrived.ref == (7, 0)


async def test_a_mailbox_that_does_not_exist_is_told(broker: Broker) -> None:
    """Mail for a mailbox that nobody declared is ABSENT, its neighbours are stored, and after declaring it is stored too."""
    await broker.declare(BOX)
    lost = parcel(2, mailbox="TRIB-QX@icn")
    assert await broker.publish([parcel(1), lost, parcel(3)]) == [Outcome.STORED, Outcome.ABSENT, Outcome.STORED]
    await broker.declare("TRIB-QX@icn")
    assert await broker.publish([lost]) == [Outcome.STORED]


async def test_parcels_that_share_an_id_keep_their_own_outcomes(broker: Broker) -> None:
    """Two attempts under one id, on their way together, are never told each other's outcome."""
    await broker.declare(BOX)
    for number in range(50):
        here, nowhere = parcel(number), parcel(number, mailbox="GN-QN@icn")
        object.__setattr__(nowhere, "id", here.id)
        assert await broker.publish([nowhere, here]) == [Outcome.ABSENT, Outcome.STORED]
        assert await broker.publish([here, nowhere]) == [Outcome.STORED, Outcome.ABSENT]


async def test_declaring_twice_changes_nothing(broker: Broker) -> None:
    """Declaring a mailbox that has mail leaves the mail alone."""
    await fill(broker, parcels(2))
    await broker.declare(BOX)
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 2)) == [1, 2]


async def test_a_full_mailbox_refuses_and_takes_again_when_it_has_drained(make_broker: MakeBroker) -> None:
    """An absent recipient fills his mailbox, not the broker; others are not affected; when he reads there is room again."""
    broker = await make_broker(limit_bytes=50_000)
    for mailbox in (BOX, "GN-QN@icn"):
        await broker.declare(mailbox)
    stored = 0
    while (await broker.publish([parcel(stored + 1, body=b"x" * 5000)])) == [Outcome.STORED]:
        stored += 1
        assert stored < 100, "the mailbox has no bound"
    assert stored >= 10
    assert await broker.publish([parcel(1000, body=b"x" * 5000)]) == [Outcome.FULL]
    assert await broker.publish([parcel(1, mailbox="GN-QN@icn")]) == [Outcome.STORED]
    async with broker.consume(BOX, 100) as consumer:
        await consumer.ack([one.tag for one in await take(consumer, stored)])

        async def stored_again() -> bool:
            return await broker.publish([parcel(2000)]) == [Outcome.STORED]

        await until(stored_again)
        assert numbers(await take(consumer, 1)) == [2000]


async def test_a_mailbox_keeps_its_order(broker: Broker) -> None:
    """A mailbox hands over in the order in which it was filled."""
    await fill(broker, parcels(300))
    async with broker.consume(BOX, 50) as consumer:
        seen = []
        for _ in range(300):
            (arrived,) = await take(consumer, 1)
            await consumer.ack([arrived.tag])
            seen.append(arrived.ref[0])
        assert seen == list(range(1, 301))


async def urgent_is_here(consumer: Consumer) -> bool:
    """Say whether RabbitMQ has brought the three urgent parcels; in memory they are there at once."""
    here = getattr(consumer, "_here", None)
    return here is None or len(here[True]) == 3


async def test_urgent_mail_overtakes(broker: Broker) -> None:
    """Urgent parcels come before others that were there first, even when the reader's buffer had those already."""
    await fill(broker, parcels(5))
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 1)) == [1]
        await fill(broker, parcels(3, first=101, urgent=True))
        await until(partial(urgent_is_here, consumer))
        assert numbers(await take(consumer, 7)) == [101, 102, 103, 2, 3, 4, 5]


async def test_what_a_lost_reader_held_comes_again_in_order(broker: Broker) -> None:
    """What was read and not acknowledged comes again, urgent first and in order, before newer mail, and is marked."""
    await fill(broker, [*parcels(6), *parcels(2, first=101, urgent=True)])
    async with broker.consume(BOX, 20) as consumer:
        held = await take(consumer, 8)
        await consumer.ack([held[1].tag, held[4].tag])
    await fill(broker, parcels(1, first=7))
    async with broker.consume(BOX, 20) as consumer:
        again = await take(consumer, 7)
        assert numbers(again) == [101, 1, 2, 4, 5, 6, 7]
        assert all(one.redelivered for one in again[:6])
        assert not again[6].redelivered


async def test_a_cancelled_reader_loses_nothing(broker: Broker) -> None:
    """A reader that is cancelled with unacknowledged parcels gives them all back."""
    await fill(broker, parcels(4))
    holding = asyncio.Event()

    async def read() -> None:
        async with broker.consume(BOX, 10) as consumer:
            await take(consumer, 3)
            holding.set()
            await asyncio.Event().wait()

    reader = asyncio.create_task(read())
    await holding.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 4)) == [1, 2, 3, 4]


async def test_a_cancelled_get_loses_nothing(broker: Broker) -> None:
    """Giving up a wait does not swallow the parcel that comes next."""
    await broker.declare(BOX)
    async with broker.consume(BOX, 10) as consumer:
        waiting = asyncio.create_task(consumer.get(SOON_S))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await fill(broker, parcels(1))
        assert numbers(await take(consumer, 1)) == [1]


async def test_acknowledged_mail_never_comes_again(broker: Broker) -> None:
    """Acknowledging in any order, with repeats and tags that were never given, takes out exactly what was named."""
    await fill(broker, parcels(6))
    async with broker.consume(BOX, 10) as consumer:
        held = await take(consumer, 6)
        await consumer.ack([held[4].tag, held[0].tag, 10**6])
        await consumer.ack([held[0].tag, held[2].tag, held[1].tag])
        await consumer.ack([])
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 2)) == [4, 6]
        assert await consumer.get(NOTHING_S) is None


async def test_a_reader_holds_no_more_than_its_credit(broker: Broker) -> None:
    """A reader is never given more unacknowledged parcels than it said it would hold."""
    await fill(broker, parcels(5))
    async with broker.consume(BOX, 3) as consumer:
        held = await take(consumer, 3)
        assert await consumer.get(NOTHING_S) is None
        await consumer.ack([held[0].tag])
        assert numbers(await take(consumer, 1)) == [4]
        assert await consumer.get(NOTHING_S) is None


async def test_readers_of_one_mailbox_share_it(broker: Broker) -> None:
    """Two readers of one mailbox get every parcel once between them."""
    await broker.declare(BOX)
    seen: list[int] = []

    async def read() -> None:
        async with broker.consume(BOX, 2) as consumer:
            while len(seen) < 60:
                arrived = await consumer.get(NOTHING_S)
                if arrived is not None:
                    seen.append(arrived.ref[0])
                    await consumer.ack([arrived.tag])

    readers = [asyncio.create_task(read()) for _ in range(2)]
    await fill(broker, parcels(60))
    async with asyncio.timeout(SOON_S):
        await asyncio.gather(*readers)
    assert sorted(seen) == list(range(1, 61))


async def test_many_writers_at_once(broker: Broker) -> None:
    """Batches from many tasks are all stored, each told its own outcomes."""
    await broker.declare(BOX)
    batches = [parcels(40, first=1000 * turn) for turn in range(10)]
    outcomes = await asyncio.gather(*(broker.publish(batch) for batch in batches))
    assert outcomes == [[Outcome.STORED] * 40] * 10
    async with broker.consume(BOX, 500) as consumer:
        assert len(set(numbers(await take(consumer, 400)))) == 400


async def test_mail_past_its_time_does_not_arrive(broker: Broker) -> None:
    """A parcel that waited longer than it may is dropped; one that may wait for a century is not."""
    await fill(broker, [parcel(1, life_s=1), parcel(2, life_s=90 * 86_400), parcel(3, life_s=100 * 365 * 86_400), parcel(4)])
    await asyncio.sleep(1.2)
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 3)) == [2, 3, 4]


async def test_draining_throws_out_what_nobody_wants(broker: Broker) -> None:
    """Draining asks about everything that waits, urgent first, and leaves what is wanted in its order."""
    await fill(broker, [*parcels(6), *parcels(2, first=101, urgent=True)])
    asked: list[Ref] = []

    async def keep_even(refs: Sequence[Ref]) -> set[Ref]:
        asked.extend(refs)
        return {ref for ref in refs if ref[0] % 2 == 0}

    assert await broker.drain(BOX, keep_even, 100) == 4
    assert [number for number, _ in asked] == [101, 102, 1, 2, 3, 4, 5, 6]
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 4)) == [102, 2, 4, 6]
        assert await consumer.get(NOTHING_S) is None


async def test_draining_looks_at_no_more_than_its_limit(broker: Broker) -> None:
    """A drain with a limit looks at the head of the mailbox only."""
    await fill(broker, parcels(5))

    async def keep_none(_: Sequence[Ref]) -> set[Ref]:
        return set()

    assert await broker.drain(BOX, keep_none, 3) == 3
    assert await broker.drain(BOX, keep_none, 3) == 2
    assert await broker.drain(BOX, keep_none, 3) == 0
    assert await broker.drain("GN-QN@icn", keep_none, 3) == 0


async def test_a_drain_that_fails_throws_nothing_out(broker: Broker) -> None:
    """When the ledger cannot answer, the mailbox stays as it is."""
    await fill(broker, parcels(3))

    async def fail(_: Sequence[Ref]) -> set[Ref]:
        raise Unavailable("the ledger is away")

    with pytest.raises(Unavailable, match="ledger"):
        await broker.drain(BOX, fail, 10)
    async with broker.consume(BOX, 10) as consumer:
        assert numbers(await take(consumer, 3)) == [1, 2, 3]


async def test_a_closed_broker_says_so(broker: Broker) -> None:
    """After closing every call answers `Unavailable` at once, an open reader too, and closing again is no trouble."""
    await fill(broker, parcels(1))
    ready_before = broker.ready
    async with broker.consume(BOX, 10) as consumer:
        (arrived,) = await take(consumer, 1)
        await broker.close()
        with pytest.raises(Unavailable):
            await consumer.get(SOON_S)
        with pytest.raises(Unavailable):
            await consumer.ack([arrived.tag])
    await broker.close()
    assert (ready_before, broker.ready) == (True, False)
    with pytest.raises(Unavailable):
        await broker.publish(parcels(1))
    with pytest.raises(Unavailable):
        await broker.declare(BOX)
    with pytest.raises(Unavailable):
        await broker.consume(BOX, 1).__aenter__()


async def test_a_waiting_reader_is_woken_when_its_broker_closes(broker: Broker) -> None:
    """Closing does not leave a reader waiting for its time to pass."""
    async with broker.consume(BOX, 10) as consumer:
        waiting = asyncio.create_task(consumer.get(30))
        await asyncio.sleep(0.02)
        await broker.close()
        with pytest.raises(Unavailable):
            async with asyncio.timeout(SOON_S):
                await waiting
