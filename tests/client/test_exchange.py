"""A message goes from one home to others and comes back as proof."""

from __future__ import annotations

from gateway.message import Content, read_message_file
from gateway.resources import schemas_path
from tests.client.conftest import Clock, Homes
from tests.support.fake_gateway import FakeGateway
from tests.support.network import World


def example(kind: str = "cooperation.request", name: str = "hear-a-witness") -> Content:
    """Return one of the published examples."""
    _, content, _ = read_message_file((schemas_path() / "examples" / kind / f"{name}.json").read_bytes())
    return content


async def test_a_message_is_sent_read_acknowledged_and_proved(homes: Homes, gate: FakeGateway) -> None:
    """What one contact point sends, both recipients read once, and the sender gets their signed word for it."""
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp, homes("GN-QN") as gn:
        for one in (otp, gn):
            await one.publish_card()
        receipt = await qm.send(example(), to=["TRIB-QX-OTP", "GN-QN"])
        assert not receipt.kept
        for one in (otp, gn):
            read = []
            async for delivery in one.inbox():
                read.append((delivery.sender, delivery.kind, delivery.again, delivery.content.raw))
                await delivery.acknowledge()
            assert read == [("NCB-QM@icn", "cooperation.request", False, example().raw)]
        status = await qm.status(receipt.message_id)
    assert status.count("opened") == 2
    assert gate.states() == {"opened": 2}


async def test_a_clock_that_is_set_back_hides_no_directory(homes: Homes, world: World, clock: Clock) -> None:
    """The next look at the directory is minutes away, not as far as the clock was wrong."""
    async with homes("NCB-QM") as qm:
        clock.ahead_s = 3 * 3600.0
        await qm._parts.directory.current()
        clock.ahead_s = 0.0
        world.publish()
        assert (await qm._parts.directory.current()).version == world.directory.version
