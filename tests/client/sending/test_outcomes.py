"""An author learns how his messages ended, and what nobody can open any more goes out anew."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.client.records import outcome_rows
from gateway.envelope.receipt import Event, Receipt, make_receipt
from gateway.errors import Unavailable
from gateway.ids import Address, format_id
from tests.client.conftest import make_test_home
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint, SendReceipt
    from gateway.client.sent.recalling import Mode
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World

GN = Address("GN-QN@icn")


async def lose_keys(homes: Homes, world: World, gate: FakeGateway, tmp_path: Path) -> None:
    """Let a participant lose its home and make another with its signing keys."""
    async with homes("GN-QN") as gn:
        await gn.publish_card()
    shutil.rmtree(tmp_path / "GN-QN")
    make_test_home(tmp_path / "GN-QN", world, "GN-QN", [gate.base])


async def sent_to_lost_key(qm: ContactPoint, homes: Homes, gate: FakeGateway, to: list[str]) -> SendReceipt:
    """Send to a key that is lost, and let its holder find that out."""
    receipt = await qm.send(content(), to=to)
    async with homes("GN-QN") as gn:
        assert await drain(gn) == []
    assert gate.states().get("rejected") == 1
    return receipt


async def test_what_was_sealed_to_a_lost_key_arrives_as_a_new_message(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path
) -> None:
    """To that recipient alone, with another id, in the same conversation; the others have it already."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("TRIB-QX-OTP") as otp:
        await otp.publish_card()
    async with homes("NCB-QM") as qm:
        first = await sent_to_lost_key(qm, homes, gate, ["GN-QN", "TRIB-QX-OTP"])
        assert await drain(qm) == []
        async with homes("GN-QN") as gn:
            [delivery] = await drain(gn)
        status = await qm.status(first.message_id)
    assert delivery.message_id != first.message_id
    assert delivery.conversation_id == first.conversation_id
    assert delivery.content.raw == content().raw
    assert delivery.header.recipients == 1
    assert len(gate.messages) == 2
    [gn_status] = [one for one in status.recipients if one.recipient == GN]
    assert (gn_status.state, gn_status.reason, gn_status.anew) == ("rejected", "key-gone", format_id(delivery.message_id))


async def test_it_is_sent_anew_once_however_often_it_is_told(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path
) -> None:
    """A gateway that repeats itself, or a home that forgot what it read, makes no second copy."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("NCB-QM") as qm:
        await sent_to_lost_key(qm, homes, gate, ["GN-QN"])
        await drain(qm)
        gate.told *= 3
        await drain(qm)
    assert len(gate.messages) == 2


@pytest.mark.parametrize("mode", ["stop-use", "delete"])
async def test_what_was_recalled_meanwhile_is_not_sent_anew(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path, mode: Mode
) -> None:
    """Its author learns that nobody could open it when it has taken it back already."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("NCB-QM") as qm:
        first = await sent_to_lost_key(qm, homes, gate, ["GN-QN"])
        await qm.recall(first.message_id, "wrong person", mode=mode)
        await drain(qm)
    assert len(gate.messages) == 2, "the message and its recall"


async def test_what_waits_to_be_sent_anew_is_recalled_too(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No gateway has the new message yet when the old one is recalled: its own recall follows it."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("NCB-QM") as qm:
        first = await sent_to_lost_key(qm, homes, gate, ["GN-QN"])
        with monkeypatch.context() as patch:
            patch.setattr(qm._parts.outbox, "flush", away)
            await qm._parts.outcomes.collect()
            await qm.recall(first.message_id, "wrong person")
        assert len(gate.messages) == 1
        await drain(qm)
        async with homes("GN-QN") as gn:
            assert {one.kind for one in await drain(gn)} == {"system.recall"}


async def test_a_restored_author_does_not_send_it_anew_a_second_time(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path
) -> None:
    """A copy of the home from before makes the same message id, which the gateway knows."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("NCB-QM") as qm:
        await sent_to_lost_key(qm, homes, gate, ["GN-QN"])
    shutil.copytree(tmp_path / "NCB-QM", tmp_path / "copy")
    async with homes("NCB-QM") as qm:
        await drain(qm)
    shutil.rmtree(tmp_path / "NCB-QM")
    (tmp_path / "copy").rename(tmp_path / "NCB-QM")
    async with homes("NCB-QM") as qm:
        await drain(qm)
    assert len(gate.messages) == 2


async def test_the_new_message_survives_a_kill_at_any_moment(
    homes: Homes, gate: FakeGateway, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended after the outcome was read, and again after the new message was kept: one new message arrives."""
    await lose_keys(homes, world, gate, tmp_path)
    async with homes("NCB-QM") as qm:
        await sent_to_lost_key(qm, homes, gate, ["GN-QN"])
        with monkeypatch.context() as patch:
            patch.setattr(outcome_rows, "send_anew", refuse)
            await drain(qm)
            assert len(gate.messages) == 1
    async with homes("NCB-QM") as qm:
        with monkeypatch.context() as patch:
            patch.setattr(qm._parts.outbox, "flush", nothing)
            await qm._parts.outcomes.collect()
            assert len(gate.messages) == 1
    async with homes("NCB-QM") as qm:
        await drain(qm)
    assert len(gate.messages) == 2
    async with homes("GN-QN") as gn:
        assert len(await drain(gn)) == 1


async def test_a_recipient_that_can_never_open_is_told_and_not_tried_for_ever(
    homes: Homes, gate: FakeGateway, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """One that answers `key-gone` and keeps its card gets the message twice, and the author reads why not again."""
    async with homes("NCB-QM") as qm:
        await qm.send(content(), to=["GN-QN"])
        for _ in range(4):
            reject(gate, world)
            await drain(qm)
    assert len(gate.messages) == 2
    assert "is not sent anew: it cannot open" in caplog.text


async def test_a_held_message_is_told(homes: Homes, gate: FakeGateway, caplog: pytest.LogCaptureFixture) -> None:
    """Its recipient's key was stolen: the author reads that nobody gets it for now."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        [message] = gate.messages.values()
        gate.hold(message.rows[0], "key-revoked")
        await drain(qm)
        status = await qm.status(receipt.message_id)
    assert f"{format_id(receipt.message_id)} for GN-QN@icn: held, key-revoked" in caplog.text
    assert [(one.state, one.reason, one.proved) for one in status.recipients] == [("held", "key-revoked", True)]


async def test_a_made_up_outcome_changes_nothing(homes: Homes, gate: FakeGateway, world: World) -> None:
    """A receipt signed by somebody else's key makes nobody send anything."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        await qm.send(content(), to=["GN-QN"])
        reject(gate, world, signer="TRIB-QX-OTP")
        await drain(qm)
        assert len(await drain(gn)) == 1
    assert len(gate.messages) == 1


def reject(gate: FakeGateway, world: World, signer: str = "GN-QN") -> None:
    """Let a recipient say of the newest message that its key is gone."""
    newest = list(gate.messages.values())[-1].rows[0]
    receipt = Receipt(
        event=Event.REJECTED,
        envelope_hash=newest.envelope_hash,
        subject=GN,
        signer=GN,
        at=int(gate.clock()),
        reason="key-gone",
        salt=bytes(16),
    )
    gate.told.append((Address("NCB-QM@icn"), make_receipt(receipt, world.member(signer).keyring)))


def refuse(*_: object) -> bool:
    """Stand for a process that ends here."""
    raise Unavailable("killed for a test")


async def away(**_: object) -> bool:
    """Stand for a gateway that cannot be reached."""
    return False


async def nothing(**_: object) -> bool:
    """Stand for a process that ends here."""
    return True
