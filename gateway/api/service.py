"""
The one layer between the library and the handlers: find the route, read the body, find out who asks, answer, account.

Whatever goes wrong becomes a problem here and nowhere else. A lost line is not answered; a cancellation is passed on.
Each request leaves one count in the metrics, by its route and never by what it asked for, and one line in the log, with the
code of what was wrong; of an accepted message that is the line of the exchange. What failed behind us is told there alone.
"""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.api.problems import answer, error_from
from gateway.api.reading import Bodies, read_body, refuse_body
from gateway.api.routes import Call, Route, Router
from gateway.errors import Branch, Rejected, Unavailable, Uncertain
from gateway.ops.deadlines import Deadlines
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import web

    from gateway.api.auth import Authenticator
    from gateway.api.limits import HttpLimits
    from gateway.api.ports import SignProblem
    from gateway.ops.metrics import Metrics

__all__ = ["Service"]

_NO_ROUTE = "none"
_THEIRS = frozenset({"quota", "suspended", "draining"})  # nothing failed here: the line of the request tells of it


class Service:
    """
    Answers the requests of one listener.

    Args:
        routes: The table.
        limits: Times of bodies and requests.
        clock: Unix seconds.
        metrics: Counts requests; None for a listener that is not counted.
        authenticator: Proves who asks; None where no route is signed.
        sign_problem: Signs the refusal of a request: its body, the document; None where nothing is submitted.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        limits: HttpLimits,
        clock: Callable[[], float],
        metrics: Metrics | None = None,
        authenticator: Authenticator | None = None,
        sign_problem: SignProblem | None = None,
    ) -> None:
        self._router = Router(routes)
        self._limits = limits
        self._bodies = Bodies(limits.bodies_bytes)
        self._clock = clock
        self._metrics = metrics
        self._authenticator = authenticator
        self._sign_problem = sign_problem
        self._deadlines = {waits_s: Deadlines(limits.request_time_s + waits_s) for waits_s in {one.waits_s for one in routes}}
        self._log = logger()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; what the library calls."""
        started = perf_counter()
        call = Call(request)
        route = None
        try:
            route, call.parameter = self._router.find(request.method, _path(request))
            response = await self._run(route, call)
        except ConnectionError:
            raise
        except Exception as exc:  # noqa: BLE001  the outermost place: nothing may leave unanswered
            error = error_from(exc)
            call.code = error.code
            if error.code in _THEIRS:
                call.detail = error.detail  # names who was refused, also where no request is signed
            elif error.row.branch is not Branch.REJECTED:
                self._log.warning("request-failed", code=error.code, detail=error.detail)
            response = answer(error, self._clock(), self._signer(call))
        finally:
            self._bodies.let_go(len(call.body))
        self._account(call, route, response.status, perf_counter() - started)
        return response

    def _signer(self, call: Call) -> Callable[[bytes], str] | None:
        return None if self._sign_problem is None else partial(self._sign_problem, call.body)

    async def _run(self, route: Route, call: Call) -> web.StreamResponse:
        if route.body is None:
            refuse_body(call.request)
        else:
            call.body = await read_body(call.request, route.body, self._limits.body_time_s, self._bodies)
        if route.signed:
            if self._authenticator is None:
                raise AssertionError("a signed route on a listener that cannot tell who asks")
            call.asker = self._authenticator.asker(call.request, call.body, carriers=route.carriers)
        if route.unbounded:
            return await route.handler(call)
        try:
            with self._deadlines[route.waits_s].deadline():
                return await route.handler(call)
        except TimeoutError as exc:
            limit_s = self._limits.request_time_s + route.waits_s
            if route.changes:
                raise Uncertain(f"no outcome after {limit_s:g} s") from exc
            raise Unavailable(f"no answer after {limit_s:g} s", code="time-limit") from exc

    def _account(self, call: Call, route: Route | None, status: int, duration_s: float) -> None:
        if self._metrics is None:
            return
        label = route.path if route is not None else _NO_ROUTE
        self._metrics.requests(label, str(status)).inc()
        if status != 101:
            self._metrics.request_seconds.observe(duration_s)
            if call.code:
                self._metrics.problems(call.code).inc()
        elif call.code:
            self._metrics.sessions_ended(call.code).inc()
        if route is not None and route.told and status < 300:
            return
        self._log.info(
            "request",
            method=call.request.method[:16],
            route=label,
            status=status,
            duration_ms=round(duration_s * 1000, 2),
            bytes_in=len(call.body),
            **({"asker": call.asker.address} if call.asker is not None else {}),
            **({"code": call.code} if call.code else {}),
            **({"detail": call.detail} if call.detail else {}),
        )


def _path(request: web.BaseRequest) -> str:
    """Return the path as it was sent; refuse targets that are no path (a proxy's form, `*`)."""
    target = request.raw_path
    if not target.startswith("/"):
        raise Rejected("the request target is not a path", code="bad-request")
    return target.partition("?")[0]
