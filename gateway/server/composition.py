"""
A gateway built from its configuration, started, and taken down.

`Gateway.stop` takes it down in an order in which nothing accepted is lost, within 30 s. A start that fails leaves nothing
running.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.api.app import HttpApi, operations_listener
from gateway.api.app import Parts as ApiParts
from gateway.api.dashboard import DashboardParts
from gateway.api.limits import HttpLimits
from gateway.api.tls import tls_of
from gateway.audit.log import PATIENCE_S, AuditLog
from gateway.audit.outside import Outside
from gateway.audit.vouching import Vouchers
from gateway.dashboard import Desk, Gatherer, Watch
from gateway.directory.current import CurrentKeyring
from gateway.envelope import Use
from gateway.errors import Rejected
from gateway.exchange import Authority, DirectorySource, Exchange, Parts, Stamps
from gateway.exchange.own_card import publish_own_card
from gateway.exchange.publication import FolderPublication
from gateway.exchange.tasks import Tasks
from gateway.ledger import Ledger
from gateway.ops import Health, LoopLag, Metrics
from gateway.protocol.refusal import sign_problem
from gateway.resources import schemas_path
from gateway.server.adapters import Adapters, open_adapters
from gateway.server.given import ledger_folder, open_keys, read_root
from gateway.server.readiness import health_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.api.listener import Listener
    from gateway.config import Config
    from gateway.directory.keyfiles import GatewayKeys
    from gateway.envelope import Keyring, Rng
    from gateway.ids import Address
    from gateway.server.worker import Worker

__all__ = ["Gateway", "compose"]

AUDIT_MEMORY: Final = "audit-memory"  # beside the keys, unless the configuration says otherwise
_LAST_S: Final = 2.0  # for operators' requests; with `limits.stop_s` before and the marks of the ledger after, below 30 s


class Gateway:
    """
    A gateway that runs.

    Args:
        api: The participants' listener.
        operations: The operators' listener.
        exchange: The use cases.
        health: Told first of a stop, so that load balancers turn away.
        resources: Closed last, in reverse order of their making.
    """

    def __init__(
        self, api: HttpApi, operations: Listener, exchange: Exchange, health: Health, resources: AsyncExitStack
    ) -> None:
        self._api = api
        self._operations = operations
        self._exchange = exchange
        self._health = health
        self._resources = resources

    @property
    def port(self) -> int:
        """The port that participants reach."""
        return self._api.port

    @property
    def operations_port(self) -> int:
        """The port that operators reach."""
        return self._operations.port

    @property
    def exchange(self) -> Exchange:
        """The use cases, for what runs in the same process (demo, tests)."""
        return self._exchange

    async def stop(self, grace_s: float) -> None:
        """
        Take no more, let what is running end, then close everything.

        Args:
            grace_s: For requests and sessions that are under way; what is cut off was not answered, and is retried.
        """
        self._health.stopping = True
        await self._api.stop(grace_s)
        await self._exchange.close()
        await self._operations.stop(_LAST_S)
        await self._resources.aclose()


async def compose(
    config: Config,
    passphrase: bytes,
    *,
    clock: Callable[[], float] = time.time,
    rng: Rng = os.urandom,
    adapters: Adapters | None = None,
    worker: Worker | None = None,
) -> Gateway:
    """
    Build and start a gateway.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file.
        clock: Unix seconds.
        rng: Secure random bytes.
        adapters: What `open_adapters` returned, where the caller looks into them too; the gateway closes them.
        worker: Where this process is one of several: it brings the participants' socket, and shares drains.

    Raises:
        GatewayError: It cannot start; nothing is left running.
    """
    async with AsyncExitStack() as stack:
        keys = await asyncio.to_thread(open_keys, config, passphrase)
        vouchers = Vouchers(config.audit)
        metrics = Metrics()
        adapters = adapters or await open_adapters(config, clock=clock)
        stack.push_async_callback(adapters.ledger.close)
        _measure(config, adapters.ledger, metrics)
        parts = _parts(config, keys, metrics, adapters, (clock, rng))
        if worker is not None:
            worker.share(parts.orders)
        exchange = _exchange(config, parts)
        stack.push_async_callback(exchange.close)
        await exchange.start()
        await publish_own_card(exchange, keys.address, config.keys.file)
        _require_listed(exchange, parts.keyring, keys.address, clock())
        health = health_of(parts)
        api = _api(config, exchange, health, parts)
        operations = _operations(config, exchange, health, parts)
        stack.push_async_callback(operations.stop, _LAST_S)
        await operations.start(config.operations.host, config.operations.port)
        await api.start(config.listen.host, config.listen.port, worker.socket if worker is not None else None)
        await _vouched(stack, vouchers, parts)
        await stack.enter_async_context(LoopLag(metrics.loop_lag_seconds.observe))
        return Gateway(api, operations, exchange, health, stack.pop_all())
    raise AssertionError("a start neither ended nor failed")


def _exchange(config: Config, parts: Parts) -> Exchange:
    return Exchange(
        parts,
        mailbox_bytes=config.broker.limit_bytes,
        schedule=config.directory,
        volatile=config.broker.in_memory,
        sequence_every_s=config.audit.sequence_every_s,
    )


def _parts(
    config: Config, keys: GatewayKeys, metrics: Metrics, adapters: Adapters, machine: tuple[Callable[[], float], Rng]
) -> Parts:
    clock, rng = machine
    root = read_root(config)
    authority = Authority(root, FolderPublication(config.directory.publication), keys.online)
    directory = DirectorySource(adapters.ledger, authority, clock, metrics)
    keyring = CurrentKeyring(keys.address, keys.signing, directory.lookup, clock)
    audit = _audit_log(config, keyring, adapters.ledger, clock)
    return Parts(
        address=keys.address,
        process=f"{os.uname().nodename}:{os.getpid()}",
        ledger=adapters.ledger,
        audit=audit,
        broker=adapters.broker,
        keyring=keyring,
        directory=directory,
        stamps=Stamps(keys.address, keyring, clock, rng, view=audit.view),
        limits=config.limits,
        retention=config.retention,
        metrics=metrics,
        clock=clock,
        rng=rng,
        shared=not config.ledger.embedded,
    )


def _measure(config: Config, ledger: Ledger, metrics: Metrics) -> None:
    """Show what the ledger commits, and the disks that this process itself can fill."""
    ledger.on_group(metrics.ledger_group.observe)
    ledger.on_commit(metrics.ledger_commit_seconds.observe)
    metrics.watch_disk("memory", config.keys.file.parent if config.audit.memory is None else config.audit.memory.parent)
    if config.ledger.embedded:
        metrics.watch_disk("ledger", ledger_folder(config.ledger))


def _operations(config: Config, exchange: Exchange, health: Health, parts: Parts) -> Listener:
    """Return the operators' listener, with the dashboard."""
    gatherer = Gatherer(parts, exchange, health)
    dashboard = DashboardParts(exchange.sign_ins, Watch(gatherer.look, gatherer.begin), Desk(parts, exchange))
    return operations_listener(health, parts.metrics, exchange, parts.clock, dashboard, tls_of(config.operations))


