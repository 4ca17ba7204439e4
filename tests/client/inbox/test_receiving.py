"""What arrives is kept, opened, handed over until it is acknowledged, and never after."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.inbox import inbox as inbox_module
from gateway.client.inbox import intake
from gateway.client.writing import compose
from gateway.envelope.receipt import Event, parse_receipt
from gateway.envelope.wire import DELIVERY
from gateway.errors import Rejected, Unavailable
from tests.client.examples import content, drain, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.client import ContactPoint
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway

DAY_S = 86_400


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses short enough for a test."""
    monkeypatch.setattr(inbox_module, "BACK_OFF_S", (0.01, 0.05))
    monkeypatch.setattr(intake, "PULSE_S", 0.1)


async def mail(qm: ContactPoint, gn: ContactPoint, count: int = 1) -> None:
    """Send messages from one to the other."""
    await gn.publish_card()
    for _ in range(count):
        await qm.send(content(), to=["GN-QN"])


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(homes: Homes) -> None:
    """After the home was closed and opened, only the rest comes, marked `again`."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn, 3)
        first = await drain(gn, acknowledge=False)
        await first[1].acknowledge()
    async with homes("GN-QN") as gn:
        rest = await drain(gn)
        nothing = await drain(gn)
    assert [one.again for one in first] == [False, False, False]
    assert [(one.number, one.again) for one in rest] == [(1, True), (3, True)]
    assert nothing == []


async def test_a_new_walk_through_the_inbox_begins_with_what_was_left(homes: Homes) -> None:
    """In the same process too: an iteration that was broken off starts over."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn, 2)
        async for _ in gn.inbox():
            break
        again = await drain(gn)
    assert [(one.number, one.again) for one in again] == [(1, True), (2, True)]


async def test_acknowledging_twice_is_once(homes: Homes, gate: FakeGateway) -> None:
    """The second time changes nothing and sends nothing new."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        async for delivery in gn.inbox():
            await delivery.acknowledge()
            await delivery.acknowledge()
    assert [event for event, *_ in gate.events if event == "opened"] == ["opened"]


async def test_an_application_may_refuse(homes: Homes, gate: FakeGateway) -> None:
    """Its reason goes to the author, signed, and the delivery does not come again."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        async for delivery in gn.inbox():
            await delivery.reject("not-for-us")
        again = await drain(gn)
        status = await qm.status(receipt.message_id)
    assert again == []
    assert [(one.state, one.reason, one.proved) for one in status.recipients] == [("rejected", "not-for-us", True)]


async def test_the_gateway_has_proof_of_delivery_before_the_application_acts(homes: Homes, gate: FakeGateway) -> None:
    """Custody is acknowledged when the bytes are safe, not when they were read."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        async for _ in gn.inbox():
            await until(lambda: gate.states() == {"delivered": 1})
    assert gate.states() == {"delivered": 1}


async def test_a_receipt_is_sent_until_the_gateway_has_it(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that never says `recorded` gets the same receipts from the next opening."""
    monkeypatch.setattr(inbox_module, "SETTLE_S", 0.1)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        gate.unrecorded = True
        assert len(await drain(gn)) == 1
        gate.down = True
    assert gate.states() == {"accepted": 1}
    gate.down = gate.unrecorded = False
    async with homes("GN-QN") as gn:
        assert await drain(gn) == []
    assert gate.states() == {"opened": 1}


async def test_what_is_acknowledged_after_the_walk_is_told_at_the_latest_on_closing(homes: Homes, gate: FakeGateway) -> None:
    """Without a session the receipt goes by request when the home closes."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        [delivery] = await drain(gn, acknowledge=False)
        await delivery.acknowledge()
    assert gate.states() == {"opened": 1}


async def test_a_following_inbox_comes_back_after_a_lost_session(homes: Homes, gate: FakeGateway) -> None:
    """The session breaks, the gateway is away for a moment, and mail goes on coming."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        numbers = []
        async with aclosing(gn.inbox(follow=True)) as deliveries:
            async for delivery in deliveries:
                numbers.append(delivery.number)
                await delivery.acknowledge()
                if len(numbers) == 3:
                    break
                gate.down = True
                gate.break_sessions()
                await asyncio.sleep(0.1)
                gate.down = False
                await qm.send(content(), to=["GN-QN"])
    assert numbers == [1, 2, 3]
    assert gate.states() == {"opened": 3}


