"""Three gateways behind one address: each of them, and a node of their broker, can go at any time, and nobody notices."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from tests.client.examples import content
from tests.scenario.asking import read_until
from tests.scenario.conftest import QUICK
from tests.scenario.town import READER, SENDER, THIRD, Town
from tests.scenario.trio import GATEWAYS, serving_three
from tests.support.one_log import one_log
from tests.support.rabbitmq_cluster import RabbitCluster
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.client import ContactPoint, SendReceipt
    from tests.scenario.conftest import Setup
    from tests.scenario.trio import Trio

pytestmark = [pytest.mark.broker, pytest.mark.postgres]

AT_ONCE: Final = 2  # of each sender
PACE_S: Final = 0.1


@pytest.fixture
async def trio(services: Setup) -> AsyncIterator[Trio]:
    """Three gateways on PostgreSQL and RabbitMQ."""
    async with serving_three(services.town()) as found:
        yield found


class Load:
    """Two senders at work; every send returns, whatever becomes of gateways, or fails the test."""

    def __init__(self, senders: list[ContactPoint]) -> None:
        self.sent: list[SendReceipt] = []
        self._go_on = True
        self._tasks = [asyncio.create_task(self._send(one)) for one in senders for _ in range(AT_ONCE)]

    async def _send(self, sender: ContactPoint) -> None:
        while self._go_on:
            self.sent.append(await sender.send(content(), to=[READER]))
            await asyncio.sleep(PACE_S)

    async def end(self) -> set[bytes]:
        """Let every send end; return the hashes of all that was sent."""
        self._go_on = False
        await asyncio.gather(*self._tasks)
        return {bytes(one.envelope_hash or b"") for one in self.sent}


async def test_a_session_moves_when_its_gateway_dies(trio: Trio) -> None:
    """The gateway that holds a session is killed twice over; the inbox goes on at another one by itself, in order."""
    town = trio.town
    async with town.home(SENDER) as sender, town.home(READER) as reader, asyncio.timeout(40):
        inbox = reader.inbox(follow=True)
        sent, found, holders = [], [], []
        for turn in range(GATEWAYS):
            sent.append((await sender.send(content(), to=[READER])).message_id)
            delivery = await anext(inbox)
            found.append(delivery.message_id)
            await delivery.acknowledge()
            holders.append(await trio.with_session())
            if turn < GATEWAYS - 1:
                await asyncio.to_thread(trio.gateways[holders[-1]].kill)
    assert found == sent
    assert sorted(holders) == list(range(GATEWAYS))


async def _logged(ledger: str, accepted: int) -> bool:
    """Return whether a checkpoint covers what was accepted; fail if there is more than one log."""
    return await asyncio.to_thread(one_log, ledger) > accepted


async def test_a_rolling_restart_under_load_fails_no_send(trio: Trio, services: Setup) -> None:
    """One gateway after the other stops and starts while two parties send: no exception, nothing lost or doubled, one log."""
    town = trio.town
    async with AsyncExitStack() as homes:
        load = Load([await homes.enter_async_context(town.home(name)) for name in (SENDER, THIRD)])
        for served in trio.gateways:
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(served.stop) == 0
            await asyncio.to_thread(served.start)
        wanted = await load.end()
        found = await read_until(town, READER, wanted)
    assert not [one for one in load.sent if one.kept]
    assert (len(found), set(found)) == (len(wanted), wanted)
    assert services.ledger is not None
    await until(partial(_logged, services.ledger, len(wanted)))
    assert [await trio.metric(number, "gateway_log_halted") for number in range(GATEWAYS)] == [0.0] * GATEWAYS


@pytest.mark.slow
async def test_a_lost_node_of_the_broker_loses_nothing(tmp_path: Path, postgres_url: str) -> None:
    """Of three RabbitMQ nodes the one that made the queues is killed, under load: every message is read, once."""
    cluster = RabbitCluster()
    await asyncio.to_thread(cluster.__enter__)
    try:
        town = Town(folder=tmp_path / "town", limits=QUICK, ledger=postgres_url, brokers=cluster.urls)
        async with serving_three(town), AsyncExitStack() as homes:
            load = Load([await homes.enter_async_context(town.home(SENDER))])
            await asyncio.sleep(1.0)
            await asyncio.to_thread(cluster.nodes[0].kill)
            await asyncio.sleep(2.0)
            wanted = await load.end()
            found = await read_until(town, READER, wanted)
    finally:
        await asyncio.to_thread(cluster.__exit__)
    assert not [one for one in load.sent if one.kept]
    assert (len(found), set(found)) == (len(wanted), wanted)
