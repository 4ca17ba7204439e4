"""
RabbitMQ, as AMQP shows it: version, rights, the kind of queue, alarms.

A queue of our own name is declared as mailboxes are, takes one parcel, and is removed. Policies cannot be seen over AMQP: what
they would change in a mailbox shows where a queue is of another kind than was asked for.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import aiormq
from yarl import URL

from gateway.broker.line import LINE_ERRORS, open_channel
from gateway.broker.line_socket import LineSocket, hang_up
from gateway.broker.queues import DELIVERY_LIMIT
from gateway.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from pamqp.common import Arguments

    from gateway.config import BrokerConfig

__all__ = ["ask", "version"]

CONNECT_S: Final = 5.0
STORE_S: Final = 8.0  # a queue that has just elected its leader stores within this; a broker with an alarm never does
OLDEST: Final = (3, 10)
_RIGHTS: Final = "rabbitmqctl set_permissions: configure, write and read '(inbox|urgent)\\..*', write '(amq\\.default)?' too"


def version(text: str) -> Finding:
    """Judge the broker's version."""
    found = re.match(r"(\d+)\.(\d+)", text)
    if found is None:
        return warn("broker.version", text or "not told", "use RabbitMQ 3.10 or later")
    if (int(found[1]), int(found[2])) < OLDEST:
        return fail("broker.version", text, "use RabbitMQ 3.10 or later: older ones lose what a dead-letter queue should get")
    return ok("broker.version", text)


async def ask(config: BrokerConfig) -> list[Finding]:
    """Ask each host of the broker; one that does not answer is a finding."""
    if config.in_memory:
        return [ok("broker.kind", "in memory, of one process: the ledger has what it loses")]
    findings: list[Finding] = []
    for text in config.urls:
        url = URL(text)
        host = f"{url.host}:{url.port}" if url.port else str(url.host)
        try:
            async with _connected(url) as connection:
                findings += [ok("broker.answers", host), *await _look(connection, config)]
        except (*LINE_ERRORS, TimeoutError) as exc:
            findings.append(_no_answer(host, exc))
    return findings


def _no_answer(host: str, exc: BaseException) -> Finding:
    name = type(exc).__name__
    mend = "see that it runs, and that host, port and TLS files of broker.urls are right"
    if isinstance(exc, aiormq.exceptions.AuthenticationError | aiormq.exceptions.ProbableAuthenticationError):
        mend = "user, password or virtual host of broker.urls are refused: rabbitmqctl list_users, list_permissions"
    return fail("broker.answers", f"{host}: {name}", mend)


@asynccontextmanager
async def _connected(url: URL) -> AsyncIterator[aiormq.Connection]:
    socket = LineSocket(url.scheme)
    connection = aiormq.Connection(url, transport_factory=socket)
    try:
        async with asyncio.timeout(CONNECT_S):
            await connection.connect()
        yield connection
    finally:
        await hang_up(connection, socket)


async def _look(connection: aiormq.Connection, config: BrokerConfig) -> list[Finding]:
    told = connection.server_properties.get("version", "")
    findings = [version(told.decode() if isinstance(told, bytes) else str(told))]
    queue = f"{config.prefix}inbox.doctor-{os.urandom(8).hex()}"
    arguments: Arguments = {
        "x-queue-type": "quorum",
        "x-max-length-bytes": config.limit_bytes,
        "x-overflow": "reject-publish",
        "x-delivery-limit": DELIVERY_LIMIT,
    }
    try:
        channel = await open_channel(connection, confirms=True)
        await channel.queue_declare(queue, durable=True, arguments=arguments)
    except (aiormq.ChannelAccessRefused, aiormq.ChannelPreconditionFailed) as exc:
        return [*findings, fail("broker.rights", f"a mailbox cannot be made: {type(exc).__name__}", _RIGHTS)]
    try:
        findings.append(await _stored(channel, queue))
        findings.append(await _kind(connection, queue))
    finally:
        await _removed(connection, queue)
    return findings


async def _stored(channel: aiormq.abc.AbstractChannel, queue: str) -> Finding:
    """Let the queue take one parcel: a broker that is short of memory or disk does not confirm it."""
    try:
        async with asyncio.timeout(STORE_S):
            await channel.basic_publish(b"doctor", routing_key=queue, mandatory=True)
            got = await channel.basic_get(queue, no_ack=True)
    except TimeoutError:
        seen = f"nothing is stored within {STORE_S:g} s: an alarm, or a queue without a majority"
        return fail("broker.stores", seen, "rabbitmq-diagnostics alarms, cluster_status: make room, or bring its nodes back")
    except (aiormq.ChannelAccessRefused, aiormq.exceptions.ChannelClosed) as exc:
        return fail("broker.rights", f"nothing can be published or taken: {type(exc).__name__}", _RIGHTS)
    except aiormq.exceptions.DeliveryError as exc:
        return fail("broker.stores", f"refused: {type(exc).__name__}", "rabbitmqctl list_policies: one may bound the mailboxes")
    if got.body != b"doctor":
        return fail("broker.stores", "what was stored is not there", "rabbitmqctl list_policies: one may drop or expire it")
    return ok("broker.stores", "a mailbox takes a parcel and gives it back")


async def _kind(connection: aiormq.Connection, queue: str) -> Finding:
    """Ask for the queue as one of the classic kind: only a quorum queue refuses that."""
    channel = await open_channel(connection)
    try:
        await channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "classic"})
    except aiormq.ChannelPreconditionFailed:
        return ok("broker.queues", "quorum queues")
    return fail(
        "broker.queues", "mailboxes are no quorum queues", "use RabbitMQ with quorum queues: others lose what one node had"
    )


async def _removed(connection: aiormq.Connection, queue: str) -> None:
    channel = await open_channel(connection)
    await channel.queue_delete(queue)
