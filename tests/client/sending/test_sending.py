"""Sending keeps first, then sends, then proves; trouble on the way loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.line import transport
from gateway.directory.entries import Status
from gateway.errors import Rejected, Unavailable
from gateway.ids import format_id
from tests.client.examples import RESPONSE, content, drain
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

DAY_S = 86_400


def pass_time(world: World, clock: Clock, seconds: int) -> None:
    """Let time pass for everybody; the authority and the gateway go on publishing."""
    clock.ahead_s += seconds
    world.now += seconds
    world.publish()
    world.files |= world.online.refresh(world.files, world.now)
    world.read()


async def test_a_message_waits_while_no_gateway_can_be_reached(homes: Homes, gate: FakeGateway) -> None:
    """It is kept, told as kept, and goes out before the next one, in order."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        first = await qm.send(content(), to=["GN-QN"])
        gate.down = True
        kept = [await qm.send(content(), to=["GN-QN"]) for _ in range(2)]
        assert [one.kept for one in kept] == [True, True]
        assert (await qm.status(kept[0].message_id)).state == "kept"
        gate.down = False
        last = await qm.send(content(), to=["GN-QN"])
        order = [delivery.message_id for delivery in await drain(gn)]
    assert order == [first.message_id, kept[0].message_id, kept[1].message_id, last.message_id]


async def test_a_kept_message_survives_the_end_of_the_process(homes: Homes, gate: FakeGateway) -> None:
    """Another opening of the home sends it with the same bytes."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"])
    gate.down = False
    async with homes("NCB-QM") as qm:
        status = await qm.status(kept.message_id)
    assert (status.state, status.envelope_hash) == ("accepted", kept.envelope_hash)
    assert status.number == 1


async def test_a_message_that_the_home_cannot_keep_is_not_told_as_kept(homes: Homes, gate: FakeGateway) -> None:
    """On a full disk the sender hears that nothing was sent and nothing kept."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        store = qm._parts.home.store

        def full(connection: sqlite3.Connection) -> None:
            [pages] = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages}")

        await store.read(full)
        with pytest.raises(Unavailable, match="full"):
            await qm.send(content(), to=["GN-QN"])
    assert gate.messages == {}


async def test_an_id_is_sent_once(homes: Homes, gate: FakeGateway) -> None:
    """Content that brings its own message id is refused the second time, and the home is as good as before."""
    once = msgspec.structs.replace(content(), message_id="0190f6a0-7c3b-7cc1-8a4e-2f6f2d1f0001")
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(once, to=["GN-QN"])
        with pytest.raises(Rejected) as refused:
            await qm.send(once, to=["GN-QN"])
        assert (await qm.status(once.message_id or "")).state == "accepted"
    assert refused.value.code == "conflict"
    assert len(gate.messages) == 1


async def test_a_lost_answer_makes_no_second_message(homes: Homes, gate: FakeGateway) -> None:
    """The gateway took it and its receipt was lost: the same bytes get the same receipt."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.mute = True
        sent = await qm.send(content(), to=["GN-QN"])
        assert sent.kept
        gate.mute = False
        status = await qm.status(sent.message_id)
        read = await drain(gn)
    assert (status.state, status.envelope_hash) == ("accepted", sent.envelope_hash)
    assert [one.message_id for one in read] == [sent.message_id]


async def test_gateways_are_tried_in_turn(homes: Homes, gate: FakeGateway) -> None:
    """A dead address costs a moment, not the message."""
    dead = f"http://127.0.0.1:{free_port()}"
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    async with homes("NCB-QM", gateways=[dead, gate.base]) as qm:
        receipt = await qm.send(content(), to=["GN-QN"])
    assert not receipt.kept


async def test_a_home_that_never_reached_a_gateway_says_so(homes: Homes) -> None:
    """Without any directory nothing can be sealed, and nothing is kept."""
    async with homes("NCB-QM", gateways=[f"http://127.0.0.1:{free_port()}"]) as qm:
        with pytest.raises(Unavailable):
            await qm.send(content(), to=["GN-QN"])


@pytest.mark.parametrize(
    ("to", "code"),
    [(["NCB-XA"], "recipient-unknown"), ([], "recipient-unknown"), (["no such group"], "recipient-unknown")],
)
async def test_a_recipient_that_is_not_there_is_told_before_anything_is_signed(
    homes: Homes, gate: FakeGateway, to: list[str], code: str
) -> None:
    """A wrong name is refused at home, with its code."""
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=to)
    assert refused.value.code == code
    assert gate.messages == {}


async def test_policy_refuses_at_home(homes: Homes, world: World, gate: FakeGateway) -> None:
    """What the gateway would refuse is refused before it is sealed."""
    world.change("GN-QN", clearance="official-use-only")
    world.change("TRIB-QX-OTP", status=Status.SUSPENDED)
    world.publish()
    async with homes("NCB-QM") as qm:
        codes = []
        for to in ("GN-QN", "TRIB-QX-OTP"):
            with pytest.raises(Rejected) as refused:
                await qm.send(content(), to=[to])
            codes.append(refused.value.code)
    assert codes == ["clearance", "recipient-unknown"]
    assert gate.messages == {}


async def test_a_group_is_expanded_and_leaves_out_the_sender(homes: Homes, gate: FakeGateway) -> None:
    """The name of a group means its other members."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        await gn.publish_card()
        await otp.publish_card()
        await qm.send(content(), to=["everybody"])
    [message] = gate.messages.values()
    assert {row.recipient for row in message.rows} == {"GN-QN@icn", "TRIB-QX-OTP@icn"}


