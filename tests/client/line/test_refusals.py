"""A refusal ends a message when a gateway signed it; what anybody on the line could have said ends nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gateway.client.line.refusals import clock_hint
from gateway.client.line.session import Session
from gateway.client.records import outgoing
from gateway.client.sending.rows import evidence_of
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.protocol import media
from gateway.protocol.refusal import verify_problem
from tests.client.examples import RESPONSE, content, drain
from tests.client.sending.test_sending import DAY_S, pass_time

if TYPE_CHECKING:
    from gateway.client.contact_point import ContactPoint
    from gateway.client.sending.send_receipt import SendReceipt
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World


async def kept_once(qm: ContactPoint, gate: FakeGateway) -> SendReceipt:
    """Send a message that waits in the home, and let the gateway be reached again."""
    gate.down = True
    sent = await qm.send(content(), to=["GN-QN"])
    gate.down = False
    return sent


async def test_a_signed_refusal_is_final_and_kept_as_evidence(homes: Homes, gate: FakeGateway, world: World) -> None:
    """The home shows who refused what: the bytes that were sent, the document and the signature, all encrypted."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        sent = await kept_once(qm, gate)
        world.change("GN-QN", clearance="official-use-only")
        world.publish()
        status = await qm.status(sent.message_id)
        parts = qm._parts
        row = await parts.home.store.read(lambda connection: outgoing.find(connection, sent.message_id))
        assert row is not None
        assert row.body is not None
        evidence = evidence_of(parts.home, row)
        assert evidence is not None
        assert b"clearance" not in (row.refusal or b"")
        found = verify_problem(
            evidence.field,
            request_body=parts.home.open(row.body, b"outgoing/body" + sent.message_id),
            problem=evidence.problem,
            answers=world.answers,
            network=world.network,
            received_at=evidence.received_at,
        )
    assert (status.state, status.reason, status.refused_by) == ("refused", "clearance", "GW-ICN@icn")
    assert (found.gateway, found.code) == ("GW-ICN@icn", "clearance")


@pytest.mark.parametrize(
    "code",
    [
        *("malformed", "not-canonical", "too-large", "unknown-version", "unknown-suite", "bad-address", "cannot-open"),
        *("unsupported-media", "bad-request", "conflict", "sender-unknown", "expired", "out-of-time", "recipient-key"),
        *("directory-ahead", "kind-not-allowed"),
    ],
)
async def test_a_strangers_refusal_ends_nothing(homes: Homes, gate: FakeGateway, code: str) -> None:
    """Whatever the code, what nobody signed leaves the message kept, and it goes out when the gateway is there."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.stranger = Rejected(code=code)
        sent = await qm.send(content(), to=["GN-QN"])
        told = await qm.status(sent.message_id)
        gate.stranger = None
        status = await qm.status(sent.message_id)
        read = await drain(gn)
    assert sent.kept
    assert (told.state, told.reason, told.refused_by) == ("kept", code, None)
    assert (status.state, status.reason, status.envelope_hash) == ("accepted", None, sent.envelope_hash)
    assert [one.message_id for one in read] == [sent.message_id]


@pytest.mark.parametrize("damage", ["", "%%%%", "x" * 108, "turned"])
async def test_a_signature_that_does_not_verify_is_none(homes: Homes, gate: FakeGateway, world: World, damage: str) -> None:
    """A refusal with a spoiled signature ends nothing either."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        sent = await kept_once(qm, gate)
        world.change("GN-QN", clearance="official-use-only")
        world.publish()
        gate.damage_signature = lambda field: field[::-1] if damage == "turned" else damage
        spoiled = await qm.status(sent.message_id)
        gate.damage_signature = lambda field: field
        status = await qm.status(sent.message_id)
    assert (spoiled.state, spoiled.reason) == ("kept", "clearance")
    assert (status.state, status.refused_by) == ("refused", "GW-ICN@icn")


async def test_the_next_gateway_is_asked_when_a_stranger_refuses(homes: Homes, gate: FakeGateway) -> None:
    """A refusal that nobody signed is passed over like a dead address."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        asked: list[str] = []
        transport = qm._parts.transport
        exchange = transport._exchange

        async def first_is_a_stranger(method: str, url: str, *rest: object) -> object:
            if url.endswith(media.MESSAGES):
                asked.append(url)
                gate.stranger = Rejected(code="kind-not-allowed") if len(asked) == 1 else None
            return await exchange(method, url, *rest)  # type: ignore[arg-type]

        transport._exchange = first_is_a_stranger  # type: ignore[assignment,method-assign]
        transport._gateways = [gate.base, gate.base]
        sent = await qm.send(content(), to=["GN-QN"])
    assert (sent.kept, len(asked)) == (False, 2)


async def test_one_message_that_is_refused_holds_up_no_other(homes: Homes, gate: FakeGateway) -> None:
    """What waits behind it goes out, and so does what is sent next."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.stranger = Rejected(code="malformed")
        first = await qm.send(content(), to=["GN-QN"])
        outbox = qm._parts.outbox
        tried = outbox._post

        async def only_the_first_is_refused(row: outgoing.Outgoing) -> SendReceipt:
            gate.stranger = Rejected(code="malformed") if row.message_id == first.message_id else None
            return await tried(row)

        outbox._post = only_the_first_is_refused  # type: ignore[method-assign]
        second = await qm.send(content(), to=["GN-QN"])
        assert ((await qm.status(first.message_id)).state, second.kept) == ("kept", False)


