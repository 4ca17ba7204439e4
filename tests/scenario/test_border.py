"""Two networks on RabbitMQ and PostgreSQL with `gateway relay` between them: what passes, what comes back, what stops it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import pytest_asyncio

from gateway.envelope.keyfile import Cost
from gateway.errors import Rejected
from gateway.ids import format_id
from gateway.network import Successor, rotate_officer
from gateway.protocol import media
from gateway.staging import stage as staging
from tests.scenario.border import EU, GN, ICN, OTP, QM, Frontier, frontier, line, soon
from tests.scenario.theatre import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.client import SendReceipt
    from gateway.client.sent.outstanding import Demand
    from gateway.ids import Address
    from tests.support.postgres import Cluster
    from tests.support.rabbitmq import RabbitNode

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]

REQUEST, ANSWER = "cooperation.request/hear-a-witness", "request.response/accepted-in-part"
REPORT = "information.report/sighting"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def border(
    tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Cluster, rabbit_node: RabbitNode
) -> AsyncIterator[Frontier]:
    """Two networks for all tests of this file."""
    names = [postgres_cluster.create() for _ in range(2)]
    brokers = [rabbit_node.vhost(f"border-{name}") for name in ("icn", "eu")]
    async with frontier(tmp_path_factory.mktemp("border"), [postgres_cluster.url(name) for name in names], brokers) as found:
        yield found
    for name in names:
        postgres_cluster.drop(name)


async def answered(border: Frontier, who: Address, asked: SendReceipt) -> Demand:
    """Wait until everybody has answered what a message asked of its holders, and return that."""

    async def found() -> Demand | None:
        demands = await border.points[who].outstanding(everything=True)
        return next((one for one in demands if one.message_id == asked.message_id and not one.waiting), None)

    return await soon(found)


async def test_a_request_is_answered_and_corrected(border: Frontier) -> None:
    """Each side holds the other's signed receipt, and the correction of what crossed is known to be read."""
    asked = await border.says(QM, say(REQUEST), [GN])
    got = await border.hears(GN, asked)
    await border.comes_to("opened", QM, asked)
    told = await border.says(GN, say(ANSWER, line(asked)), [QM], got)
    heard = await border.hears(QM, told)
    assert (heard.sender, heard.header.in_reply_to) == (GN, asked.envelope_hash)
    await border.comes_to("opened", GN, told)
    right = await border.says(QM, say(REQUEST), [GN], conversation_id=asked.conversation_id)
    changes = {"body__new_message_id": format_id(right.message_id), "body__changed": ["/body/facts"]}
    said = await border.says(QM, say("system.correction/wrong-date", line(asked), **changes), [GN], asked)
    await border.hears(GN, said)
    demand = await answered(border, QM, said)
    assert [(one.recipient, one.answer) for one in demand.holders] == [(GN, "opened")]


async def test_a_consent_crosses_and_is_withdrawn(border: Frontier) -> None:
    """Asked for, granted, used within the own network, and revoked: from then on nothing goes."""
    qm = border.points[QM]
    whole: dict[str, Any] = {"respond_by": None, "body__items": []}
    report = await border.says(GN, say(REPORT), [QM])
    got = await border.hears(QM, report)
    with pytest.raises(Rejected, match="consent-missing"):
        await qm.forward(got.envelope_hash, to=[OTP])
    wanted = [{"type": "onward", "to": [OTP]}]
    asked = await border.says(QM, say("sharing.consent/ask", line(report), **whole, body__wanted=wanted), [GN], got)
    await border.hears(GN, asked)
    terms: dict[str, Any] = {**whole, "body__wanted": wanted, "body__agreed_by": None, "body__valid_until": "2199-12-31"}
    grant = say("sharing.consent/grant", line(report), **terms, body__ask_ref=line(asked).envelope_hash.hex())
    granted = await border.says(GN, grant, [QM], report)
    await border.hears(QM, granted)
    passed = await qm.forward(got.envelope_hash, to=[OTP])
    await border.hears(OTP, passed)
    terms = {**whole, "body__wanted": wanted, "body__earlier_refs": [line(granted).envelope_hash.hex()]}
    revoked = await border.says(GN, say("sharing.consent/revoke", line(report), **terms), [QM], report)
    await border.hears(QM, revoked)
    with pytest.raises(Rejected, match="consent-missing"):
        await qm.forward(got.envelope_hash, to=[OTP])


