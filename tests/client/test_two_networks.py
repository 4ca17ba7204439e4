"""Messages between two networks, as their homes see it: sealed for a neighbour's key, opened with two acceptances, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.client.proof.provable import _other_network
from gateway.envelope.receipt import Event
from gateway.errors import Rejected
from gateway.ids import Address
from tests.client.examples import REQUEST, content, drain
from tests.client.pair import EU, FAR, NEAR, Pair, serve_pair
from tests.support.network import join

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.client import ContactPoint, Delivery
    from tests.client.conftest import Clock

REPORT = "information.report/open-source-video"


@pytest.fixture
async def pair(tmp_path: Path, clock: Clock) -> AsyncIterator[Pair]:
    """Serve two networks."""
    async with serve_pair(tmp_path, clock) as pair:
        yield pair


async def met(pair: Pair, *points: ContactPoint) -> None:
    """Let homes publish their keys, and everybody see them."""
    for point in points:
        await point.publish_card()
    pair.clock.ahead_s += 400


async def arrived(pair: Pair, qm: ContactPoint, gn: ContactPoint) -> Delivery:
    """Send from one network to the other, and return what arrives."""
    await met(pair, qm, gn)
    await qm.send(content(), to=[FAR, "NCB-QN"])
    pair.carry()
    [delivery] = await drain(gn)
    return delivery


async def test_a_message_is_opened_with_the_acceptances_of_both_networks(pair: Pair) -> None:
    """The number is that of the recipient's own network; the author learns by signed receipts how far it came."""
    pair.there.numbers = 40
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        await met(pair, qm, gn)
        receipt = await qm.send(content(), to=[FAR, "NCB-QN"])
        assert {one.recipient: one.state for one in (await qm.status(receipt.message_id)).recipients}[FAR] == "outbound"
        pair.carry()
        relayed = {one.recipient: one for one in (await qm.status(receipt.message_id)).recipients}[FAR]
        assert (relayed.state, relayed.proved) == ("relayed", True)
        [delivery] = await drain(gn)
        pair.carry()
        opened = {one.recipient: one for one in (await qm.status(receipt.message_id)).recipients}[FAR]
    assert (delivery.sender, delivery.number, delivery.handled_as) == (NEAR, 41, delivery.header.handling)
    assert delivery.opened.first <= delivery.opened.last
    assert (opened.state, opened.proved) == ("opened", True)


async def test_an_answer_comes_back(pair: Pair) -> None:
    """A conversation goes on across the border like any other."""
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        delivery = await arrived(pair, qm, gn)
        await gn.reply(delivery, content(REPORT))
        pair.carry()
        [answer] = await drain(qm)
    assert (answer.sender, answer.header.in_reply_to) == (FAR, delivery.envelope_hash)


async def test_what_a_code_means_here_counts_beside_what_was_signed(pair: Pair) -> None:
    """The application sees both, and what it makes from the message inherits the strictest; nothing is rewritten."""
    signed = content().handling.code
    join(pair.theirs, pair.ours, "RELAY-ICN", handling={signed: "amber+strict/confidential"})
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        delivery = await arrived(pair, qm, gn)
        assert (delivery.header.handling, delivery.handled_as) == (signed, "amber+strict/confidential")
        assert delivery.to_json()["handled_as"] == delivery.handled_as
        with pytest.raises(Rejected) as laxer:
            await gn.send(content(REPORT), to=[NEAR], in_reply_to=delivery.envelope_hash)
        await gn.reply(delivery, content(REPORT))
        pair.carry()
        [answer] = await drain(qm)
    assert laxer.value.code == "handling-laxer"
    assert answer.header.handling == "amber+strict/confidential"


