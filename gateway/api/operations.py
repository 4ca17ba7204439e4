"""
Health for everybody, metrics and orders for operators.

`/healthz` says that the process answers, `/readyz` that a submission could be accepted: a broker that is away and metadata that
the authority let expire are shown there and do not decide, because the gateway still accepts (promise 8). `/metrics` stands on
the operators' listener alone, and so does `/v1/operations`, where what an operator signed is done: reaching that listener is
not enough to order anything. Spec: schemas/api.md, "Operations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from gateway.api.answers import reply, reply_json
from gateway.api.routes import Answered, Body, Call, Route
from gateway.ops.metrics import CONTENT_TYPE
from gateway.protocol import media
from gateway.protocol.action import MAX_SIGNED_BYTES

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.ports import OperatorPort
    from gateway.ops.health import Health

__all__ = ["Alive", "HealthRoutes", "MetricsRoutes", "OrderRoutes", "Readiness", "Rendered"]


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    alive: bool = True


class Readiness(msgspec.Struct, frozen=True):
    """Whether a submission could be accepted now, and what each part says: "ok" or a code."""

    ready: bool
    parts: Mapping[str, str]


class Rendered(Protocol):
    """Metrics of a process: a gateway's, or a relay's."""

    def render(self) -> bytes:
        """Return all of them in Prometheus' text form."""


class HealthRoutes:
    """
    The routes of health.

    Args:
        health: Asks the parts.
    """

    def __init__(self, health: Health) -> None:
        self._health = health

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [
            Route(
                method="GET",
                path=media.HEALTH,
                handler=self.alive,
                summary="Whether the process answers",
                answers={200: Answered("It does", media.JSON, Alive)},
            ),
            Route(
                method="GET",
                path=media.READY,
                handler=self.ready,
                summary="Whether a submission could be accepted now",
                answers={
                    200: Answered("It could", media.JSON, Readiness),
                    503: Answered("It could not", media.JSON, Readiness),
                },
            ),
        ]

    async def alive(self, call: Call) -> web.StreamResponse:
        """Answer."""
        del call
        return reply_json(Alive(), headers={"Cache-Control": "no-store"})

    async def ready(self, call: Call) -> web.StreamResponse:
        """Ask the parts, and answer."""
        del call
        report = await self._health.report()
        status = 200 if report.ready else 503
        return reply_json(Readiness(report.ready, report.parts), status=status, headers={"Cache-Control": "no-store"})


class MetricsRoutes:
    """
    The route of metrics.

    Args:
        metrics: What is shown.
    """

    def __init__(self, metrics: Rendered) -> None:
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Return the row of the table."""
        return [
            Route(
                method="GET",
                path=media.METRICS,
                handler=self.show,
                summary="All metrics, in Prometheus' text form",
                answers={200: Answered("The metrics", CONTENT_TYPE)},
            )
        ]

    async def show(self, call: Call) -> web.StreamResponse:
        """Render the metrics."""
        del call
        return reply(self._metrics.render(), CONTENT_TYPE)


class OrderRoutes:
    """
    The route of operators' orders.

    Args:
        operator: Does them.
    """

    def __init__(self, operator: OperatorPort) -> None:
        self._operator = operator

    def routes(self) -> list[Route]:
        """Return the row of the table."""
        return [
            Route(
                method="POST",
                path=media.OPERATIONS,
                handler=self.order,
                summary="Do what an operator signed: MessagePack [action, key_id, signature]",
                answers={204: Answered("Done, with a leaf in the audit log")},
                problems=("malformed", "not-canonical", "signature-bad", "clock-skew", "nonce-used", "not-found"),
                body=Body((media.MSGPACK,), MAX_SIGNED_BYTES),
                changes=True,
            )
        ]

    async def order(self, call: Call) -> web.StreamResponse:
        """Do it."""
        await self._operator.operate(call.body)
        return reply(b"", media.OCTETS, status=204)
