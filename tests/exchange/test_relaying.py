"""Mail between two networks: what goes, what is answered, and what of it is believed (schemas/relay.md)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.envelope import Event, Forward, examine, open_delivery, parse_receipt, verify_receipt
from gateway.errors import Rejected
from gateway.evidence.inclusion import SeenLog
from gateway.exchange.gauges import Gauges
from gateway.ids import Address, ConversationId, Kind, Network
from gateway.ledger import Erasure, Ref, SeenTree
from tests.support.two_networks import Carrier, two_networks
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from gateway.envelope import Header, Sealed
    from tests.support.exchange import Stage
    from tests.support.two_networks import Pair

QM, FAR, FAR_TOO = "NCB-QM@icn", "GN-QN@eu-network", "GN-QX@eu-network"
EU, ICN = Network("eu-network"), Network("icn")
DAY = 86_400


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Two networks that let everything pass."""
    async with two_networks(tmp_path) as both:
        yield both


async def send(stage: Stage, sender: str, to: Sequence[str], **changes: Any) -> Sealed:
    """Seal and submit."""
    sealed = stage.sealed(sender, to, **changes)
    await stage.exchange.submit_sealed(sealed.submission)
    return sealed


async def states(stage: Stage, sealed: Sealed, sender: str = QM) -> list[str]:
    """Return where each delivery stands, in the order of the names of the recipients."""
    found = await stage.exchange.status(stage.address(sender), _header(sealed).message_id)
    return [str(one.state) for one in sorted(found.recipients, key=lambda one: one.recipient)]


def _header(sealed: Sealed) -> Header:
    return examine(sealed.submission).header


async def last_reason(stage: Stage, sealed: Sealed) -> str | None:
    """Return the reason that stands with the only delivery."""
    (one,) = (await stage.exchange.status(stage.address(QM), _header(sealed).message_id)).recipients
    return one.reason


async def said(stage: Stage, name: str, sealed: Sealed, *events: Event) -> None:
    """Let a recipient hand in receipts."""
    receipts = [stage.receipt(name, sealed.envelope_hash, event) for event in events]
    assert await stage.exchange.receipts(stage.address(name), receipts) == [""] * len(events)


def changed(data: bytes, change: Callable[[list[Any]], object]) -> bytes:
    """Return a forward with something else in it."""
    form = msgspec.msgpack.decode(data)
    change(form)
    return msgspec.msgpack.encode(form)


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
    conversation = _header(sealed).conversation_id
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
    (row,) = (await pair.icn.exchange.status(pair.icn.address(QM), _header(sealed).message_id)).recipients
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


async def test_a_repeat_is_answered_as_the_first_time(tmp_path: Path) -> None:
    """Byte for byte, accepted or refused, whatever the rules say by then; and nothing else happens."""
    async with two_networks(tmp_path, ceiling="amber+strict/restricted") as pair:
        await send(pair.icn, QM, [FAR])
        await send(pair.icn, QM, [FAR], handling="red/confidential")
        page = [data for _, data in await pair.out.page()]
        first = list(await pair.out.hand_over(page))
        assert {parse_receipt(receipts[0]).receipt.event for _, receipts in first} == {Event.ACCEPTED, Event.REFUSED}
        pair.join_anew(ceiling="red/confidential", takes=("case.match",))
        await republished(pair)
        events = len(await pair.eu.ledger.events(0, 99))
        again = list(await pair.out.hand_over(page))
        assert [list(receipts) for _, receipts in again] == [list(receipts) for _, receipts in first]
        assert sum((await pair.eu.totals()).values()) == 1
        assert len(await pair.eu.ledger.events(0, 99)) - events <= 2  # those of the dispatcher and the directory


async def republished(pair: Pair) -> None:
    """Wait until the gateway of `eu-network` has what its authority published."""
    await until(lambda: _taken_in(pair))


async def _taken_in(pair: Pair) -> bool:
    return pair.eu.publication.files is None


