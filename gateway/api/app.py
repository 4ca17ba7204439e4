"""
The HTTP side of a gateway, put together: the participants' listener and the operators'.

What stands in the table is served, and nothing else. The composition root gives the parts; this module knows no configuration.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.api.auth import Authenticator
from gateway.api.dashboard import DashboardRoutes
from gateway.api.directory import DirectoryRoutes
from gateway.api.inbox import Inbox
from gateway.api.limits import HttpLimits
from gateway.api.listener import STOP_S, Listener
from gateway.api.log import LogRoutes
from gateway.api.messages import Messages
from gateway.api.openapi import OpenApiRoute
from gateway.api.operations import HealthRoutes, MetricsRoutes, OrderRoutes
from gateway.api.outcomes import OutcomeRoutes
from gateway.api.peers import PeerRoutes
from gateway.api.relay import RelayRoutes
from gateway.api.schemas import SchemaRoutes
from gateway.api.service import Service

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from gateway.api.border_ports import PeersPort, RelayPort
    from gateway.api.dashboard import DashboardParts
    from gateway.api.ports import ExchangePort, LogPort, OperatorPort, SignProblem, Standing
    from gateway.api.routes import Route
    from gateway.envelope.primitives import Rng
    from gateway.ids import Address
    from gateway.ops.health import Health
    from gateway.ops.metrics import Metrics

__all__ = ["HttpApi", "Parts", "operations_listener"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """
    What the participants' listener is made of.

    Args:
        exchange: The use cases.
        log: Answers about the audit log.
        relay: What relays bring and fetch.
        peers: The directories of peers.
        directory: Returns who is who now, here and in the networks of peers.
        health: For `/readyz`.
        metrics: Counts requests.
        clock: Unix seconds.
        rng: Random bytes for the nonces of sessions.
        sign_problem: Signs the refusals of submissions; see `gateway.protocol.refusal`.
        schemas: The folder of `/v1/schemas/`.
        limits: See `HttpLimits`.
        suspended: Tells of a participant whether this gateway's operator suspended it.
    """

    exchange: ExchangePort
    log: LogPort
    relay: RelayPort
    peers: PeersPort
    directory: Callable[[], Standing]
    health: Health
    metrics: Metrics
    clock: Callable[[], float]
    rng: Rng
    sign_problem: SignProblem
    schemas: Path
    limits: HttpLimits = field(default_factory=HttpLimits)
    suspended: Callable[[Address], bool] = lambda _: False


class HttpApi:
    """
    The participants' listener.

    Args:
        parts: See `Parts`.
        tls: From `listener.tls_context`; None behind a proxy or on loopback.
    """

    def __init__(self, parts: Parts, tls: ssl.SSLContext | None = None) -> None:
        authenticator = Authenticator(parts.directory, parts.clock, parts.suspended)
        self._inbox = Inbox(parts.exchange, authenticator, parts.clock, parts.rng, parts.limits)
        self._relay = RelayRoutes(parts.relay, parts.peers, authenticator, parts.directory, parts.clock)
        self.routes = _table(parts, self._inbox, self._relay)
        service = Service(self.routes, parts.limits, parts.clock, parts.metrics, authenticator, parts.sign_problem)
        turned_away = parts.metrics.turned_away
        self._listener = Listener(service.handle, parts.limits, tls, lambda bound: turned_away(bound).inc())

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.port

    async def start(self, host: str, port: int, inherited: socket.socket | None = None) -> None:
        """Listen; see `Listener.start`."""
        await self._listener.start(host, port, inherited)

    def drain(self, on: bool) -> None:  # noqa: FBT001  one of those who listen to an order
        """End every session and take no more, or let them come again."""
        self._inbox.drain(on)

    async def stop(self, grace_s: float) -> None:
        """Take no more, end every session and everything that waits, let what is running end within `grace_s`."""
        self._inbox.stop()
        self._relay.stop()
        await self._listener.stop(grace_s)


class OperationsListener(Listener):
    """
    The operators' listener: metrics, health, signed orders, and the dashboard.

    Args:
        health: Asks the parts.
        metrics: What is shown.
        operator: Does what was signed.
        clock: Unix seconds.
        dashboard: See `DashboardParts`; None has none.
        tls: From `listener.tls_context`; None on loopback, or where only operators reach it.
    """

    def __init__(
        self,
        health: Health,
        metrics: Metrics,
        operator: OperatorPort,
        clock: Callable[[], float],
        dashboard: DashboardParts | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._watch = dashboard.watch if dashboard is not None else None
        limits = HttpLimits(connections=64, connections_per_address=None)
        routes = [*MetricsRoutes(metrics).routes(), *HealthRoutes(health).routes(), *OrderRoutes(operator).routes()]
        if dashboard is not None:
            routes += DashboardRoutes(dashboard, f"gateway-dashboard-{secrets.token_hex(4)}").routes()
        super().__init__(Service(routes, limits, clock).handle, limits, tls)

    async def stop(self, grace_s: float = STOP_S) -> None:
        """Let those who watch go, take no more connections, let what is running end, then close."""
        if self._watch is not None:
            await self._watch.close()
        await super().stop(grace_s)


def operations_listener(
    health: Health,
    metrics: Metrics,
    operator: OperatorPort,
    clock: Callable[[], float],
    dashboard: DashboardParts | None = None,
    tls: ssl.SSLContext | None = None,
) -> Listener:
    """Return the operators' listener; see `OperationsListener`."""
    return OperationsListener(health, metrics, operator, clock, dashboard, tls)


def _table(parts: Parts, inbox: Inbox, relay: RelayRoutes) -> list[Route]:
    """Return every row of the participants' listener."""
    routes = [
        *Messages(parts.exchange).routes(),
        *inbox.routes(),
        *OutcomeRoutes(parts.exchange).routes(),
        *DirectoryRoutes(parts.exchange).routes(),
        *PeerRoutes(parts.peers).routes(),
        *relay.routes(),
        *LogRoutes(parts.log).routes(),
        *SchemaRoutes(parts.schemas).routes(),
        *HealthRoutes(parts.health).routes(),
    ]
    return [*routes, *OpenApiRoute(routes).routes()]
