"""
Whatever Schemathesis makes of `/openapi.json`, a gateway answers as that says: a fuzzer that others wrote.

It runs in a thread, the gateway in this one. Its requests are not signed: what signed ones are told is in `test_conformance`.
"""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import hypothesis
import msgspec
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from gateway.protocol import media
from gateway.resources import schemas_path
from tests.api.test_whole import whole
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_path(schemas_path() / "openapi.json")
FOUND = list(SCHEMA.get_all_operations())
OPERATIONS = {one.ok().label: one.ok() for one in FOUND if isinstance(one, Ok)}
EACH = hypothesis.settings(max_examples=8, deadline=None, derandomize=True, database=None, phases=[hypothesis.Phase.generate])


@schemathesis.serializer(media.MSGPACK, media.SEALED, media.SIGNED)
def as_messagepack(_: object, value: Any) -> bytes:
    """Spell what Schemathesis made as such bodies are spelled."""
    return value if isinstance(value, bytes) else msgspec.msgpack.encode(value, enc_hook=attrgetter("data"))


def test_every_operation_can_be_asked() -> None:
    """The description is whole: nothing in it leads nowhere."""
    assert len(OPERATIONS) == len(FOUND) > 20


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_no_request_is_answered_otherwise(tmp_path: Path, name: str) -> None:
    """No failure, and no status, content type or document that the description does not name."""
    operation, statuses = OPERATIONS[name], set()

    async with whole(tmp_path) as gate:
        base = f"http://{LOOPBACK}:{gate.api.port}"

        @EACH
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(base_url=base, timeout=10)
            statuses.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        await asyncio.to_thread(ask)
    assert statuses
