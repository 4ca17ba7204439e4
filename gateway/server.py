"""
The composition root: the only place that picks adapters and reads the machine's clock and randomness.

`compose` builds a gateway from its configuration and starts it; `Gateway.stop` takes it down in an order in which nothing
accepted is lost, within 30 s. Starts that could not work are refused here, before anything listens.
`run` is what `gateway serve` does: signals, uvloop where it is installed, logs.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.api.app import HttpApi, operations_listener
from gateway.api.app import Parts as ApiParts
from gateway.api.limits import HttpLimits
from gateway.api.listener import tls_context
from gateway.audit.log import PATIENCE_S, AuditLog
from gateway.audit.outside import Outside
from gateway.audit.vouching import Vouchers
from gateway.broker import MemoryBroker
from gateway.directory.current import CurrentKeyring
from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.directory.metadata import root_chain
from gateway.envelope import Use
from gateway.errors import Corrupt, Rejected
from gateway.exchange import Authority, DirectorySource, Exchange, Parts, Stamps
from gateway.exchange.own_card import publish_own_card
from gateway.exchange.publication import FolderPublication
from gateway.exchange.tasks import Tasks
from gateway.ids import parse_address
from gateway.ledger import Ledger
from gateway.ops import Health, LoopLag, Metrics, Probe
from gateway.ops.logs import adopt_libraries, configure, logger
from gateway.protocol.refusal import sign_problem
from gateway.resources import schemas_path

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from gateway.api.listener import Listener
    from gateway.broker import Broker
    from gateway.config import Config
    from gateway.directory.keyfiles import GatewayKeys
    from gateway.envelope import Keyring, Rng
    from gateway.ids import Address

__all__ = ["Adapters", "Gateway", "compose", "open_adapters", "preflight", "run"]

COLLECTIONS: Final = (10_000, 20, 100)  # a message leaves no cycles: Python's own pace looks fourteen times as often
AUDIT_MEMORY: Final = "audit-memory"  # beside the keys, unless the configuration says otherwise
_COPY_ROOT: Final = "copy the authority's root.json"
_LAST_S: Final = 4.0  # of the 30 s of a stop, for what comes after the requests: sessions, marks, ledger


@dataclass(frozen=True, slots=True)
class Adapters:
    """What stands behind the ports of one gateway."""

    ledger: Ledger
    broker: Broker


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


async def open_adapters(config: Config, *, clock: Callable[[], float] = time.time) -> Adapters:
    """
    Pick ledger and broker, and open the ledger; `Exchange.start` starts the broker.

    Raises:
        GatewayError: The ledger cannot be opened.
    """
    _require_folder(config)
    migrate = config.ledger.embedded if config.ledger.migrate is None else config.ledger.migrate
    return Adapters(await Ledger.open(config.ledger.url, migrate=migrate, clock=clock), _broker(config))


async def compose(
    config: Config,
    passphrase: bytes,
    *,
    clock: Callable[[], float] = time.time,
    rng: Rng = os.urandom,
    adapters: Adapters | None = None,
) -> Gateway:
    """
    Build and start a gateway.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file.
        clock: Unix seconds.
        rng: Secure random bytes.
        adapters: What `open_adapters` returned, where the caller looks into them too; the gateway closes them.

    Raises:
        GatewayError: It cannot start; nothing is left running.
    """
    async with AsyncExitStack() as stack:
        keys = await asyncio.to_thread(_open_keys, config, passphrase)
        vouchers = Vouchers(config.audit)
        metrics = Metrics()
        adapters = adapters or await open_adapters(config, clock=clock)
        stack.push_async_callback(adapters.ledger.close)
        adapters.ledger.on_group(metrics.ledger_group.observe)
        parts = _parts(config, keys, metrics, adapters, (clock, rng))
        exchange = Exchange(
            parts,
            mailbox_bytes=config.broker.limit_bytes,
            schedule=config.directory,
            volatile=config.broker.in_memory,
            sequence_every_s=config.audit.sequence_every_s,
        )
        stack.push_async_callback(exchange.close)
        await exchange.start()
        await publish_own_card(exchange, keys.address, config.keys.file)
        _require_listed(exchange, parts.keyring, keys.address, clock())
        health = _health(parts)
        api = HttpApi(_api_parts(config, exchange, health, parts), _tls(config))
        operations = operations_listener(health, metrics, exchange, clock)
        stack.push_async_callback(operations.stop, _LAST_S)
        await operations.start(config.operations.host, config.operations.port)
        await api.start(config.listen.host, config.listen.port)
        await _vouched(stack, vouchers, parts)
        await stack.enter_async_context(LoopLag(metrics.loop_lag_seconds.observe))
        return Gateway(api, operations, exchange, health, stack.pop_all())
    raise AssertionError("a start neither ended nor failed")


def preflight(config: Config, passphrase: bytes | None) -> list[str]:
    """
    Read what a start reads, without opening, changing or contacting anything.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file; None leaves it closed.

    Returns:
        What does not stop a start that has a ledger already, and needs a look.

    Raises:
        Rejected: A start would be refused for this.
    """
    parse_address(config.address)
    _require_folder(config)
    _tls(config)
    Vouchers(config.audit)
    root = _read(config.directory.root, _COPY_ROOT)
    try:
        root_chain({}, root)
    except Rejected as exc:
        raise Rejected(f"{config.directory.root} is no root of trust", code="config", hint=_COPY_ROOT) from exc
    if passphrase is not None:
        _open_keys(config, passphrase)
    folder = config.directory.publication
    return [] if (folder / "metadata").is_dir() else [f"no publication in {folder}: a first start needs one"]


def run(config: Config, passphrase: bytes) -> None:
    """
    Serve until SIGTERM or SIGINT, then stop gracefully.

    Raises:
        GatewayError: It cannot start.
    """
    configure(config.operations.log_level)
    adopt_libraries()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, passphrase))


async def _serve(config: Config, passphrase: bytes) -> None:
    log = logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not (config.directory.publication / "metadata").is_dir():
        log.warning("publication-missing", path=str(config.directory.publication))
    gateway = await compose(config, passphrase)
    gc.collect()
    gc.set_threshold(*COLLECTIONS)
    gc.freeze()  # what the start made lives as long as the process: collections need not look at it again
    log.info("serving", address=config.address, port=gateway.port, version=gateway.exchange.directory.version)
    log.info("operations", port=gateway.operations_port)
    await stop.wait()
    log.info("stopping")
    started = loop.time()
    await gateway.stop(config.limits.stop_s)
    log.info("stopped", wait_s=round(loop.time() - started, 2))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it is installed; every request is cheaper with it."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415  not there on every system

    return uvloop.new_event_loop


def _open_keys(config: Config, passphrase: bytes) -> GatewayKeys:
    keys = decrypt_gateway_keys(_read(config.keys.file, "gateway enrol NAME --as-gateway"), passphrase)
    if keys.address != parse_address(config.address):
        raise Rejected(f"{config.keys.file} has the keys of {keys.address}, not of {config.address}", code="config")
    return keys


def _require_folder(config: Config) -> None:
    """Refuse an embedded ledger in a folder that is not there: waiting would not make it."""
    folder = Path(config.ledger.url.removeprefix("sqlite:///")).parent
    if config.ledger.embedded and not folder.is_dir():
        raise Rejected(f"ledger.url: no folder {folder}", code="config", hint=f"make it: mkdir -p {folder}")


def _parts(
    config: Config, keys: GatewayKeys, metrics: Metrics, adapters: Adapters, machine: tuple[Callable[[], float], Rng]
) -> Parts:
    clock, rng = machine
    root = _read(config.directory.root, _COPY_ROOT)
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


def _broker(config: Config) -> Broker:
    if config.broker.in_memory:
        return MemoryBroker(config.broker.limit_bytes)
    from gateway.broker.rabbitmq import RabbitBroker  # noqa: PLC0415  an embedded gateway does not load aio-pika

    return RabbitBroker(config.broker.urls, config.broker.limit_bytes, config.broker.prefix)


def _require_listed(exchange: Exchange, keyring: Keyring, address: Address, now: float) -> None:
    """Refuse to sign receipts that nobody could verify."""
    directory = exchange.directory
    if not directory.is_gateway(address):
        raise Rejected(f"{address} is no gateway of {directory.network}: let the authority add it", code="config")
    record = directory.key(keyring.sign(Use.AGENT, b"").key_id)
    if record is None or not record.current(int(now)):
        raise Rejected(f"the agent key of {address} is not in the directory, or not good now", code="config")


def _health(parts: Parts) -> Health:
    async def ledger() -> bool:
        await parts.ledger.epoch(parts.address)
        return True

    async def directory() -> bool:
        parts.directory.current()
        return True

    async def authority() -> bool:
        parts.directory.check_fresh()
        return True

    async def log() -> bool:
        if parts.audit.halted:
            raise Corrupt("the audit log is halted", code="log-forked")
        return True

    async def broker() -> bool:
        return parts.broker.ready

    return Health(
        {
            "ledger": Probe(ledger, needed=True),
            "directory": Probe(directory, needed=True),
            "authority": Probe(authority, needed=False),
            "broker": Probe(broker, needed=False),
            "log": Probe(log, needed=False),
        }
    )


def _api_parts(config: Config, exchange: Exchange, health: Health, parts: Parts) -> ApiParts:
    listen = config.listen
    limits = HttpLimits(connections=listen.connections, body_time_s=listen.body_time_s)
    if listen.behind_proxy:
        limits = replace(limits, connections_per_address=None)
    return ApiParts(
        exchange=exchange,
        log=parts.audit.reader,
        directory=parts.directory.current,
        health=health,
        metrics=parts.metrics,
        clock=parts.clock,
        rng=parts.rng,
        sign_problem=partial(sign_problem, keyring=parts.keyring),
        schemas=schemas_path(),
        limits=limits,
    )


def _tls(config: Config) -> ssl.SSLContext | None:
    listen = config.listen
    if listen.tls_certificate is None or listen.tls_key is None:
        return None
    return tls_context(listen.tls_certificate, listen.tls_key, listen.client_ca)


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code="config", hint=mend) from exc
