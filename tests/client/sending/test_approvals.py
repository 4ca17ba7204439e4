"""With one signature a message that needs two stays at home; a second officer lets it go, or ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.home.held_keys import KeyState
from gateway.client.records import outgoing
from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.envelope.accept import examine
from gateway.envelope.keys import SigningKey, Use
from gateway.errors import Rejected
from gateway.ids import format_id
from gateway.message import Content
from tests.client.examples import RESPONSE, content, drain
from tests.client.sending.test_sending import DAY_S, pass_time
from tests.client.trust.test_keys import stored
from tests.support.four_eyes import needs_approval

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.client import ContactPoint
    from gateway.client.records.outgoing import Outgoing
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

AUTHOR, SECOND = "officer-12", "officer-07"  # the first as the example names its author


@pytest.fixture(autouse=True)
def four_eyes() -> Iterator[None]:
    """Requests for cooperation need a second officer."""
    with needs_approval():
        yield


@pytest.fixture
def officer(world: World) -> SigningKey:
    """Return the approval key that the sender's key card lists, and no home has."""
    return world.member("NCB-QM").key(Use.APPROVAL)


@pytest.fixture
async def gn(homes: Homes) -> AsyncIterator[ContactPoint]:
    """Open the home of the recipient, who can be sealed to."""
    async with homes("GN-QN") as point:
        await point.publish_card()
        yield point


@pytest.fixture
async def qm(homes: Homes, gn: ContactPoint) -> AsyncIterator[ContactPoint]:
    """Open the home of the sender."""
    async with homes("NCB-QM") as point:
        await point.publish_card()
        yield point


def stolen(key: SigningKey, at: int) -> KeyRevocation:
    """Return the row by which the authority revokes a key."""
    return KeyRevocation(key_id=key.key_id.hex(), revoked_at=at, reason=RevocationReason.STOLEN)


async def row_of(point: ContactPoint, message_id: bytes) -> Outgoing:
    """Return a row of the home."""
    row = await point._parts.home.store.read(lambda connection: outgoing.find(connection, message_id))
    assert row is not None
    return row


async def refused(point: ContactPoint, message_id: bytes, key: SigningKey, officer: str | None = SECOND, **more: str) -> str:
    """Approve in vain; return the code."""
    with pytest.raises(Rejected) as told:
        await point.approve(message_id, key, officer=officer, **more)  # type: ignore[arg-type]
    return told.value.code


async def test_with_one_signature_nothing_leaves(qm: ContactPoint, gn: ContactPoint, gate: FakeGateway) -> None:
    """It waits in the home, nobody has sealed it, and no later message takes it along."""
    receipt = await qm.send(content(), to="GN-QN")
    assert (receipt.waiting, receipt.kept, receipt.envelope_hash, receipt.number) == (True, False, None, None)
    row = await row_of(qm, receipt.message_id)
    assert (row.state, row.body, row.envelope_hash) == ("waiting", None, b"")
    await qm.send(content(RESPONSE), to="GN-QN")
    assert [one.kind for one in await drain(gn)] == ["request.response"]
    assert (await qm.status(receipt.message_id)).state == "waiting"
    assert len(gate.messages) == 1


async def test_what_waits_is_listed_as_it_was_written(qm: ContactPoint) -> None:
    """Oldest first, with recipients, times, the author's name and the very bytes that were signed; for scripts too."""
    receipts = [await qm.send(content(), to=to) for to in ("GN-QN", "TRIB-QX-OTP")]
    found = await qm.approvals()
    assert [one.message_id for one in found] == [one.message_id for one in receipts]
    assert [one.recipients for one in found] == [("GN-QN@icn",), ("TRIB-QX-OTP@icn",)]
    assert found[0].officer == AUTHOR
    assert found[0].content.raw == content().raw
    assert len({one.draft for one in found}) == 2
    told = msgspec.json.decode(msgspec.json.encode(found[0].to_json()))
    assert told["message_id"] == format_id(receipts[0].message_id)
    assert told["content"] == msgspec.json.decode(content().raw)
    assert "Tal Varo" not in repr(found)


