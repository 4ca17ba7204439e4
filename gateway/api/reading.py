"""
Reading a request's body: its type, its size and its time are bounded before and while it arrives.

The library would inflate, buffer without end and wait for ever; here a body that says its length is refused before it is
read, one that does not is counted while it streams, and every body has one time limit however steadily it trickles.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs

from gateway.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.routes import Body

__all__ = ["read_body", "refuse_body"]

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


async def read_body(request: web.BaseRequest, body: Body, time_s: float) -> bytes:
    """
    Read a body as its route allows it.

    Args:
        request: With nothing of the body read yet.
        body: Media types and size of the route.
        time_s: For the whole body.

    Raises:
        Rejected: `unsupported-media`, `too-large` or `bad-request`; part of the body may be unread.
        Unavailable: `time-limit`; nothing happened.
    """
    headers = request.headers
    media = headers.getall(hdrs.CONTENT_TYPE, ())
    if len(media) != 1 or media[0] not in body.media:
        seen = media[0][:80] if media else "none"
        raise Rejected(f"a body of type {seen!r}, wanted {list(body.media)}", code="unsupported-media")
    if hdrs.CONTENT_ENCODING in headers:
        raise Rejected("a compressed body; send it as it is", code="unsupported-media")
    length = request.content_length
    if length is not None and length > body.limit_bytes:
        raise Rejected(f"a body of {length} bytes, limit {body.limit_bytes}", code="too-large")
    if hdrs.EXPECT in headers:
        await _go_on(request)
    content = request.content
    if content.is_eof():
        # The usual case: a small body came with its header, and there is nothing to wait for.
        return _bounded(content.read_nowait(), body.limit_bytes)
    try:
        async with asyncio.timeout(time_s):
            return await _stream(request, body.limit_bytes)
    except TimeoutError as exc:
        raise Unavailable(f"the body was not there after {time_s:g} s", code="time-limit") from exc


def refuse_body(request: web.BaseRequest) -> None:
    """Refuse a body where none belongs: nobody would read or sign it."""
    if request.body_exists:
        raise Rejected("a body where none belongs", code="bad-request")


async def _stream(request: web.BaseRequest, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await request.content.readany():
        size += len(part)
        if size > limit_bytes:
            raise Rejected(f"a body of more than {limit_bytes} bytes", code="too-large")
        parts.append(part)
    return b"".join(parts)


def _bounded(data: bytes, limit_bytes: int) -> bytes:
    if len(data) > limit_bytes:
        raise Rejected(f"a body of {len(data)} bytes, limit {limit_bytes}", code="too-large")
    return data


async def _go_on(request: web.BaseRequest) -> None:
    """Tell a client that asked first to send its body: type and announced size are allowed."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise Rejected("an expectation other than 100-continue", code="bad-request")
    await request.writer.write(_CONTINUE)
    request.writer.output_size = 0  # else an error would count as one after the answer had begun