def _audit_log(config: Config, keyring: CurrentKeyring, ledger: Ledger, clock: Callable[[], float]) -> AuditLog:
    memory = config.audit.memory or config.keys.file.with_name(AUDIT_MEMORY)
    patience_s = 0.0 if config.ledger.embedded else PATIENCE_S
    return AuditLog(ledger, keyring, keyring.address, clock, memory=memory, patience_s=patience_s)


async def _vouched(stack: AsyncExitStack, vouchers: Vouchers, parts: Parts) -> None:
    """Let those who vouch for the log be asked from now on."""
    outside = await stack.enter_async_context(Outside())
    tasks = Tasks(parts.metrics)
    stack.push_async_callback(tasks.stop)
    for name, work in vouchers.works(parts.ledger.log, parts.audit.reader, outside, parts.metrics, parts.clock):
        tasks.start(name, work)


def _require_listed(exchange: Exchange, keyring: Keyring, address: Address, now: float) -> None:
    """Refuse to sign receipts that nobody could verify."""
    directory = exchange.directory
    if not directory.is_gateway(address):
        raise Rejected(f"{address} is no gateway of {directory.network}: let the authority add it", code="config")
    record = directory.key(keyring.sign(Use.AGENT, b"").key_id)
    if record is None or not record.current(int(now)):
        raise Rejected(f"the agent key of {address} is not in the directory, or not good now", code="config")


def _api(config: Config, exchange: Exchange, health: Health, parts: Parts) -> HttpApi:
    """Return the participants' listener; it and the health are told when an operator drains this process."""
    api = HttpApi(_api_parts(config, exchange, health, parts), tls_of(config.listen))
    parts.orders.on_drain += [health.drain, api.drain]
    return api


def _api_parts(config: Config, exchange: Exchange, health: Health, parts: Parts) -> ApiParts:
    listen = config.listen
    limits = HttpLimits(connections=listen.connections, body_time_s=listen.body_time_s)
    most = config.limits.connections_per_address
    if most is not None or listen.behind_proxy:
        limits = replace(limits, connections_per_address=most)
    return ApiParts(
        exchange=exchange,
        log=parts.audit.reader,
        relay=exchange.relay,
        peers=parts.directory.peers,
        directory=parts.directory.known,
        health=health,
        metrics=parts.metrics,
        clock=parts.clock,
        rng=parts.rng,
        sign_problem=partial(sign_problem, keyring=parts.keyring),
        schemas=schemas_path(),
        limits=limits,
        suspended=parts.orders.suspended,
    )
