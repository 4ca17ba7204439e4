"""A correction says which message has another one right; nothing is destroyed, and the sender's word counts alone."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from gateway.ids import Address, format_id
from gateway.message.handling import Handling
from gateway.message.system.correction import Correction, CorrectionBody
from gateway.message.system.recall import CONFIRM_WITHIN_S
from tests.client.examples import content, drain, until

if TYPE_CHECKING:
    from gateway.client import ContactPoint, SendReceipt
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World


def correction(wrong: SendReceipt, right: SendReceipt) -> Correction:
    """Say that one message has another one right."""
    assert wrong.envelope_hash is not None
    body = CorrectionBody(
        target=wrong.envelope_hash.hex(), new_message_id=format_id(right.message_id), changed=("/body/facts",)
    )
    handling = Handling(tlp="amber+strict", confidentiality="restricted")
    return Correction(handling=handling, purpose=("RPD10-c",), body=body)


async def wrong_and_right(qm: ContactPoint, gn: ContactPoint) -> tuple[SendReceipt, SendReceipt]:
    """Send a message, and the one that has it right."""
    await gn.publish_card()
    return await qm.send(content(), to=["GN-QN"]), await qm.send(content(), to=["GN-QN"])


@pytest.mark.parametrize("first", ["message", "correction"])
async def test_a_reader_is_told_whichever_comes_first(homes: Homes, gate: FakeGateway, first: str) -> None:
    """What is handed over later says which message has it right; so does what is made from it, and the author's status."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        wrong, right = await wrong_and_right(qm, gn)
        await qm.send(correction(wrong, right), to=["GN-QN"])
        row = next(iter(gate.messages.values())).rows[0]
        row.state = "held" if first == "correction" else row.state
        await drain(gn, acknowledge=False)
        row.state = "accepted" if first == "correction" else row.state
        found = {one.message_id: one.corrected_by for one in await drain(gn)}
        assert (found[wrong.message_id], found[right.message_id]) == (right.message_id, None)
        assert wrong.envelope_hash is not None
        ancestor = await gn._parts.lineage.find(wrong.envelope_hash)
        status = await qm.status(wrong.message_id)
    assert ancestor is not None
    assert ancestor.corrected_by == status.corrected_by == right.message_id


async def test_what_comes_with_its_correction_says_so(homes: Homes, gate: FakeGateway) -> None:
    """While the application is busy both come: the message in front is handed over with the correction that lies behind it."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        busy = await qm.send(content(), to=["GN-QN"])
        wrong, right = await wrong_and_right(qm, gn)
        await qm.send(correction(wrong, right), to=["GN-QN"])
        shown = {}
        async for delivery in gn.inbox():
            await until(lambda: "accepted" not in gate.states())
            shown[delivery.message_id] = delivery.corrected_by
            await delivery.acknowledge()
    found = [shown[one.message_id] for one in (busy, wrong, right)]
    assert found == [None, right.message_id, None]


async def test_every_order_of_arrival_ends_the_same(homes: Homes, gate: FakeGateway, clock: Clock) -> None:
    """A message, two corrections of it and one by a stranger, in all 24 orders: the later correction of its sender stands."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        for order in permutations(range(4)):
            right, other = await wrong_and_right(qm, gn)
            await drain(gn)
            wrong = await qm.send(content(), to=["GN-QN"])
            await qm.send(correction(wrong, right), to=["GN-QN"])
            clock.ahead_s += 2
            await qm.send(correction(wrong, other), to=["GN-QN"])
            await otp.send(correction(wrong, right), to=["GN-QN"])
            arriving = [one.rows[0] for one in list(gate.messages.values())[-4:]]
            for row in arriving:
                row.state = "held"
            for place in order:
                arriving[place].state = "accepted"
                await drain(gn, acknowledge=False)
            assert wrong.envelope_hash is not None
            ancestor = await gn._parts.lineage.find(wrong.envelope_hash)
            assert ancestor is not None
            assert (order, ancestor.corrected_by) == (order, other.message_id)


async def test_what_was_made_from_it_is_named(homes: Homes, caplog: pytest.LogCaptureFixture) -> None:
    """The holder had passed it on: its software says so once, and people correct that one too; a stranger makes no noise."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        wrong, right = await wrong_and_right(qm, gn)
        await drain(gn)
        assert wrong.envelope_hash is not None
        passed_on = await gn.forward(wrong.envelope_hash, to=["NCB-QM"])
        await otp.send(correction(wrong, right), to=["GN-QN"])
        await drain(gn)
        told = f"{wrong.envelope_hash.hex()} was corrected, and {format_id(passed_on.message_id)} was made from it"
        assert told not in caplog.text
        await qm.send(correction(wrong, right), to=["GN-QN"])
        await drain(gn, acknowledge=False)
        await drain(gn)
    assert caplog.text.count(told) == 1


async def test_its_author_sees_who_has_not_applied_it(homes: Homes, world: World, clock: Clock) -> None:
    """Delivered is not enough: who acknowledged the correction is proved to have it; who is silent is overdue in three days."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        for one in (gn, otp):
            await one.publish_card()
        wrong, right = [await qm.send(content(), to=["GN-QN", "TRIB-QX-OTP"]) for _ in range(2)]
        said = await qm.send(correction(wrong, right), to=["GN-QN", "TRIB-QX-OTP"])
        await drain(gn, acknowledge=False)
        [before] = await qm.outstanding()
        await drain(gn)
        [after] = await qm.outstanding()
        clock.ahead_s = CONFIRM_WITHIN_S + 60
        world.now = int(clock())
        world.publish()
        [late] = await qm.outstanding()
        await drain(otp)
        assert await qm.outstanding() == []
        [whole] = await qm.outstanding(everything=True)
    gn_, otp_ = (Address(f"{name}@icn") for name in ("GN-QN", "TRIB-QX-OTP"))
    assert (before.because, before.message_id, before.target) == ("correction", said.message_id, wrong.envelope_hash)
    assert (before.waiting, after.waiting, before.mode) == ((gn_, otp_), (otp_,), None)
    assert (before.overdue, late.overdue, whole.overdue) == (False, True, False)
    assert [(one.recipient, one.answer, one.obeyed) for one in whole.holders] == [(gn_, "opened", True), (otp_, "opened", True)]


async def test_a_false_proof_is_none(homes: Homes, gate: FakeGateway) -> None:
    """A gateway that tells of an `opened` that nobody signed, or that is of another message, proves nothing to the author."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        wrong, right = await wrong_and_right(qm, gn)
        await drain(gn)
        await qm.send(correction(wrong, right), to=["GN-QN"])
        opened = next(iter(gate.messages.values())).rows[0].receipt
        assert opened is not None
        gate.told += [(qm.address, data) for data in (opened, opened[:-1] + bytes([opened[-1] ^ 1]))]
        [demand] = await qm.outstanding()
        assert demand.waiting == (gn.address,)


async def test_a_strangers_correction_counts_for_nothing(homes: Homes, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody else may say what he likes of a message: its reader is told nothing, and the log says who tried."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        wrong, right = await wrong_and_right(qm, gn)
        await otp.send(correction(wrong, right), to=["GN-QN"])
        await drain(gn, acknowledge=False)
        found = {one.message_id: one.corrected_by for one in await drain(gn)}
    assert found[wrong.message_id] is None
    assert "a correction by TRIB-QX-OTP@icn of a message of NCB-QM@icn counts for nothing" in caplog.text
