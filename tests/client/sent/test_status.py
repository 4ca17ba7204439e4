"""A sender believes signed receipts about its own envelope, and shows the rest as the gateway's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.ids import format_id
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway


async def test_a_state_without_its_receipt_is_the_gateways_word_alone(homes: Homes, gate: FakeGateway) -> None:
    """A gateway that says `opened` and cannot show it is not counted."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        [message] = gate.messages.values()
        message.rows[0].state = "opened"
        status = await qm.status(receipt.message_id)
    assert [(one.state, one.proved) for one in status.recipients] == [("opened", False)]
    assert status.count("opened") == 0


async def test_a_receipt_about_another_envelope_proves_nothing(homes: Homes, gate: FakeGateway) -> None:
    """The recipient did sign, but for something else."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        first = await qm.send(content(), to=["GN-QN"])
        await drain(gn)
        second = await qm.send(content(), to=["GN-QN"])
        one, two = (message.rows[0] for message in gate.messages.values())
        two.state, two.receipt = one.state, one.receipt
        proved = [(await qm.status(receipt.message_id)).count("opened") for receipt in (first, second)]
    assert proved == [1, 0]


async def test_a_message_of_another_home_is_not_found(homes: Homes) -> None:
    """A status is asked by its sender alone; an id may be given as text."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        assert (await qm.status(format_id(receipt.message_id))).state == "accepted"
        with pytest.raises(Rejected) as refused:
            await gn.status(receipt.message_id)
    assert refused.value.code == "not-found"


async def test_a_status_is_json_for_scripts(homes: Homes) -> None:
    """Ids are text, and each recipient has its row."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        receipt = await qm.send(content(), to=["GN-QN"])
        told = msgspec.json.decode(msgspec.json.encode((await qm.status(receipt.message_id)).to_json()))
    assert told["message_id"] == format_id(receipt.message_id)
    assert [(row["recipient"], row["state"]) for row in told["recipients"]] == [("GN-QN@icn", "accepted")]