async def test_an_approved_message_goes_out_as_it_was_shown(
    qm: ContactPoint, gn: ContactPoint, gate: FakeGateway, officer: SigningKey
) -> None:
    """The recipient has the bytes that the officer saw, with the time of writing, and reads whose key approved it."""
    sent = await qm.send(content(), to="GN-QN")
    [shown] = await qm.approvals()
    receipt = await qm.approve(sent.message_id, officer, officer=SECOND, draft=shown.draft)
    [delivery] = await drain(gn)
    status = await qm.status(format_id(sent.message_id))
    assert (receipt.waiting, receipt.number, receipt.message_id) == (False, 1, sent.message_id)
    assert delivery.approved_by == officer.key_id
    assert delivery.to_json()["approved_by"] == format_id(officer.key_id)
    assert (delivery.content.raw, delivery.header.created) == (shown.content.raw, shown.created)
    assert (status.state, status.count("opened")) == ("accepted", 1)
    assert status.decision is not None
    assert (status.decision.key_id, status.decision.officer) == (officer.key_id, SECOND)
    assert await qm.approvals() == []
    assert await refused(qm, sent.message_id, officer) == "conflict"
    assert gate.states() == {"opened": 1}


async def test_what_nobody_approved_says_so(qm: ContactPoint, gn: ContactPoint) -> None:
    """A kind that needs no approval is sent at once, and its delivery names no officer."""
    receipt = await qm.send(content(RESPONSE), to="GN-QN")
    [delivery] = await drain(gn)
    assert (receipt.waiting, delivery.approved_by, delivery.to_json()["approved_by"]) == (False, None, None)


@pytest.mark.parametrize(
    ("name", "code"), [(None, "approval-missing"), (AUTHOR, "approval-missing"), ("Officer Seven", "bad-request")]
)
async def test_an_author_is_not_its_own_second_officer(
    qm: ContactPoint, officer: SigningKey, gate: FakeGateway, name: str | None, code: str
) -> None:
    """Where the content names its author, whoever approves it gives another name; else it goes on waiting."""
    sent = await qm.send(content(), to="GN-QN")
    assert await refused(qm, sent.message_id, officer, name) == code
    assert (await qm.status(sent.message_id)).state == "waiting"
    assert gate.messages == {}


async def test_content_without_an_author_needs_no_name(qm: ContactPoint, officer: SigningKey) -> None:
    """There is nobody to tell apart but by the keys."""
    sent = await qm.send(msgspec.structs.replace(content(), author=None), to="GN-QN")
    assert (await qm.approve(sent.message_id, officer)).number == 1


@pytest.mark.parametrize("whose", ["of another participant", "for another use", "on no card", "revoked", "inside the home"])
async def test_only_a_current_approval_key_of_the_sender_approves(
    qm: ContactPoint, world: World, gate: FakeGateway, officer: SigningKey, whose: str
) -> None:
    """Any other key is refused before anything is sealed; one that lies in the home is no second pair of eyes."""
    sent, key = await qm.send(content(), to="GN-QN"), officer
    if whose == "of another participant":
        key = world.member("GN-QN").key(Use.APPROVAL)
    elif whose == "for another use":
        key = world.member("NCB-QM").key(Use.AGENT)
    elif whose == "on no card":
        key = SigningKey.from_seed(qm.address, Use.APPROVAL, bytes(32))
    elif whose == "revoked":
        world.revoked = (stolen(officer, world.now),)
        world.publish()
        await qm._parts.directory.refresh()
    else:
        home = qm._parts.home
        await home.store.write(lambda connection: home.shelf.add(connection, officer, KeyState.HELD, 0))
    assert await refused(qm, sent.message_id, key) == "bad-key"
    assert (await qm.status(sent.message_id)).state == "waiting"
    assert gate.messages == {}


async def test_nothing_but_what_was_shown_is_approved(qm: ContactPoint, officer: SigningKey, gate: FakeGateway) -> None:
    """With the name of another draft the officer is told to look again."""
    sent = [await qm.send(content(), to="GN-QN") for _ in range(2)]
    first, second = await qm.approvals()
    assert await refused(qm, sent[0].message_id, officer, draft=second.draft) == "conflict"
    assert (await qm.approve(sent[0].message_id, officer, officer=SECOND, draft=first.draft)).number == 1
    assert len(gate.messages) == 1