async def test_a_following_inbox_sends_what_was_kept(homes: Homes, gate: FakeGateway) -> None:
    """A message that was kept goes out by itself while an inbox is followed."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"])
        gate.down = False
        waiting = asyncio.ensure_future(anext(qm.inbox(follow=True)))
        await until(lambda: len(gate.messages) == 2)
        waiting.cancel()
        read = await drain(gn)
    assert [one.message_id for one in read][1] == kept.message_id


async def test_a_replaced_inbox_stops_and_does_not_come_back(homes: Homes, gate: FakeGateway) -> None:
    """A newer session of the same participant wins; the older one is told and stays away."""
    async with homes("GN-QN") as older, homes("GN-QN") as newer:
        waiting = asyncio.ensure_future(anext(older.inbox(follow=True)))
        await until(lambda: bool(gate.sessions))
        assert await drain(newer) == []
        with pytest.raises(Rejected) as refused:
            await waiting
        await asyncio.sleep(0.2)
    assert refused.value.code == "session-replaced"
    assert gate.epochs == 2


async def test_two_openings_of_one_home_do_not_both_acknowledge(homes: Homes) -> None:
    """Who claimed a delivery last settles it; the other is told that its word did not count."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as one, homes("GN-QN") as two:
        await mail(qm, one)
        [early] = await drain(one, acknowledge=False)
        [late] = await drain(two, acknowledge=False)
        with pytest.raises(Rejected) as refused:
            await early.acknowledge()
        await late.acknowledge()
        assert await drain(one) == []
    assert refused.value.code == "session-replaced"
    assert (early.again, late.again) == (False, True)


async def test_the_inbox_of_a_home_without_a_gateway_gives_what_it_has(homes: Homes, gate: FakeGateway) -> None:
    """What arrived before is there; then the application learns that no gateway can be reached."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        await drain(gn, acknowledge=False)
        gate.down = True
        numbers = []
        deliveries = gn.inbox()
        numbers.append((await anext(deliveries)).number)
        with pytest.raises(Unavailable):
            await anext(deliveries)
    assert numbers == [1]


def flip(at: Callable[[bytes], int]) -> Callable[[bytes], bytes]:
    """Return a damage that changes one bit of a delivery."""

    def damage(delivery: bytes) -> bytes:
        place = at(delivery)
        return delivery[:place] + bytes([delivery[place] ^ 1]) + delivery[place + 1 :]

    return damage


def in_body(delivery: bytes) -> int:
    """Return a place in the sealed body."""
    return delivery.index(DELIVERY.decode(delivery).common) + 600


def in_stanza(delivery: bytes) -> int:
    """Return a place in the wrapped key."""
    stanza = DELIVERY.decode(delivery).stanza
    return delivery.index(stanza) + len(stanza) - 1


@pytest.mark.parametrize("where", [in_body, in_stanza])
async def test_a_copy_that_was_damaged_on_its_way_is_fetched_again(
    homes: Homes, gate: FakeGateway, where: Callable[[bytes], int]
) -> None:
    """One changed bit, wherever it is, costs a second look into the ledger and nothing else."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        gate.damage = flip(where)
        [delivery] = await drain(gn)
    assert delivery.content.raw == content().raw
    assert gate.states() == {"opened": 1}


async def test_what_cannot_be_opened_is_rejected_and_not_shown(homes: Homes, gate: FakeGateway) -> None:
    """Sealed to a key that an earlier life of this home had: its author learns that the key is gone."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        receipt = await qm.send(content(), to=["GN-QN"])  # to the key of a card that is not this home's
        deliveries = gn.inbox()
        assert [one async for one in deliveries] == []
        status = await qm.status(receipt.message_id)
    assert deliveries.refused == 1
    assert [(one.state, one.reason, one.proved) for one in status.recipients] == [("rejected", "key-gone", True)]


async def test_a_refused_delivery_gets_the_same_receipt_when_it_comes_again(homes: Homes, gate: FakeGateway) -> None:
    """The word once given is given again, byte for byte."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await qm.send(content(), to=["GN-QN"])
        await drain(gn)
        [message] = gate.messages.values()
        first, message.rows[0].state = message.rows[0].receipt, "accepted"
        await drain(gn)
        assert message.rows[0].receipt == first
    assert first is not None
    assert parse_receipt(first).receipt.event is Event.REJECTED