async def test_what_the_home_sees_by_itself_needs_no_signature(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A message that is past its expiry by the home's own clock ends, whoever says so."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        sent = await qm.send(content(), to=["GN-QN"], expires_in_s=3600)
        gate.down, gate.stranger = False, Rejected(code="expired")
        early = await qm.status(sent.message_id)
        clock.ahead_s = 2 * 3600
        late = await qm.status(sent.message_id)
    assert (early.state, early.reason) == ("kept", "expired")
    assert (late.state, late.reason, late.refused_by) == ("refused", "expired", None)


@pytest.mark.parametrize("clear", [False, True])
async def test_a_message_whose_own_key_was_closed_meanwhile_is_signed_anew(
    homes: Homes, gate: FakeGateway, world: World, clock: Clock, *, clear: bool
) -> None:
    """The gateway cannot prove the old signature and signs nothing; the home sees that its key is closed, and signs again."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        kept = await qm.send(content(RESPONSE) if clear else content(), to=["GN-QN"], sealed_by_gateway=clear)
        gate.down = False
        member = world.member("NCB-QM")
        key = member.key(Use.AUTHOR if clear else Use.AGENT)
        gate.stranger = Rejected(code="cannot-open")
        still = await qm.status(kept.message_id)
        assert still.state == "kept"
        record = world.directory.key(key.key_id)
        assert record is not None
        # The home's copy says so; the gateway's need not: what it is sent next is new.
        directory = qm._parts.directory
        last = directory.last

        class Closed:
            """The directory, in which the key is closed."""

            def __getattr__(self, name: str) -> object:
                return getattr(last(), name)

            def key(self, key_id: bytes) -> object:
                """Close the first key."""
                gate.stranger = None
                return None if key_id == key.key_id else last().key(key_id)  # type: ignore[arg-type]

        directory.last = Closed  # type: ignore[method-assign,assignment]
        anew = await qm._parts.outbox.flush(look=True)
        directory.last = last  # type: ignore[method-assign]
        status = await qm.status(kept.message_id)
    assert anew
    assert status.state == "accepted"


async def test_a_wrong_clock_ends_no_message(homes: Homes, gate: FakeGateway, world: World, clock: Clock) -> None:
    """A gateway that signs that the times do not fit also says its own: the message waits until the clock is right."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        right = gate.clock
        gate.clock = lambda: right() - 1000
        sent = await qm.send(content(), to=["GN-QN"])
        gate.clock = right
        status = await qm.status(sent.message_id)
    assert (sent.kept, status.state) == (True, "accepted")


def test_the_clock_hint_says_which_way_and_how_far() -> None:
    """Who has to set a clock learns by how much; small differences are nobody's business."""
    assert clock_hint(None, 1000) is None
    assert clock_hint(1000, 1100) is None
    assert "1000 s ahead of" in (clock_hint(1000, 2000.4) or "")
    assert "700 s behind" in (clock_hint(1700, 1000) or "")


async def test_a_clock_that_is_off_is_told_by_how_much(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A signed request at a wrong time is answered with the gateway's time, and the SDK says the difference."""
    async with homes("NCB-QM") as qm:
        await qm.publish_card()
        clock.ahead_s = 0
        transport = qm._parts.transport
        transport._clock = lambda: clock() + 4000
        with pytest.raises(Rejected) as refused:
            await transport.get("/v1/inbox")
    assert refused.value.code == "clock-skew"
    assert re.search("400[01] s ahead of the gateway's", refused.value.hint)


async def test_a_week_of_waiting_is_seen_at_home(homes: Homes, gate: FakeGateway, world: World, clock: Clock) -> None:
    """What waited more than seven days is written anew even where the refusal is nobody's word."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        kept = await kept_once(qm, gate)
        pass_time(world, clock, 8 * DAY_S)
        gate.damage_signature = lambda _: ""
        status = await qm.status(kept.message_id)
        gate.damage_signature = lambda field: field
    assert status.state == "accepted"
    assert status.envelope_hash != kept.envelope_hash


async def _ended(session: Session) -> None:
    while True:
        await session.receive()


async def test_a_refused_renewal_says_what_the_gateways_clock_shows(homes: Homes, gate: FakeGateway) -> None:
    """A session that ends for a wrong clock tells which time the gateway has."""
    async with homes("NCB-QM") as qm:
        await qm.publish_card()
        parts = qm._parts
        session = await Session.open(parts.transport)
        await session.renew(parts.home.keyring, gate.clock() + 5000)
        with pytest.raises(Rejected) as refused:
            await _ended(session)
        await session.close()
    assert refused.value.code == "clock-skew"
    assert "the gateway's shows" in refused.value.hint