@pytest.mark.parametrize(
    ("rules", "changes", "code"),
    [
        ({"takes": ("case.match",)}, {}, "border-kind"),
        ({"ceiling": "amber/restricted"}, {}, "border-ceiling"),
        ({"handling": {"green/restricted": "amber/restricted"}}, {"handling": "amber/restricted"}, "handling-unknown"),
    ],
)
async def test_the_other_network_has_rules_of_its_own(
    tmp_path: Path, rules: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    """A refusal comes back signed for each recipient, is final, and the author is told."""
    async with two_networks(tmp_path, **rules) as pair:
        sealed = await send(pair.icn, QM, [FAR, FAR_TOO], **changes)
        assert await pair.out.carry() == [""]
        assert await states(pair.icn, sealed) == ["refused", "refused"]
        told = [parse_receipt(receipt).receipt for _, receipt in await pair.icn.exchange.outcomes(Address(QM), 0)]
        assert [(one.event, one.reason, one.signer) for one in told] == [(Event.REFUSED, code, pair.eu.parts.address)] * 2
        assert sum((await pair.eu.totals()).values()) == 0
        assert [event.event for event in await pair.eu.ledger.events(0, 99)].count("refused") == 2
        assert await pair.out.page(0) == []


async def test_what_the_relay_damaged_is_no_refusal(pair: Pair) -> None:
    """A proof beside what was signed can be damaged by anybody: it is held at home, and an operator may let it go again."""
    sealed = await send(pair.icn, QM, [FAR])
    ((number, data),) = await pair.out.page()
    bad = {
        "proof-bad": changed(data, lambda form: form[4].__setitem__(1, [bytes(32)])),
        "addressees-differ": changed(data, lambda form: form[2][0].__setitem__(2, [bytes(32)])),
        "checkpoint-bad": changed(data, lambda form: form[4].__setitem__(2, b"x")),
        "malformed": b"\x90",
    }
    taken = await pair.out.hand_over(list(bad.values()))
    assert [code for code, _ in taken] == list(bad)
    assert await pair.out.bring([(number, "proof-bad", [])]) == [""]
    assert (await states(pair.icn, sealed), await last_reason(pair.icn, sealed)) == (["held"], "proof-bad")
    await pair.icn.ledger.release_held(Ref(number, 0), bytes(32), "release")
    assert await pair.out.carry() == [""]
    assert await states(pair.icn, sealed) == ["relayed"]


async def test_who_brings_it(pair: Pair) -> None:
    """Only a relay of the sender's network, or a bridge here; and what comes back in a loop is nobody's."""
    await send(pair.icn, QM, [FAR])
    ((_, data),) = await pair.out.page()
    there, home = pair.eu.exchange.relay, pair.icn.exchange.relay
    assert (await there.take([data], Network("other")))[0][0] == "network-differs"
    assert (await home.take([data], EU))[0][0] == "network-differs"
    assert (await home.take([data], None))[0][0] == "network-differs"
    assert (await there.take([data], None))[0][0] == ""
    with pytest.raises(Rejected, match="peer-unknown"):
        await there.receipts_for(Network("other"), 0, 0)
    with pytest.raises(Rejected, match="peer-unknown"):
        await home.lease(Network("other"), "one", None)


async def test_one_id_for_two_messages_is_refused(pair: Pair) -> None:
    """Promise 4 across the border: the second is refused as a conflict, and the first stays."""
    one = await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    twin = pair.icn.sealed(QM, [FAR], b'{"b":2}', message_id=_header(one).message_id)
    await _forget(pair.icn, one)
    await pair.icn.exchange.submit_sealed(twin.submission)
    await pair.out.carry()
    assert (await states(pair.icn, twin), await last_reason(pair.icn, twin)) == (["refused"], "conflict")
    assert (await pair.eu.totals())["refused"] == 0


async def _forget(stage: Stage, sealed: Sealed) -> None:
    """Play a gateway that lost its memory of a message, and accepts another one under its id."""
    then = int(stage.clock()) + 400 * DAY
    assert await stage.ledger.kept.erase(Erasure(_header(sealed).kind, then, then, 9, 9)) == 1


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


async def test_a_conversation_keeps_its_order(tmp_path: Path) -> None:
    """After one that cannot be taken now the later ones of its conversation wait; others go on."""
    async with two_networks(tmp_path, per_hour=3) as pair:
        talk, other = ConversationId(os.urandom(16)), ConversationId(os.urandom(16))
        for conversation in (talk, other, other, talk, talk):
            await send(pair.icn, QM, [FAR], conversation_id=conversation)
        assert sorted(await pair.out.carry()) == ["", "", "", "busy", "too-many"]
        order = [Forward(data).header.conversation_id for _, data in await pair.out.page()]
        assert len(order) == 2
        pair.eu.clock.jump(3600)
        assert await pair.out.carry() == ["", ""]
        inbox, _ = await pair.eu.exchange.inbox(pair.eu.address("GN-QN"), 0)
        assert len(inbox) == 5


async def test_sealed_bytes_that_wait_are_bounded(tmp_path: Path) -> None:
    """What was not handed over counts, and a message goes when there is room again."""
    async with two_networks(tmp_path, waiting_bytes=2000) as pair:
        one, two = await send(pair.icn, QM, [FAR]), await send(pair.icn, QM, [FAR])
        assert sorted(await pair.out.carry()) == ["", "too-many"]
        await said(pair.eu, "GN-QN", one if (await states(pair.icn, one)) == ["relayed"] else two, Event.OPENED)
        pair.eu.clock.jump(60)
        assert await pair.out.carry() == [""]


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
    assert (await pair.icn.ledger.owed.copies()).count == 2
    await pair.out.carry()
    assert await pair.out.receipts(at_least=2) == ["", ""]
    assert [await states(pair.icn, one) for one in (waits, read)] == [["recalled"], ["delivered"]]
    assert (await pair.icn.ledger.owed.copies()).count == 1
    await said(pair.eu, "GN-QN", read, Event.DESTROYED)
    await pair.out.receipts()
    assert (await pair.icn.ledger.owed.copies()).count == 0
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
    conversation = _header(sealed).conversation_id
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
    assert [(await states(pair.icn, one), await last_reason(pair.icn, one)) for one in (here, late)] == [
        (["refused"], "expired")
    ] * 2


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


async def test_an_acceptance_that_was_dated_back_is_refused(pair: Pair) -> None:
    """It says to be older than a tree that was seen without it."""
    sealed = await send(pair.icn, QM, [FAR])
    gate = pair.icn.parts.address
    await pair.eu.ledger.relay.saw(gate, SeenTree(1, bytes(32), int(pair.eu.clock()) + 3700))
    await pair.out.carry()
    assert (await states(pair.icn, sealed), await last_reason(pair.icn, sealed)) == (["refused"], "out-of-time")


async def test_a_forked_log_is_refused(pair: Pair) -> None:
    """A tree of a size that was seen with another root; what was seen is remembered over a restart."""
    sealed = await send(pair.icn, QM, [FAR])
    page = await pair.out.page()
    view = pair.icn.parts.audit.view()
    assert view is not None
    await pair.eu.ledger.relay.saw(pair.icn.parts.address, SeenTree(view.size, bytes(32), int(pair.eu.clock())))
    ((code, receipts),) = await pair.out.hand_over([data for _, data in page])
    assert (code, parse_receipt(receipts[0]).receipt.reason) == ("", "log-forked")
    assert await pair.out.bring([(page[0][0], code, receipts)]) == [""]
    assert await states(pair.icn, sealed) == ["refused"]


async def test_the_trees_of_the_other_log_are_remembered(pair: Pair) -> None:
    """The largest one, in the ledger."""
    await send(pair.icn, QM, [FAR])
    await pair.out.carry()
    seen = await pair.eu.ledger.relay.seen(pair.icn.parts.address)
    view = pair.icn.parts.audit.view()
    assert seen is not None
    assert view is not None
    assert SeenLog(*seen)[:2] == (view.size, view.root)


async def test_a_peer_that_is_not_named_any_more_is_nobody(pair: Pair) -> None:
    """Nothing goes there and nothing comes from there, at once."""
    await send(pair.icn, QM, [FAR])
    page = [data for _, data in await pair.out.page()]
    pair.eu.world.peers = ()
    pair.eu.publication.files = pair.eu.world.publication()
    await republished(pair)
    assert [code for code, _ in await pair.out.hand_over(page)] == ["peer-unknown"]
    with pytest.raises(Rejected, match="peer-unknown"):
        await pair.eu.exchange.relay.receipts_for(ICN, 0, 0)
    with pytest.raises(Rejected, match="peer-unknown"):
        await pair.back.lease()
