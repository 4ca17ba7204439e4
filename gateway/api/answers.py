"""
Answers: the few forms in which this interface replies.

Every answer is made here, so that every one has the same fields and none names the version of a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from gateway.protocol.media import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SERVER", "reply", "reply_json"]

SERVER: Final = "gateway"  # a name without a version: what runs here is the operator's to know


def reply(body: bytes, media: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return an answer of one media type."""
    fields = CIMultiDict({"Content-Type": media, "Server": SERVER})
    if headers:
        fields.update(headers)
    return web.Response(body=body, status=status, headers=fields)


def reply_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a value as JSON."""
    return reply(msgspec.json.encode(value), JSON, status=status, headers=headers)