async def test_a_gateway_may_seal_what_its_kind_allows(homes: Homes) -> None:
    """The author finds his header in the sealed envelope's hash; the recipient reads it like any other."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(RESPONSE), to=["GN-QN"], sealed_by_gateway=True)
        [delivery] = await drain(gn)
        status = await qm.status(receipt.message_id)
    assert delivery.header.sealer == "GW-ICN@icn"
    assert delivery.envelope_hash == receipt.envelope_hash
    assert status.count("opened") == 1


async def test_clear_text_is_never_handed_over_for_a_kind_that_forbids_it(homes: Homes, gate: FakeGateway) -> None:
    """A request for cooperation is sealed by its author alone."""
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=["GN-QN"], sealed_by_gateway=True)
    assert refused.value.code == "sealer-not-allowed"
    assert gate.messages == {}


async def test_what_waited_more_than_a_week_is_signed_anew(homes: Homes, gate: FakeGateway, world: World, clock: Clock) -> None:
    """Under the same ids, with a new time: the id that the application holds stays good."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"])
        pass_time(world, clock, 8 * DAY_S)
        gate.down = False
        status = await qm.status(kept.message_id)
        [delivery] = await drain(gn)
    assert status.state == "accepted"
    assert status.envelope_hash not in (None, kept.envelope_hash)
    assert (delivery.message_id, delivery.conversation_id) == (kept.message_id, kept.conversation_id)
    assert delivery.header.created > clock() - 60


async def test_what_expired_while_it_waited_is_refused(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """Nobody gets what its author wanted gone, and `status` says why."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"], expires_in_s=3600)
        clock.ahead_s = 2 * 3600
        gate.down = False
        status = await qm.status(kept.message_id)
    assert (status.state, status.reason) == ("refused", "expired")


async def test_an_old_directory_does_not_seal(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """Seven days without a fresh directory, and sending stops; reading goes on."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        clock.ahead_s = 7 * DAY_S + 60
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to=["GN-QN"])
    assert refused.value.code == "directory-stale"


async def test_a_message_to_keys_that_changed_meanwhile_is_sealed_anew(
    homes: Homes, gate: FakeGateway, world: World, clock: Clock
) -> None:
    """A recipient who published a new card while the message waited reads it with the new key."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.down = True
        kept = await qm.send(content(), to=["GN-QN"])
        key = world.directory.delivery_key(gn.address, clock())
        assert key is not None
        gate.closed_keys.add(key.key_id)
        pass_time(world, clock, 22 * DAY_S)
        gate.down = False
        await gn.publish_card()
        status = await qm.status(kept.message_id)
        [delivery] = await drain(gn)
    assert status.state == "accepted"
    assert delivery.message_id == kept.message_id


async def test_many_messages_at_once_are_all_accepted(homes: Homes, gate: FakeGateway) -> None:
    """Fifty sends side by side give fifty receipts with numbers of their own."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipts = await asyncio.gather(*(qm.send(content(), to=["GN-QN"]) for _ in range(50)))
        read = await drain(gn)
    assert len({receipt.number for receipt in receipts}) == 50
    assert [one.number for one in read] == sorted(one.number for one in read)
    assert len({format_id(one.message_id) for one in read}) == 50


async def test_a_receipt_for_something_else_is_not_believed(homes: Homes, gate: FakeGateway) -> None:
    """A gateway that answers with another message's receipt leaves the message kept."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        [message] = gate.messages.values()
        gate.forged = message.answer
        sent = await qm.send(content(), to=["GN-QN"])
    assert sent.kept


async def test_one_recipient_may_be_a_string(homes: Homes) -> None:
    """And the receipt says whom it was sent to, with ids that can be passed on."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to="GN-QN")
        status = await qm.status(receipt.message_id)
    assert receipt.recipients == ("GN-QN@icn",)
    assert format_id(receipt.message_id) in repr(receipt)
    assert format_id(receipt.message_id) in repr(status)


async def test_who_never_connected_is_named_with_what_helps(homes: Homes, world: World, clock: Clock) -> None:
    """A recipient without a current delivery key is told by name, and nothing is sent."""
    pass_time(world, clock, 60 * DAY_S)
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to="GN-QN")
    assert (refused.value.code, "ask GN-QN to run `gateway inbox` once" in refused.value.hint) == ("recipient-key", True)


async def test_an_answer_is_asked_for_by_a_time_to_come(homes: Homes, clock: Clock) -> None:
    """A `respond_by` that is past is refused before anything is signed."""
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected) as refused:
            await qm.send(content(), to="GN-QN", respond_by=int(clock()) - 60)
    assert (refused.value.code, refused.value.pointer) == ("out-of-time", "/respond_by")


async def test_a_sender_keeps_what_is_beyond_its_share_and_waits(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks no second time before the gateway said, and a random part longer; then all goes out, in order."""
    seconds = [1000.0]
    monkeypatch.setattr(transport, "monotonic", lambda: seconds[0])
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.publish_card()
        gate.quota_s = 20
        kept = [await qm.send(content(), to=["GN-QN"]) for _ in range(3)]
        assert [one.kept for one in kept] == [True] * 3
        assert [20 <= (one.retry_after_s or 0) <= 30 for one in kept] == [True] * 3
        assert gate.submissions == 1
        gate.quota_s = None
        seconds[0] += 31
        last = await qm.send(content(), to=["GN-QN"])
        assert (last.number, last.retry_after_s) == (4, None)
        read = await drain(gn)
    assert [one.message_id for one in read] == [*(one.message_id for one in kept), last.message_id]
