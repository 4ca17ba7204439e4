"""
`/openapi.json` (3.1), written from the table that dispatches requests: the two cannot differ.

Components come from the Structs that are encoded and decoded; each refusal is a problem document with the codes that a
client of the route meets, by status. Where content travels in clear, the schemas of the kinds are referred to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway import __version__
from gateway.api.answers import reply
from gateway.api.clear_text import clear_text
from gateway.api.problems import TYPE_PREFIX, Problem
from gateway.api.routes import Answered, Call, Route
from gateway.errors import CODES
from gateway.message.flows import flows
from gateway.protocol import media

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiohttp import web

__all__ = ["OpenApiRoute", "describe"]

_REF: Final = "#/components/schemas/{name}"
_CLEAR: Final = {"$ref": _REF.format(name="ClearText")}
_ALWAYS: Final = ("bad-request", "time-limit", "unavailable", "internal")
_SIGNED: Final = ("signature-missing", "signature-bad", "clock-skew", "sender-unknown", "suspended")
_WITH_BODY: Final = ("too-large", "unsupported-media")
_ABOUT: Final = (
    "Exchange of sealed messages. What is submitted carries its own signatures; what is asked for is a request signed as "
    "RFC 9421 says, with the profile of schemas/api.md. Every refusal is a problem document (RFC 9457)."
)
_SECURITY: Final = {"type": "http", "scheme": "signature", "description": "RFC 9421, the profile of schemas/api.md"}


class OpenApiRoute:
    """
    The route of the description.

    Args:
        others: All other rows of the table.
    """

    def __init__(self, others: Sequence[Route]) -> None:
        row = Route(
            method="GET",
            path=media.OPENAPI,
            handler=self.show,
            summary="This description",
            answers={200: Answered("OpenAPI 3.1", media.JSON)},
        )
        self._routes = [row]
        self._document = msgspec.json.encode(describe([*others, row]))

    def routes(self) -> list[Route]:
        """Return the row of the table."""
        return self._routes

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the description."""
        del call
        return reply(self._document, media.JSON)


def describe(routes: Sequence[Route], schemas_at: str = media.SCHEMAS.lstrip("/")) -> dict[str, Any]:
    """
    Return the OpenAPI document of a route table.

    Args:
        routes: The table.
        schemas_at: Way from the document to the folder of schemas, with a `/` at its end; "" for a document in that folder.
    """
    schemas, components = _components(routes)
    components["ClearText"] = clear_text(schemas_at)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = route.path.replace("*}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gateway",
            "version": __version__,
            "summary": "Sealed messages",
            "description": _ABOUT,
            "x-flows": flows().digest.hex(),  # schemas/conversations.md, "Which tables"
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"signature": _SECURITY}},
    }


def _components(routes: Sequence[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return the schema of each type that the table names, and the components they refer to."""
    types: list[Any] = [Problem]
    for route in routes:
        named = [answered.schema for answered in route.answers.values()]
        types += [schema for schema in (*named, route.body.schema if route.body else None) if schema is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    components["Problem"]["properties"]["type"] = {"type": "string", "pattern": f"^{TYPE_PREFIX}[a-z-]+$"}
    components["Problem"]["properties"]["code"] = {"type": "string", "enum": list(CODES)}
    return dict(zip(map(str, types), schemas, strict=True)), components


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    name = f"{route.method} {route.path}"
    operation: dict[str, Any] = {
        "operationId": "".join(character if character.isalnum() else "_" for character in name).strip("_"),
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {
            **{str(status): _answered(answered, schemas) for status, answered in route.answers.items()},
            **_problems(route),
        },
    }
    if route.body is not None:
        schema = schemas.get(str(route.body.schema), {})
        content = {kind: {"schema": _CLEAR if kind == media.SIGNED else schema} for kind in route.body.media}
        operation["requestBody"] = {
            "required": True,
            "content": content,
            "description": f"At most {route.body.limit_bytes} bytes",
        }
    if route.signed:
        operation["security"] = [{"signature": []}]
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [
        {"name": one.name, "in": "query", "required": one.required, "description": one.description, "schema": dict(one.schema)}
        for one in route.parameters
    ]
    name = route.path.partition("{")[2].rstrip("*}")
    if name:
        found.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    return found


def _answered(answered: Answered, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answered.description}
    if answered.media is not None:
        described["content"] = {answered.media: {"schema": schemas.get(str(answered.schema), {})}}
    return described


def _problems(route: Route) -> dict[str, Any]:
    codes = [*_ALWAYS, *route.problems]
    codes += _SIGNED if route.signed else ()
    codes += _WITH_BODY if route.body is not None else ()
    codes += ("uncertain",) if route.changes else ()
    codes += ("not-found",) if "{" in route.path else ()
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(CODES[code].status, []).append(code)
    taken = route.answers.keys()
    return {str(status): _problem(found) for status, found in sorted(by_status.items()) if status not in taken}


def _problem(codes: Iterable[str]) -> dict[str, Any]:
    rows = "; ".join(f"`{code}`: {CODES[code].title}" for code in codes)
    return {"description": rows, "content": {media.PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}}}
