"""The broker as it is shipped: TLS alone, and a user who may touch mailboxes and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiormq
import pytest
import pytest_asyncio

from gateway.broker.base import Outcome
from gateway.broker.rabbitmq import RabbitBroker
from tests.broker.parcels import BOX, parcels, take
from tests.support.ports import free_ports
from tests.support.rabbitmq import CONTROL, RabbitNode
from tests.support.tls import TestCa

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "rabbitmq"
PASSWORD = "fictional"
pytestmark = [pytest.mark.broker, pytest.mark.slow]


class ShippedNode(RabbitNode):
    """A node with the shipped configuration, on ports and with certificates of the test."""

    def _prepare(self) -> None:
        super()._prepare()
        self.ca = TestCa(self.folder)
        pair = self.ca.issue("node")
        (self.ssl_port,) = free_ports(1)
        conf = (SHIPPED / "rabbitmq.conf").read_text()
        for shipped, ours in {
            "/etc/rabbitmq/tls/ca.pem": self.ca.file,
            "/etc/rabbitmq/tls/certificate.pem": pair.certificate,
            "/etc/rabbitmq/tls/key.pem": pair.key,
            "listeners.ssl.default = 5671": f"listeners.ssl.local = 127.0.0.1:{self.port}",
            "disk_free_limit.absolute = 4GB": "disk_free_limit.absolute = 50MB",
        }.items():
            assert shipped in conf
            conf = conf.replace(shipped, str(ours))
        (self.folder / "rabbitmq.conf").write_text(conf)

    def control(self, *words: str | Path) -> None:
        """Run rabbitmqctl."""
        name = self._environment()["RABBITMQ_NODENAME"]
        command = [CONTROL, "-n", name, *words]
        subprocess.run(command, env=self._environment(), check=True, capture_output=True, timeout=60)

    def address(self, user: str, password: str, vhost: str = "gateway") -> str:
        """Return what broker.urls has."""
        return f"amqps://{user}:{password}@127.0.0.1:{self.port}/{vhost}?cafile={self.ca.file}"


@pytest.fixture(scope="module")
def node() -> Iterator[ShippedNode]:
    """The shipped broker, as the comments of its configuration say that it is set up."""
    with ShippedNode() as found:
        found.control("import_definitions", SHIPPED / "definitions.json")
        found.control("change_password", "gateway", PASSWORD)
        found.control("delete_user", "guest")
        yield found


@pytest_asyncio.fixture
async def channel(node: ShippedNode) -> AsyncIterator[Any]:
    """A channel of the gateway's user."""
    connection = await aiormq.connect(node.address("gateway", PASSWORD))
    yield await connection.channel()
    await connection.close()


async def test_a_gateway_works_with_the_rights_of_its_user(node: ShippedNode) -> None:
    """It makes mailboxes, publishes with confirms, counts, consumes and acknowledges, over TLS."""
    broker = RabbitBroker([node.address("gateway", PASSWORD)], 1_000_000)
    try:
        await broker.start()
        wanted = parcels(3) + parcels(1, first=9, urgent=True)
        await broker.declare(BOX)
        assert set(await broker.publish(wanted)) == {Outcome.STORED}
        async with broker.consume(BOX, 8) as consumer:
            await consumer.ack([one.tag for one in await take(consumer, 4)])
        assert await broker.drain(BOX, lambda refs: asyncio.sleep(0, set(refs)), 8) == 0
    finally:
        await broker.close()


FORBIDDEN: dict[str, Callable[[Any], Awaitable[object]]] = {
    "make another queue": lambda channel: channel.queue_declare("mine"),
    "make an exchange": lambda channel: channel.exchange_declare("mine"),
    "publish to another exchange": lambda channel: channel.basic_publish(b"x", exchange="amq.topic", routing_key="x"),
    "bind a mailbox elsewhere": lambda channel: channel.queue_bind(f"inbox.{BOX}", "amq.topic", "x"),
    "read what others have": lambda channel: channel.basic_get("others"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
async def test_the_user_can_do_nothing_else(node: ShippedNode, channel: Any, what: str) -> None:
    """Whoever takes a gateway over cannot reach another queue, make an exchange, or redirect a mailbox."""
    with pytest.raises((aiormq.exceptions.ChannelAccessRefused, aiormq.exceptions.ChannelNotFoundEntity)):
        await FORBIDDEN[what](channel)


@pytest.mark.parametrize(
    ("user", "password", "vhost"), [("gateway", "", "gateway"), ("guest", "guest", "/"), ("gateway", PASSWORD, "%2F")]
)
async def test_nobody_gets_in_otherwise(node: ShippedNode, user: str, password: str, vhost: str) -> None:
    """Not without a password, not as guest, not into another virtual host, and not without TLS."""
    with pytest.raises(aiormq.exceptions.AMQPError):
        await aiormq.connect(node.address(user, password, vhost))
    with pytest.raises((aiormq.exceptions.AMQPError, OSError)):
        await aiormq.connect(node.address("gateway", PASSWORD).replace("amqps", "amqp"))