async def test_a_repeat_of_what_was_acknowledged_is_answered_and_not_shown(homes: Homes, gate: FakeGateway) -> None:
    """The gateway hands over once more what it had; the application does not see it, the receipt is the first one."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        await drain(gn)
        [message] = gate.messages.values()
        first, message.rows[0].state = message.rows[0].receipt, "accepted"
        assert await drain(gn) == []
    assert message.rows[0].receipt == first


async def test_an_inbox_takes_many_and_keeps_their_order(homes: Homes, gate: FakeGateway) -> None:
    """Two hundred messages come in order of acceptance, however many are under way at once."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await asyncio.gather(*(qm.send(content(), to=["GN-QN"]) for _ in range(200)))
        read = await drain(gn)
    assert [one.number for one in read] == list(range(1, 201))
    assert gate.states() == {"opened": 200}


async def test_a_slow_application_bounds_what_is_under_way(homes: Homes, gate: FakeGateway) -> None:
    """Without being read, no more than the credit leaves the gateway."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await asyncio.gather(*(qm.send(content(), to=["GN-QN"]) for _ in range(150)))
        async with aclosing(gn.inbox()) as deliveries:
            await anext(deliveries)
            await asyncio.sleep(0.3)
            assert gate.states()["delivered"] <= intake.CREDIT_MESSAGES


async def test_a_delivery_can_be_given_back(homes: Homes) -> None:
    """A followed inbox offers it again a little later, marked `again`."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        seen = []
        async with asyncio.timeout(10), aclosing(gn.inbox(follow=True)) as deliveries:
            async for delivery in deliveries:
                seen.append(delivery.again)
                if len(seen) == 2:
                    await delivery.acknowledge()
                    break
                await delivery.leave()
    assert seen == [False, True]


async def test_a_delivery_kept_as_a_file_opens_without_telling_anybody(homes: Homes, gate: FakeGateway) -> None:
    """Nobody is answered, and what was changed does not open."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        [message] = gate.messages.values()
        data = message.rows[0].delivery
        delivery = await gn.read(data)
        assert delivery.content.raw == content().raw
        with pytest.raises(Rejected):
            await delivery.acknowledge()
        with pytest.raises(Rejected) as refused:
            await gn.read(flip(in_body)(data))
    assert refused.value.code == "cannot-open"
    assert gate.states() == {"accepted": 1}


async def test_a_delivery_tells_everything_to_programs_in_other_languages(homes: Homes) -> None:
    """Its JSON has the header, the number and the content exactly as it was signed."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn)
        [delivery] = await drain(gn)
    told = msgspec.json.decode(msgspec.json.encode(delivery.to_json()))
    assert told["content"] == msgspec.json.decode(content().raw)
    assert (told["sender"], told["number"], told["again"]) == ("NCB-QM@icn", 1, False)


async def test_the_same_message_id_as_another_envelope_is_refused(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that uses an id twice is believed once, even where a gateway lets it through, now and later."""
    monkeypatch.setattr(compose, "_new_id", lambda now: bytes(15) + b"\x01")
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        for number in range(3):
            await qm.send(content(), to=["GN-QN"])
            await qm._parts.home.store.write(lambda connection: connection.execute("DELETE FROM outgoing"))
            [key] = [key for key in gate.messages if len(key[1]) == 16]
            gate.messages[key[0], bytes([number])] = gate.messages.pop(key)
            if number == 1:
                deliveries = gn.inbox()
                read = [one async for one in deliveries]
                await read[0].acknowledge()
        later = gn.inbox()
        assert [one async for one in later] == []
    assert ([one.number for one in read], deliveries.refused, later.refused) == ([1], 1, 1)
    assert gate.states() == {"opened": 1, "rejected": 2}


async def test_a_gateway_without_its_broker_is_asked_for_its_ledger(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent session does not keep anybody waiting who only wants to know what there is."""
    monkeypatch.setattr(inbox_module, "SILENCE_S", 0.1)
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await mail(qm, gn, 2)
        gate.silent = True
        assert [one.number for one in await drain(gn)] == [1, 2]
    assert gate.states() == {"opened": 2}


async def test_closing_ends_a_walk_that_waits(homes: Homes, gate: FakeGateway) -> None:
    """A task that follows an inbox ends when its contact point is closed, connected or not."""
    async with homes("GN-QN") as gn:
        connected = asyncio.ensure_future(anext(gn.inbox(follow=True), None))
        await until(lambda: bool(gate.sessions))
    async with homes("GN-QN") as gn:
        gate.down = True
        trying = asyncio.ensure_future(anext(gn.inbox(follow=True), None))
        await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        assert [await connected, await trying] == [None, None]
