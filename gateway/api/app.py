"""
The HTTP side of a gateway, put together: the participants' listener and the operators'.

What stands in the table is served, and nothing else. The composition root gives the parts; this module knows no configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.api.auth import Authenticator
from gateway.api.directory import DirectoryRoutes
from gateway.api.inbox import Inbox
from gateway.api.limits import HttpLimits
from gateway.api.listener import Listener
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

    from gateway.api.ports import ExchangePort, LogPort, OperatorPort, PeersPort, RelayPort, SignProblem, Standing
    from gateway.api.routes import Route
    from gateway.envelope.primitives import Rng
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


class HttpApi:
    """
    The participants' listener.

    Args:
        parts: See `Parts`.
        tls: From `listener.tls_context`; None behind a proxy or on loopback.
    """

    def __init__(self, parts: Parts, tls: ssl.SSLContext | None = None) -> None:
        authenticator = Authenticator(parts.directory, parts.clock)
        self._inbox = Inbox(parts.exchange, authenticator, parts.clock, parts.rng, parts.limits)
        self._relay = RelayRoutes(parts.relay, parts.peers, authenticator, parts.directory, parts.clock)
        self.routes = _table(parts, self._inbox, self._relay)
        service = Service(self.routes, parts.limits, parts.clock, parts.metrics, authenticator, parts.sign_problem)
        self._listener = Listener(service.handle, parts.limits, tls)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._listener.port

    @property
    def turned_away(self) -> int:
        """How many connections were one too many."""
        return self._listener.turned_away

    async def start(self, host: str, port: int, inherited: socket.socket | None = None) -> None:
        """Listen; see `Listener.start`."""
        await self._listener.start(host, port, inherited)

    async def stop(self, grace_s: float) -> None:
        """Take no more, end every session and everything that waits, let what is running end within `grace_s`."""
        self._inbox.stop()
        self._relay.stop()
        await self._listener.stop(grace_s)


def operations_listener(health: Health, metrics: Metrics, operator: OperatorPort, clock: Callable[[], float]) -> Listener:
    """Return the operators' listener: metrics, health, and signed orders."""
    limits = HttpLimits(connections=64, connections_per_address=None)
    routes = [*MetricsRoutes(metrics).routes(), *HealthRoutes(health).routes(), *OrderRoutes(operator).routes()]
    return Listener(Service(routes, limits, clock).handle, limits)


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