@pytest.mark.parametrize(("author", "holder"), [(QM, GN), (GN, QM)])
async def test_a_recall_comes_back_with_its_receipt(border: Frontier, author: Address, holder: Address) -> None:
    """In both directions: the holder's software destroys its copy, and its signature comes home."""
    sent = await border.says(author, say(REPORT), [holder])
    await border.hears(holder, sent)
    recall = await border.points[author].recall(sent.message_id, "the wrong person", mode="delete")
    await border.hears(holder, recall)
    demand = await answered(border, author, recall)
    assert [(one.recipient, one.answer) for one in demand.holders] == [(holder, "deleted")]


async def test_thin_clients_write_and_read_across_the_border(border: Frontier) -> None:
    """One hands over clear text for its own gateway to seal; the other fetches over HTTP, and never opens a session."""
    asked = await border.says(GN, say(REQUEST), [QM])
    got = await border.hears(QM, asked)
    told = await border.says(QM, say(ANSWER, line(asked)), [GN], got, sealed_by_gateway=True)
    await border.comes_to("relayed", QM, told)
    answer = await border.points[GN]._parts.transport.ask("GET", media.INBOX)
    deliveries, _ = msgspec.msgpack.decode(answer.body)
    read = await border.points[GN].read(deliveries[-1])
    assert (read.sender, read.header.sealer, read.envelope_hash) == (QM, "GW@icn", told.envelope_hash)
    await border.hears(GN, told)


async def test_another_relay_process_takes_over(border: Frontier) -> None:
    """Of two processes one waits; when the active one is killed the other carries, and nothing is doubled or lost."""
    second = border.relay(ICN, "second")
    second.start()
    try:
        first = border.relays[ICN]
        sent = [await border.says(QM, say(REPORT), [GN]) for _ in range(3)]
        await border.hears(GN, sent[-1])
        assert (first.told("relay-active"), second.told("relay-active")) == (1, 0)
        first.kill()
        late = await border.says(QM, say(REPORT), [GN])
        assert await border.state(QM, late) == "outbound"
        await border.hears(GN, late)
        assert second.told("relay-active") == 1
        for one in (*sent, late):
            await border.comes_to("opened", QM, one)
            assert border.heard[GN].count(line(one).envelope_hash) == 1
    finally:
        second.kill()
        border.relays[ICN].start()


async def test_a_new_root_of_the_other_network_is_followed(border: Frontier) -> None:
    """Its officers change, nobody here does anything, and mail passes in both directions."""
    folder = border.sides[EU].stage.folder / "authority"
    successor = Successor(officer=2, passphrase=b"another fictional passphrase of officer 2", cost=Cost(1, 8 << 20))
    rotate_officer(folder, successor, dict(enumerate(staging._OFFICERS, 1)), time.time())

    async def followed() -> bool:
        await border.points[QM]._parts.directory.refresh()
        return any(name.endswith("2.root.json") for name in border.points[QM]._parts.directory.files(EU))

    await soon(followed)
    there = await border.says(QM, say(REPORT), [GN])
    await border.hears(GN, there)
    back = await border.says(GN, say(REPORT), [QM])
    await border.hears(QM, back)
    await border.comes_to("opened", GN, back)


async def test_with_a_peer_that_is_removed_nothing_passes(border: Frontier) -> None:
    """In neither direction, from the publication on: what waits stays, what is new is refused, and its relay is a stranger."""
    peer, strange = border.authority(ICN).who.peers[0], border.relays[EU].told("peer-unknown")
    border.authority(ICN).remove_peer(EU)
    border.publish(ICN)

    async def refused() -> bool:
        try:
            await border.points[QM]._parts.directory.refresh()
            await border.points[QM].send(say(REPORT), to=[GN])
        except Rejected as exc:
            return exc.code in {"peer-unknown", "recipient-unknown"}
        return False

    await soon(refused)
    waits = await border.says(GN, say(REPORT), [QM])

    async def stranger() -> bool:
        return border.relays[EU].told("peer-unknown") > strange

    await soon(stranger)
    assert await border.state(GN, waits) == "outbound"
    border.authority(ICN).add_peer(peer)
    border.publish(ICN)
    await border.hears(QM, waits)
