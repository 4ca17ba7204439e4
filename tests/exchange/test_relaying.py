"""Mail between two networks: what goes, what is answered, and what of it is believed (schemas/relay.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.envelope import Event, Forward, open_delivery, parse_receipt, verify_receipt
from gateway.errors import Rejected
from gateway.exchange.gauges import Gauges
from gateway.ids import Address, Kind, Network
from tests.support.two_networks import Carrier, changed, ended, header_of, said, send, stands, states, two_networks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.envelope import Sealed
    from tests.support.two_networks import Pair

QM, FAR, FAR_TOO = "NCB-QM@icn", "GN-QN@eu-network", "GN-QX@eu-network"
EU = Network("eu-network")
DAY = 86_400


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Two networks that let everything pass."""
    async with two_networks(tmp_path) as both:
        yield both


async def test_a_request_there_and_an_answer_back(pair: Pair) -> None:
    """The recipient opens it with the receipts of both networks; its receipts come home; its answer ends what it owed."""
    respond_by = int(pair.icn.clock()) + DAY // 2
    sealed = await send(pair.icn, QM, [FAR, FAR_TOO, "NCB-QN"], content=b'{"a":1}', respond_by=respond_by)
    assert await states(pair.icn, sealed) == ["outbound", "outbound", "accepted"]
    assert await pair.out.carry() == [""]
    assert (await states(pair.icn, sealed))[:2] == ["relayed", "relayed"]
    session = await pair.eu.open("GN-QN")
    ((_, delivery),) = await session.next()
    member = pair.eu.world.member("GN-QN")
    answers, now = pair.eu.parts.directory.answers(), int(pair.eu.clock())
    opened = open_delivery(delivery, me=Address(FAR), keyring=member.keyring, answers=answers, now=now)
    assert (opened.content, opened.number, len(msgspec.msgpack.decode(delivery)[4])) == (b'{"a":1}', 1, 2)
    await session.record([pair.eu.receipt("GN-QN", sealed.envelope_hash, event) for event in (Event.DELIVERED, Event.OPENED)])
    assert await pair.out.receipts(at_least=2) == ["", ""]
    assert (await states(pair.icn, sealed))[0] == "opened"
    assert sum((await pair.icn.ledger.owed.answers()).values()) == 3
    conversation = header_of(sealed).conversation_id
    more = {"kind": Kind("request.response"), "in_reply_to": sealed.envelope_hash, "conversation_id": conversation}
    answer = await send(pair.eu, "GN-QN", [QM], **more)
    assert await pair.back.carry() == [""]
    assert await states(pair.eu, answer, "GN-QN") == ["relayed"]
    assert sum((await pair.icn.ledger.owed.answers()).values()) == 2


async def test_the_answer_of_the_other_gateway_stands_with_the_row(pair: Pair) -> None:
    """Signed by it, with its own number; both logs have their leaf."""
    await send(pair.eu, "GN-QN", ["GN-QX"])
    sealed = await send(pair.icn, QM, [FAR])
    await Gauges(pair.icn.parts).look()
    assert pair.icn.parts.metrics.relay_outbound(EU)._value.get() == 1
    await pair.out.carry()
    await Gauges(pair.icn.parts).look()
    assert pair.icn.parts.metrics.relay_outbound(EU)._value.get() == 0
    (row,) = await stands(pair.icn, sealed)
    assert row.receipt is not None
    receipt = verify_receipt(parse_receipt(row.receipt), pair.icn.parts.directory.answers())
    assert (receipt.event, receipt.subject, receipt.signer) == (Event.ACCEPTED, QM, pair.eu.parts.address)
    assert (receipt.envelope_hash, receipt.number) == (sealed.envelope_hash, 2)
    assert pair.icn.parts.metrics.relay_answers("relayed")._value.get() == 1
    assert pair.eu.parts.metrics.relay_taken("accepted")._value.get() == 1


async def test_nobody_waits_a_second_for_the_log(pair: Pair) -> None:
    """What waits for a relay is signed for at once, long before the log's own round."""
    epoch, start = await pair.out.lease(), pair.icn.clock()
    await send(pair.icn, QM, [FAR])
    assert len(await pair.icn.exchange.relay.forwards(EU, epoch, 5)) == 1
    assert pair.icn.clock() - start < 0.7


async def test_one_relay_at_a_time_and_another_goes_on(pair: Pair) -> None:
    """The second waits; when it takes over it gets what was not answered, and the first one's answers count no more."""
    sealed = await send(pair.icn, QM, [FAR])
    other = Carrier(pair.icn, pair.eu, "two")
    page = await pair.out.page()
    with pytest.raises(Rejected, match="session-replaced"):
        await other.lease()
    taken = await pair.out.hand_over([data for _, data in page])
    pair.icn.clock.jump(16)
    assert await other.lease() == 2
    with pytest.raises(Rejected, match="session-replaced"):
        await pair.icn.exchange.relay.answered(EU, 1, [(page[0][0], *taken[0])])
    with pytest.raises(Rejected, match="session-replaced"):
        await pair.icn.exchange.relay.forwards(EU, 1, 5)
    assert await other.carry() == [""]
    assert await states(pair.icn, sealed) == ["relayed"]
    assert (await pair.eu.totals())["accepted"] + (await pair.eu.totals())["queued"] == 1


async def test_a_recall_before_the_relay_came(pair: Pair) -> None:
    """The target ends at home and never goes; the recall goes all the same."""
    sealed = await send(pair.icn, QM, [FAR])
    recall = await send(pair.icn, QM, [FAR], **recalling(sealed))
    assert await states(pair.icn, sealed) == ["recalled"]
    assert await pair.out.carry() == [""]
    assert [Forward(data).envelope_hash for data in pair.out.forwards] == [recall.envelope_hash]


