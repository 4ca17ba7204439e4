"""A correction says which message has another one right; nothing is destroyed, and the sender's word counts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ids import format_id
from gateway.message.handling import Handling
from gateway.message.system.correction import Correction, CorrectionBody
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from gateway.client import ContactPoint, SendReceipt
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway


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


async def test_a_strangers_correction_counts_for_nothing(homes: Homes, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody else may say what he likes of a message: its reader is told nothing, and the log says who tried."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn, homes("TRIB-QX-OTP") as otp:
        wrong, right = await wrong_and_right(qm, gn)
        await otp.send(correction(wrong, right), to=["GN-QN"])
        await drain(gn, acknowledge=False)
        found = {one.message_id: one.corrected_by for one in await drain(gn)}
    assert found[wrong.message_id] is None
    assert "a correction by TRIB-QX-OTP@icn of a message of NCB-QM@icn counts for nothing" in caplog.text
