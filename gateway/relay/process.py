"""
A relay or bridge as a process: key, lines and listener opened, run until it is told to stop, everything closed.

SIGTERM and SIGINT end it in order: the lease is given back, and a page that is on its way is asked for again by the next
process.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.api.limits import HttpLimits
from gateway.api.listener import Listener
from gateway.api.operations import HealthRoutes, MetricsRoutes
from gateway.api.service import Service
from gateway.api.tls import tls_of
from gateway.client.line.tls import Tls, client_context, read_pem
from gateway.client.line.transport import Transport
from gateway.ending import end
from gateway.errors import Unavailable, Uncertain
from gateway.ids import Network, network_of
from gateway.loops import loop_factory
from gateway.ops.health import Health, Probe
from gateway.ops.logs import adopt_libraries, configure
from gateway.ops.metrics import RelayMetrics
from gateway.relay.identity import read_agent
from gateway.relay.lane import Lines
from gateway.relay.line import GatewayLine, Line
from gateway.relay.pauses import Backoff, Time
from gateway.relay.relay import Relay
from gateway.relay.repository import find_peer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path
    from ssl import SSLContext

    from gateway.config import OperationsConfig
    from gateway.envelope.keys import MemoryKeyring
    from gateway.relay.config import RelayConfig, SharedConfig

__all__ = ["gateway_line", "listening", "run_relay", "until_stopped"]

STOP_S = 5.0


def run_relay(config: RelayConfig, passphrase: bytes) -> None:
    """
    Relay until SIGTERM or SIGINT.

    Raises:
        Rejected: It cannot start: key, TLS files or addresses.
    """
    configure(config.operations.log_level if config.operations else "info")
    adopt_libraries()
    keyring = read_agent(config.key_file, passphrase)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_relay(config, keyring))


async def _relay(config: RelayConfig, keyring: MemoryKeyring) -> None:
    time, metrics = Time(), RelayMetrics()
    home = gateway_line(config, keyring, config.home, config.tls_ca, time)
    other: Line | None = None
    try:
        addresses = config.other or await _endpoints(config, home, time)
        other = gateway_line(config, keyring, addresses, config.other_tls_ca, time)
        relay = Relay(
            network_of(keyring.address),
            Network(config.network),
            Lines(home, other),
            metrics,
            holder=config.holder,
            per_s=config.messages_per_s,
            time=time,
        )
        await until_stopped(relay.run, config.operations, metrics, lambda: not relay.troubles)
    finally:
        for line in (home, other):
            if line is not None:
                await line.close()


def gateway_line(
    config: SharedConfig, keyring: MemoryKeyring, addresses: Sequence[str], ca: Path | None, time: Time
) -> GatewayLine:
    """
    Make the line to gateways of one network.

    Args:
        config: Says which client certificate is shown.
        keyring: Signs.
        addresses: Of the gateways.
        ca: PEM file; None trusts the system's.
        time: Its clock.

    Raises:
        Rejected: `config`: an address or a TLS file that cannot be used.
    """
    return GatewayLine(Transport(addresses, keyring, time.clock, _context(config, ca)))


async def until_stopped(
    work: Callable[[], Coroutine[object, object, None]],
    operations: OperationsConfig | None,
    metrics: RelayMetrics,
    well: Callable[[], bool],
) -> None:
    """
    Do a work until it ends or the process is told to stop.

    Args:
        work: Cancelled at the end; it may take a few seconds to say goodbye.
        operations: Where health and metrics are shown; None for nowhere.
        metrics: What is shown.
        well: Whether all goes well.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener = await listening(operations, metrics, well)
    task, told = asyncio.create_task(work()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, told), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        await end((task, told))
        if listener is not None:
            await listener.stop(STOP_S)


async def listening(operations: OperationsConfig | None, metrics: RelayMetrics, well: Callable[[], bool]) -> Listener | None:
    """Open the operators' listener; None where there is none."""
    if operations is None:
        return None

    async def check() -> bool:
        return well()

    limits = HttpLimits(connections=100, connections_per_address=None)
    # Trouble on a line is shown and does not decide: an orchestrator that starts the process anew mends nothing.
    routes = [*HealthRoutes(Health({"lines": Probe(check, needed=False)})).routes(), *MetricsRoutes(metrics).routes()]
    listener = Listener(Service(routes, limits, Time().clock).handle, limits, tls_of(operations))
    await listener.start(operations.host, operations.port)
    return listener


async def _endpoints(config: RelayConfig, home: Line, time: Time) -> Sequence[str]:
    """Ask the directory at home where the peer's gateways are; wait while no gateway answers."""
    assert config.root is not None, "load_relay asks for one of both"
    root = await asyncio.to_thread(config.root.read_bytes)
    backoff = Backoff()
    while True:
        with suppress(Unavailable, Uncertain):
            return (await find_peer(home, root, Network(config.network), time.clock())).endpoints
        await time.sleep(backoff.failed())


def _context(config: SharedConfig, ca: Path | None) -> SSLContext:
    def text(path: Path | None) -> str | None:
        return None if path is None else read_pem(path)

    return client_context(Tls(ca=text(ca), certificate=text(config.tls_certificate), key=text(config.tls_key)))
