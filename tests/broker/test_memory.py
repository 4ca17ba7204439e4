"""What the broker in memory promises beyond the contract: its memory is bounded, however many mailboxes there are."""

from __future__ import annotations

from gateway.broker import MemoryBroker, Outcome
from tests.broker.parcels import parcel, take

BODY = bytes(10_000)
TOTAL_BYTES = 1_000_000


async def filled(broker: MemoryBroker, mailbox: str) -> int:
    """Publish until the mailbox takes no more; return how many it took."""
    await broker.declare(mailbox)
    for count in range(1000):
        if await broker.publish([parcel(count, mailbox=mailbox, body=BODY)]) == [Outcome.FULL]:
            return count
    raise AssertionError("it takes without end")


async def test_many_mailboxes_together_are_bounded() -> None:
    """Thousands of offline recipients cost no more memory than the bound, and leave half of it to those who read."""
    broker = MemoryBroker(200_000, TOTAL_BYTES)
    await broker.start()
    offline = [await filled(broker, f"NCB-Q{number}@icn") for number in range(50)]
    assert sum(offline) * len(BODY) <= TOTAL_BYTES // 2
    assert set(offline[10:]) == {0}
    async with broker.consume("GN-QN@icn", 100) as consumer:
        assert await filled(broker, "GN-QN@icn") >= 10
        await consumer.ack([arrived.tag for arrived in await take(consumer, 10)])
        assert await filled(broker, "GN-QN@icn") >= 10
    await broker.close()


async def test_room_that_is_freed_is_given_to_others() -> None:
    """When one recipient has read its mail, the next one's mail has room; nothing leaks from the account."""
    broker = MemoryBroker(TOTAL_BYTES, TOTAL_BYTES)
    await broker.start()
    first = await filled(broker, "NCB-QM@icn")
    assert await filled(broker, "NCB-QX@icn") == 0
    for _ in range(2):
        async with broker.consume("NCB-QM@icn", 1000) as consumer:
            await consumer.ack([arrived.tag for arrived in await take(consumer, first)])
        assert await filled(broker, "NCB-QM@icn") == first
    async with broker.consume("NCB-QM@icn", 1000) as consumer:
        await consumer.ack([arrived.tag for arrived in await take(consumer, first)])
    assert await filled(broker, "NCB-QX@icn") == first
    await broker.close()


async def test_tiny_parcels_count_with_what_they_cost() -> None:
    """A mailbox full of the smallest deliveries holds as much memory as one of large ones."""
    broker = MemoryBroker(100_000)
    await broker.start()
    await broker.declare("NCB-QM@icn")
    outcomes = await broker.publish([parcel(number, body=b"") for number in range(1000)])
    assert 100 < outcomes.count(Outcome.STORED) < 500
    await broker.close()
