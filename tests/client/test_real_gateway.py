"""Against a whole gateway on its embedded default: killed readers, and a gateway that is restarted."""

from __future__ import annotations

import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway import server
from gateway.client import ContactPoint
from gateway.config import load
from gateway.demo.stage import CAST, Services, Stage, build
from tests.client.examples import content, drain
from tests.client.test_kill import lines_until_killed
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.server import Gateway

SENDER, READER = "NCB-QM", "GN-QN"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Enrol two participants and a gateway."""
    cast = [member for member in CAST if member.participant in {SENDER, READER}]
    services = Services(port=free_port(), operations_port=free_port())
    return build(tmp_path, services, cast, now=time.time())


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[Gateway]:
    """Run the gateway."""
    config = load(stage.config)
    gateway = await server.compose(config, stage.passphrase, adapters=await server.open_adapters(config))
    try:
        yield gateway
    finally:
        await gateway.stop(1.0)


def home(stage: Stage, name: str) -> ContactPoint:
    """Name a participant's home to open."""
    return ContactPoint.open(stage.home(name), passphrase=stage.passphrase)


@pytest.mark.parametrize(
    ("killed", "rest"), [(("before", "new 2"), [(2, True), (3, True)]), (("after", "acknowledged 2"), [(3, True)])]
)
async def test_a_killed_reader_loses_nothing_and_repeats_nothing(
    stage: Stage, killed: tuple[str, str], rest: list[tuple[int, bool]]
) -> None:
    """What it had not acknowledged comes again, and every sender gets proof of every opening."""
    where, last = killed
    async with running(stage), home(stage, SENDER) as sender:
        async with home(stage, READER) as reader:
            await reader.publish_card()
        receipts = [await sender.send(content(), to=[READER]) for _ in range(3)]
        await lines_until_killed(stage.home(READER), stage.passphrase, last, (2, where))
        async with home(stage, READER) as reader:
            again = await drain(reader)
        proved = [(await sender.status(receipt.message_id)).count("opened") for receipt in receipts]
    assert [(one.number, one.again) for one in again] == rest
    assert proved == [1, 1, 1]


async def test_a_gateway_may_be_restarted_under_a_followed_inbox(stage: Stage) -> None:
    """The reader comes back by itself; what was sent meanwhile was kept and arrives, in order and once."""
    numbers = []
    async with (
        home(stage, READER) as reader,
        home(stage, SENDER) as sender,
        aclosing(reader.inbox(follow=True)) as deliveries,
    ):
        async with running(stage):
            await reader.publish_card()
            await sender.send(content(), to=[READER])
            first = await anext(deliveries)
            await first.acknowledge()
            numbers.append(first.number)
        kept = await sender.send(content(), to=[READER])
        assert kept.kept
        async with running(stage):
            await sender.send(content(), to=[READER])
            async for delivery in deliveries:
                await delivery.acknowledge()
                numbers.append(delivery.number)
                if len(numbers) == 3:
                    break
            assert (await sender.status(kept.message_id)).state == "accepted"
    assert numbers == [1, 2, 3]