async def test_a_refused_message_ends_with_a_trace_in_the_home(
    qm: ContactPoint, officer: SigningKey, gate: FakeGateway, tmp_path: Path
) -> None:
    """It is never sent, its sender reads why, and the reason stands nowhere in clear."""
    sent = await qm.send(content(), to="GN-QN")
    await qm.refuse_approval(sent.message_id, "  the warrant is missing ")
    status = await qm.status(sent.message_id)
    assert (status.state, status.reason) == ("refused", "approval-refused")
    assert status.decision is not None
    assert (status.decision.refused, status.decision.key_id) == ("the warrant is missing", None)
    assert await qm.approvals() == []
    assert await refused(qm, sent.message_id, officer) == "conflict"
    assert b"the warrant" not in stored(tmp_path / "NCB-QM")
    assert gate.messages == {}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_a_refusal_has_a_reason(qm: ContactPoint, reason: str) -> None:
    """Without one, or with a long one, the message goes on waiting."""
    sent = await qm.send(content(), to="GN-QN")
    with pytest.raises(Rejected, match="bad-request"):
        await qm.refuse_approval(sent.message_id, reason)
    assert len(await qm.approvals()) == 1


async def test_an_unknown_message_cannot_be_approved(qm: ContactPoint, officer: SigningKey) -> None:
    """An id that this home never sent is told as such."""
    assert await refused(qm, bytes(16), officer) == "not-found"


async def test_an_approved_message_waits_for_a_gateway_like_any_other(
    homes: Homes, qm: ContactPoint, gn: ContactPoint, gate: FakeGateway, officer: SigningKey
) -> None:
    """Its sealed bytes are in the home before they leave it, and a later start sends the same ones."""
    sent = await qm.send(content(), to="GN-QN")
    gate.down = True
    kept = await qm.approve(sent.message_id, officer, officer=SECOND)
    row = await row_of(qm, sent.message_id)
    assert (kept.kept, kept.waiting, kept.envelope_hash) == (True, False, row.envelope_hash)
    assert row.body is not None
    body = qm._parts.home.open(row.body, b"outgoing/body" + sent.message_id)
    assert examine(body).approval is not None
    gate.down = False
    async with homes("NCB-QM") as again:
        status = await again.status(sent.message_id)
    [message] = gate.messages.values()
    assert (status.state, status.envelope_hash, message.submission) == ("accepted", kept.envelope_hash, body)
    [delivery] = await drain(gn)
    assert delivery.approved_by == officer.key_id


async def test_what_was_approved_and_waited_too_long_needs_another_approval(
    qm: ContactPoint, gn: ContactPoint, gate: FakeGateway, world: World, clock: Clock, officer: SigningKey
) -> None:
    """New bytes have a new hash, which nobody approved: it waits, says why, and goes out when somebody does."""
    sent = await qm.send(content(), to="GN-QN")
    gate.down = True
    await qm.approve(sent.message_id, officer, officer=SECOND)
    pass_time(world, clock, 8 * DAY_S)
    gate.down = False
    status = await qm.status(sent.message_id)
    assert (status.state, status.reason, status.decision, gate.messages) == ("waiting", "out-of-time", None, {})
    [shown] = await qm.approvals()
    assert (shown.told, shown.created > clock() - 60) == ("out-of-time", True)
    assert (await qm.approve(sent.message_id, officer, officer=SECOND, draft=shown.draft)).number == 1
    [delivery] = await drain(gn)
    assert (delivery.message_id, delivery.content.raw) == (sent.message_id, content().raw)


async def test_an_approval_whose_key_was_revoked_meanwhile_is_void(
    qm: ContactPoint, gate: FakeGateway, world: World, officer: SigningKey
) -> None:
    """The gateway refuses it in writing, and it waits for an officer whose key is good."""
    sent = await qm.send(content(), to="GN-QN")
    gate.down = True
    await qm.approve(sent.message_id, officer, officer=SECOND)
    world.revoked = (stolen(officer, world.now),)
    world.publish()
    gate.down = False
    status = await qm.status(sent.message_id)
    assert (status.state, status.reason) == ("waiting", "cannot-open")
    assert await refused(qm, sent.message_id, officer) == "bad-key"
    assert gate.messages == {}


async def test_a_draft_that_is_too_old_is_written_anew_before_it_is_shown(
    qm: ContactPoint, gn: ContactPoint, world: World, clock: Clock, officer: SigningKey
) -> None:
    """No gateway would take its old time: it is shown with a new one, and what was shown before is not approved."""
    sent = await qm.send(content(), to="GN-QN")
    [before] = await qm.approvals()
    pass_time(world, clock, 7 * DAY_S)
    assert await refused(qm, sent.message_id, officer, draft=before.draft) == "conflict"
    [after] = await qm.approvals()
    assert (after.draft != before.draft, after.created > before.created) == (True, True)
    assert (after.content.raw, after.recipients, after.expires) == (before.content.raw, before.recipients, before.expires)
    assert (await qm.approve(sent.message_id, officer, officer=SECOND, draft=after.draft)).number == 1
    assert len(await drain(gn)) == 1


