"""
The route table: one row a resource and method, from which requests are dispatched and `/openapi.json` is written.

A path is fixed, or ends in one parameter: `{name}` is one segment, `{name*}` the rest of the path. Paths are compared as they
were sent: nothing here needs an escape, so a path with one is a path that does not exist.
The time limit, the media types and the size limit of a body, and whether a request must be signed, stand in the row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from gateway.api.problems import MethodNotAllowed
from gateway.errors import Rejected
from gateway.protocol.request import Asker

__all__ = ["Answered", "Body", "Call", "Handler", "Parameter", "Route", "Router"]


@dataclass(slots=True)
class Call:
    """
    One request on its way to its handler.

    Args:
        request: As the library gives it; its body is read already.
        parameter: What the path's parameter matched; empty for a fixed path.
        body: The bytes received.
        asker: Who signed the request; None where the route asks for no signature.
        code: Why it was refused, or why its session ended; empty when nothing was wrong.
        detail: What was found, where the line of the request is the only one that tells; else empty.
    """

    request: web.BaseRequest
    parameter: str = ""
    body: bytes = b""
    asker: Asker | None = None
    code: str = ""
    detail: str = ""

    def who(self) -> Asker:
        """Return who is asking, on a route that is signed."""
        if self.asker is None:
            raise AssertionError("a route without `signed` asked who is asking")
        return self.asker


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Body:
    """
    What a request carries.

    Args:
        media: Media types, compared whole; empty where a foreign specification names none, and any is taken.
        limit_bytes: Longer ones are `too-large`.
        schema: JSON Schema, or a Struct to take it from, for `/openapi.json`; None for bytes with a specification of their own.
    """

    media: Sequence[str]
    limit_bytes: int
    schema: Any = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered with when nothing is wrong."""

    description: str
    media: str | None = None
    schema: Any = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter, for `/openapi.json`; the handler reads it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    One row of the table.

    Args:
        method: Upper case; HEAD is answered wherever an unsigned GET is.
        path: See the rules of this file.
        handler: What answers.
        summary: One line for readers of `/openapi.json`.
        answers: By status.
        problems: Codes that a client of this route should expect, besides those that every route has.
        body: None where a body is refused.
        signed: Whether the request must be signed by an active participant's `agent` key.
        carriers: Whether relays of peers may ask too; everywhere else a participant of a peer is a stranger.
        changes: Whether a time-out leaves the outcome open.
        unbounded: Whether it lives as long as a session.
        waits_s: How much longer than others it may take, because it waits for something to happen.
        told: Whether the use case writes the log line of a success itself, with more than is known here.
        parameters: Of the query.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, Answered]
    problems: Sequence[str] = ()
    body: Body | None = None
    signed: bool = False
    carriers: bool = False
    changes: bool = False
    unbounded: bool = False
    waits_s: float = 0.0
    told: bool = False
    parameters: Sequence[Parameter] = field(default=())


_Methods = dict[str, Route]
_SIGNS_OF_ESCAPE: Final = ("%", "\\", "//", "/./", "/../")


class Router:
    """Finds the row of a request."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._fixed: dict[str, _Methods] = {}
        prefixes: dict[str, _Methods] = {}
        self._whole: dict[str, bool] = {}
        for route in routes:
            prefix, brace, name = route.path.partition("{")
            rows = prefixes.setdefault(prefix, {}) if brace else self._fixed.setdefault(prefix, {})
            if rows.setdefault(route.method, route) is not route:
                raise ValueError(f"{route.method} {route.path} stands twice")
            if route.method == "GET" and not route.signed:
                rows["HEAD"] = route
            if brace:
                self._whole[prefix] = name.endswith("*}")
        # The longest prefix is the most special one.
        self._prefixes = sorted(prefixes.items(), key=lambda item: -len(item[0]))

    def find(self, method: str, path: str) -> tuple[Route, str]:
        """
        Return the row, and what its path's parameter matched.

        Args:
            method: As received.
            path: As received, without the query.

        Raises:
            Rejected: `not-found`; or `method-not-allowed`.
        """
        methods = self._fixed.get(path)
        if methods is None:
            return self._find_by_prefix(method, path)
        return _row(methods, method), ""

    def _find_by_prefix(self, method: str, path: str) -> tuple[Route, str]:
        if not any(sign in path for sign in _SIGNS_OF_ESCAPE):
            for prefix, methods in self._prefixes:
                rest = path.removeprefix(prefix)
                if path.startswith(prefix) and rest and (self._whole[prefix] or "/" not in rest):
                    return _row(methods, method), rest
        raise Rejected(code="not-found")


def _row(methods: _Methods, method: str) -> Route:
    route = methods.get(method)
    if route is None:
        raise MethodNotAllowed(sorted(methods))
    return route