async def test_a_code_without_meaning_here_is_refused(pair: Pair) -> None:
    """A table that does not list the code fails closed, even if a gateway let it pass."""
    join(pair.theirs, pair.ours, "RELAY-ICN", handling={"clear/restricted": "green/restricted"})
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        await met(pair, qm, gn)
        receipt = await qm.send(content(), to=[FAR])
        pair.carry()
        assert await drain(gn) == []
        pair.carry()
        [row] = (await qm.status(receipt.message_id)).recipients
    assert (row.state, row.reason, row.proved) == ("rejected", "handling-unknown", True)


async def test_a_refusal_of_the_other_network_is_told_to_the_author(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """With its code, in a receipt of that network's gateway."""
    async with pair.home(NEAR) as qm:
        receipt = await qm.send(content(), to=[FAR])
        pair.carry(refuse="border-ceiling")
        [row] = (await qm.status(receipt.message_id)).recipients
    assert (row.state, row.reason, row.proved) == ("refused", "border-ceiling", True)
    assert f"{FAR}: refused, border-ceiling" in caplog.text


@pytest.mark.parametrize("event", [Event.REFUSED, Event.EXPIRED, Event.HELD])
async def test_a_gateway_of_another_network_has_no_say(pair: Pair, event: Event) -> None:
    """What the gateway of a peer signs about a neighbour proves nothing, however good its key is."""
    async with pair.home(NEAR) as qm:
        receipt = await qm.send(content(), to=["NCB-QN"])
        row = pair.here.messages[NEAR, receipt.message_id].rows[0]
        row.state, row.reason = str(event), "border-kind"
        row.receipt = pair.there.receipt(event, row.envelope_hash, row.recipient, reason="border-kind")
        pair.here.told.append((NEAR, row.receipt))
        [shown] = (await qm.status(receipt.message_id)).recipients
        assert not shown.proved


async def test_a_removed_peers_messages_are_refused(pair: Pair, clock: Clock) -> None:
    """What it sent before and was not opened yet proves nothing any more."""
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        await met(pair, qm, gn)
        receipt = await qm.send(content(), to=[FAR])
        pair.carry()
        pair.theirs.peers, pair.theirs.joined = (), []
        pair.theirs.publish()
        clock.ahead_s += 400
        assert await drain(gn) == []
        pair.carry()
        [row] = (await qm.status(receipt.message_id)).recipients
    assert (row.state, row.reason) == ("rejected", "peer-unknown")


async def test_a_recall_crosses_the_border_and_is_answered(pair: Pair) -> None:
    """The holder there obeys, and its signed answer counts here."""
    async with pair.home(NEAR) as qm, pair.home(FAR) as gn:
        delivery = await arrived(pair, qm, gn)
        await qm.recall(delivery.message_id, reason="Sent to the wrong unit", mode="delete")
        pair.carry()
        [recall] = await drain(gn)
        pair.carry()
        [outstanding] = await qm.outstanding(everything=True)
    assert recall.recall == "deleted"
    assert {holder.recipient: holder.answer for holder in outstanding.holders}[FAR] == "deleted"


async def test_what_may_not_leave_is_refused_before_it_is_sealed(pair: Pair) -> None:
    """The author learns the rule of the border at once; no gateway is asked."""
    join(pair.ours, pair.theirs, "RELAY-EU", ceiling="clear/official-use-only", sends=("information.report",))
    async with pair.home(NEAR) as qm:
        for name, code in ((REQUEST, "border-kind"), (REPORT, "border-ceiling")):
            with pytest.raises(Rejected) as refused:
                await qm.send(content(name), to=["NCB-QN", FAR])
            assert refused.value.code == code
    assert pair.here.messages == {}


async def test_a_bundle_of_evidence_shows_one_other_network(pair: Pair) -> None:
    """Who names recipients of two is told so; what this side of the border shows is proved as ever."""
    async with pair.home(NEAR) as qm:
        names = [NEAR, FAR, Address("GN-QX@a-third-network")]
        assert _other_network(qm._parts, names[:2]) == EU
        assert _other_network(qm._parts, names[:1]) is None
        with pytest.raises(Rejected) as refused:
            _other_network(qm._parts, names)
    assert refused.value.code == "network-differs"