async def test_a_recall_after_the_relay_came(pair: Pair) -> None:
    """The other gateway stops what it has not handed over, and says so by its own receipt; what was handed over is owed."""
    waits, read = await send(pair.icn, QM, [FAR]), await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    await said(pair.eu, "GN-QN", read, Event.DELIVERED)
    for one in (waits, read):
        await send(pair.icn, QM, [FAR], **recalling(one))
    assert await states(pair.icn, waits) == ["relayed"]
    assert (await pair.icn.ledger.owed.outstanding())[Kind("system.recall")].count == 2
    await pair.out.carry()
    assert await pair.out.receipts(at_least=2) == ["", ""]
    assert [await states(pair.icn, one) for one in (waits, read)] == [["recalled"], ["delivered"]]
    assert (await pair.icn.ledger.owed.outstanding())[Kind("system.recall")].count == 1
    await said(pair.eu, "GN-QN", read, Event.DESTROYED)
    await pair.out.receipts()
    assert (await pair.icn.ledger.owed.outstanding())[Kind("system.recall")].count == 0
    told = [parse_receipt(receipt).receipt.event for _, receipt in await pair.icn.exchange.outcomes(Address(QM), 0)]
    assert told == [Event.RECALLED, Event.DESTROYED]


async def test_a_recall_overtakes_nothing(pair: Pair) -> None:
    """A target that the relay already has when the recall is accepted goes before it, and ends there."""
    sealed = await send(pair.icn, QM, [FAR])
    await pair.out.page()
    await send(pair.icn, QM, [FAR], **recalling(sealed))
    assert await states(pair.icn, sealed) == ["outbound"]
    assert await pair.out.carry() == ["", ""]
    await pair.out.receipts()
    assert await states(pair.icn, sealed) == ["recalled"]


def recalling(sealed: Sealed) -> dict[str, Any]:
    """Return the header of what recalls a message."""
    conversation = header_of(sealed).conversation_id
    return {"kind": Kind("system.recall"), "in_reply_to": sealed.envelope_hash, "conversation_id": conversation}


async def test_expiry_on_either_side(pair: Pair) -> None:
    """At home as long as no relay took it; after that the other gateway alone says so, also of what comes too late."""
    here, there, late = [await send(pair.icn, QM, [FAR]) for _ in range(3)]
    page = await pair.out.page()
    by_hash = {Forward(data).envelope_hash: (number, data) for number, data in page}
    number, data = by_hash[there.envelope_hash]
    ((code, receipts),) = await pair.out.hand_over([data])
    await pair.out.bring([(number, code, receipts)])
    never = await send(pair.icn, QM, [FAR])
    pair.icn.clock.jump(DAY + 10)
    await pair.icn.reached("expired", 1)
    assert await states(pair.icn, never) == ["expired"]
    assert await states(pair.icn, there) == ["relayed"]
    assert await pair.out.receipts() == [""]
    assert await states(pair.icn, there) == ["expired"]
    await pair.out.carry()
    assert [await ended(pair.icn, one) for one in (here, late)] == [("refused", "expired")] * 2


async def test_only_their_own_receipts_count(pair: Pair) -> None:
    """Forged ones, ours, and those about what never went there are dropped; what follows them is recorded."""
    sealed, ours = await send(pair.icn, QM, [FAR]), await send(pair.icn, QM, ["NCB-QN"])
    await pair.out.carry()
    good = pair.eu.receipt("GN-QN", sealed.envelope_hash)
    forged = changed(good, lambda form: form.__setitem__(2, bytes(64)))
    of_ours = pair.icn.receipt("NCB-QN", ours.envelope_hash)
    not_there = pair.eu.receipt("GN-QX", sealed.envelope_hash)
    elsewhere = pair.eu.receipt("GN-QN", ours.envelope_hash)
    batch = [forged, of_ours, not_there, elsewhere, good]
    codes = await pair.icn.exchange.relay.receipts_from(EU, await pair.out.lease(), 7, batch)
    assert codes == ["signature-bad", "not-found", "not-found", "not-found", ""]
    assert await states(pair.icn, sealed) == ["delivered"]
    await pair.out.lease()
    assert pair.out.after == 7


async def test_an_answer_that_proves_nothing_changes_nothing(pair: Pair) -> None:
    """An `accepted` of another envelope or of our own gateway, or a receipt that is no answer: the forward comes again."""
    one, two = await send(pair.icn, QM, [FAR]), await send(pair.icn, QM, [FAR])
    page = await pair.out.page()
    taken = await pair.out.hand_over([data for _, data in page])
    numbers = [number for number, _ in page]
    own = Forward(page[0][1]).accepted.data
    delivered = pair.eu.receipt("GN-QN", one.envelope_hash)
    bad = [taken[1][1][0], own, delivered]
    codes = await pair.out.bring([(numbers[0], "", [receipt]) for receipt in bad])
    assert codes == ["not-found", "not-found", "malformed"]
    assert [await states(pair.icn, sealed) for sealed in (one, two)] == [["outbound"], ["outbound"]]
    assert await pair.out.carry() == ["", ""]


async def test_late_receipts_come_home(pair: Pair) -> None:
    """After the expiry there the state stays, and what its recipient says is kept beside it."""
    sealed = await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    pair.eu.clock.jump(DAY + 10)
    await pair.eu.reached("expired", 1)
    await said(pair.eu, "GN-QN", sealed, Event.DELIVERED)
    assert await pair.out.receipts(at_least=2) == ["", ""]
    assert await states(pair.icn, sealed) == ["expired"]
    assert [event.event for event in await pair.icn.ledger.events(0, 99)][-1] == "delivered-late"


