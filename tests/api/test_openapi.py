"""The description of the interface: valid, complete, and the same as what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.errors import CODES
from gateway.protocol import media

if TYPE_CHECKING:
    from tests.support.http_stage import Stage


async def described(stage: Stage) -> dict[str, Any]:
    """Fetch the description."""
    got = await stage.ask("GET", media.OPENAPI)
    assert got.headers["content-type"] == media.JSON
    found: dict[str, Any] = msgspec.json.decode(got.body)
    return found


async def test_the_description_is_valid(stage: Stage) -> None:
    """Tools that read OpenAPI 3.1 can read it."""
    document = await described(stage)
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_the_description_is_of_what_is_served(stage: Stage) -> None:
    """Each route is described, and each that is described is served."""
    document = await described(stage)
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert listed == {(route.method, route.path.replace("*}", "}")) for route in stage.api.routes}
    for method, path in listed:
        got = await stage.ask(method, path.replace("{", "").replace("}", ""))
        assert got.status not in {405, 500}, (method, path)


async def test_every_route_tells_whether_it_is_signed(stage: Stage) -> None:
    """A route that asks for a signature says so, and one that says nothing asks for none."""
    document = await described(stage)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = b"x" if "requestBody" in operation else b""
            kind = next(iter(operation["requestBody"]["content"])) if body else None
            got = await stage.ask(method.upper(), path.replace("{", "").replace("}", ""), body=body, media=kind)
            assert (got.status == 401) == ("security" in operation), (method, path)


async def test_every_problem_has_a_code_of_the_error_tree(stage: Stage) -> None:
    """The problem document is described with every code, and answers follow it."""
    document = await described(stage)
    schema = document["components"]["schemas"]["Problem"]
    assert schema["properties"]["code"]["enum"] == list(CODES)
    validator = Draft202012Validator(schema)
    for path in ("/nothing", media.INBOX, media.MESSAGES):
        validator.validate((await stage.ask("GET", path)).problem)


@pytest.mark.parametrize("path", [media.HEALTH, media.READY, media.SCHEMAS])
async def test_answers_follow_their_schemas(stage: Stage, path: str) -> None:
    """What is answered is what is described."""
    document = await described(stage)
    schema = document["paths"][path]["get"]["responses"]["200"]["content"][media.JSON]["schema"]
    got = await stage.ask("GET", path)
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole).validate(msgspec.json.decode(got.body))
