"""
The interfaces as files of `schemas/`: OpenAPI from the route table of a gateway over fakes, AsyncAPI from the frames.

An implementer has them without a gateway; `make schemas` writes them, and a test compares them with what is served.
"""

from __future__ import annotations

import json

from gateway.api.app import HttpApi
from gateway.api.openapi import describe
from gateway.protocol import asyncapi
from tests.support.http_stage import QUICK, Stage

__all__ = ["documents"]


def documents() -> dict[str, bytes]:
    """Return each file: name under `schemas/` to bytes."""
    routes = HttpApi(Stage(QUICK).parts()).routes
    found = {"openapi.json": describe(routes, schemas_at=""), "asyncapi.json": asyncapi.describe()}
    return {name: (json.dumps(one, indent=2, ensure_ascii=False) + "\n").encode() for name, one in found.items()}