async def test_a_draft_past_its_expiry_ends(qm: ContactPoint, clock: Clock, officer: SigningKey) -> None:
    """Nobody approves what its author wanted gone."""
    sent = await qm.send(content(), to="GN-QN", expires_in_s=3600)
    clock.ahead_s = 3601
    assert await qm.approvals() == []
    status = await qm.status(sent.message_id)
    assert (status.state, status.reason) == ("refused", "expired")
    assert await refused(qm, sent.message_id, officer) == "conflict"


async def test_policy_is_asked_again_when_somebody_approves(qm: ContactPoint, world: World, officer: SigningKey) -> None:
    """A recipient that lost its clearance meanwhile does not get it; it waits for another decision."""
    sent = await qm.send(content(), to="GN-QN")
    world.change("GN-QN", clearance="official-use-only")
    world.publish()
    await qm._parts.directory.refresh()
    assert await refused(qm, sent.message_id, officer) == "clearance"
    assert (await qm.status(sent.message_id)).state == "waiting"


async def test_clear_text_cannot_carry_an_approval(qm: ContactPoint, gate: FakeGateway) -> None:
    """A gateway is not asked to seal what needs a second officer, and nothing waits."""
    with needs_approval("request.response"), pytest.raises(Rejected) as told:
        await qm.send(content(RESPONSE), to="GN-QN", sealed_by_gateway=True)
    assert (told.value.code, await qm.approvals(), gate.messages) == ("approval-missing", [], {})


async def test_an_author_hears_of_a_recipient_without_a_key_at_once(qm: ContactPoint, world: World, clock: Clock) -> None:
    """The officer is not asked for what cannot be sealed."""
    pass_time(world, clock, 60 * DAY_S)
    with pytest.raises(Rejected) as told:
        await qm.send(content(), to="GN-QN")
    assert (told.value.code, await qm.approvals()) == ("recipient-key", [])


async def test_an_id_is_used_once_for_drafts_too(qm: ContactPoint) -> None:
    """Content that brings its own message id does not wait twice."""
    once: Content = msgspec.structs.replace(content(), message_id="0190f6a0-7c3b-7cc1-8a4e-2f6f2d1f0001")
    await qm.send(once, to="GN-QN")
    with pytest.raises(Rejected, match="conflict"):
        await qm.send(once, to="GN-QN")
    assert len(await qm.approvals()) == 1


async def test_two_officers_at_once_send_it_once(
    homes: Homes, qm: ContactPoint, gate: FakeGateway, officer: SigningKey
) -> None:
    """One of two openings of the home is faster; the other is told that it does not wait any more."""
    sent = await qm.send(content(), to="GN-QN")
    async with homes("NCB-QM") as other:
        tries = (one.approve(sent.message_id, officer, officer=SECOND) for one in (qm, other))
        done = await asyncio.gather(*tries, return_exceptions=True)
    codes = sorted("sent" if not isinstance(one, Rejected) else one.code for one in done)
    assert (codes, len(gate.messages)) == (["conflict", "sent"], 1)


async def test_what_is_sent_anew_for_a_lost_key_waits_for_an_approval(
    homes: Homes, qm: ContactPoint, gn: ContactPoint, world: World, officer: SigningKey
) -> None:
    """It is a new envelope: the officer who approved the first one is asked again."""
    sent = await qm.send(content(), to="GN-QN")
    await qm.approve(sent.message_id, officer, officer=SECOND)
    shelf, store = gn._parts.home.shelf, gn._parts.home.store
    await store.write(lambda connection: shelf.destroy_stopped(connection, 2**40, 0))
    await gn._parts.home.reload_keys()
    await drain(gn)
    await gn.rotate([Use.DELIVERY])
    await drain(qm)
    [shown] = await qm.approvals()
    assert (shown.message_id != sent.message_id, shown.content.raw) == (True, content().raw)
    await qm.approve(shown.message_id, officer, officer=SECOND)
    [delivery] = await drain(gn)
    assert (delivery.message_id, delivery.approved_by) == (shown.message_id, officer.key_id)
