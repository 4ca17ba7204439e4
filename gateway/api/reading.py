"""
Reading a request's body: its type, its size and its time are bounded before and while it arrives.

The library would inflate, buffer without end and wait for ever; here a body that says its length is refused before it is
read, one that does not is counted while it streams, and every body has one time limit however steadily it trickles.
Large bodies are bounded together too (`Bodies`): a submission is not signed as a request, so anybody may send one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs

from gateway.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from aiohttp import web

    from gateway.api.routes import Body

__all__ = ["Bodies", "read_body", "refuse_body"]

SMALL_BYTES: Final = 64 << 10  # of each body nobody asks about: strangers who fill the rest keep no everyday message out
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Bodies:
    """
    What the large bodies of one listener hold in memory, from their first byte until their requests are answered.

    Args:
        limit_bytes: Of all of them, beyond the first `SMALL_BYTES` of each.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0

    def grow(self, before: int, after: int) -> None:
        """Count a body that grows from one size to another; raise `busy` when all together are too much."""
        if after <= SMALL_BYTES:
            return
        more = _beyond(after) - _beyond(before)
        if more and self._held_bytes + more > self._limit_bytes:
            raise Unavailable(f"large bodies hold {self._held_bytes} bytes, limit {self._limit_bytes}", code="busy")
        self._held_bytes += more

    def let_go(self, size: int) -> None:
        """Forget a body of this size."""
        if size > SMALL_BYTES:
            self._held_bytes -= _beyond(size)


async def read_body(request: web.BaseRequest, body: Body, time_s: float, bodies: Bodies) -> bytes:
    """
    Read a body as its route allows it.

    Args:
        request: With nothing of the body read yet.
        body: Media types and size of the route.
        time_s: For the whole body.
        bodies: Counts what is returned, until the caller lets it go.

    Raises:
        Rejected: `unsupported-media`, `too-large` or `bad-request`; part of the body may be unread.
        Unavailable: `time-limit` or `busy`; nothing happened.
    """
    headers = request.headers
    media = headers.getall(hdrs.CONTENT_TYPE, ())
    if body.media and (len(media) != 1 or media[0] not in body.media):
        seen = media[0][:80] if media else "none"
        raise Rejected(f"a body of type {seen!r}, wanted {list(body.media)}", code="unsupported-media")
    if hdrs.CONTENT_ENCODING in headers:
        raise Rejected("a compressed body; send it as it is", code="unsupported-media")
    length = request.content_length
    if length is not None:
        _check_size(length, body.limit_bytes)
    if hdrs.EXPECT in headers:
        await _go_on(request)
    content = request.content
    if content.is_eof():
        # The usual case: a small body came with its header, and there is nothing to wait for.
        data = content.read_nowait()
        _check_size(len(data), body.limit_bytes)
        bodies.grow(0, len(data))
        return data
    try:
        async with asyncio.timeout(time_s):
            return await _stream(request, body.limit_bytes, bodies)
    except TimeoutError as exc:
        raise Unavailable(f"the body was not there after {time_s:g} s", code="time-limit") from exc


def refuse_body(request: web.BaseRequest) -> None:
    """Refuse a body where none belongs: nobody would read or sign it."""
    if request.body_exists:
        raise Rejected("a body where none belongs", code="bad-request")


async def _stream(request: web.BaseRequest, limit_bytes: int, bodies: Bodies) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        while part := await request.content.readany():
            _check_size(size + len(part), limit_bytes)
            bodies.grow(size, size + len(part))
            size += len(part)
            parts.append(part)
    except BaseException:
        bodies.let_go(size)
        raise
    return b"".join(parts)


def _beyond(size: int) -> int:
    return max(0, size - SMALL_BYTES)


def _check_size(size: int, limit_bytes: int) -> None:
    if size > limit_bytes:
        raise Rejected(f"a body of {size} bytes or more, limit {limit_bytes}", code="too-large")


async def _go_on(request: web.BaseRequest) -> None:
    """Tell a client that asked first to send its body: type and announced size are allowed."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise Rejected("an expectation other than 100-continue", code="bad-request")
    await request.writer.write(_CONTINUE)
    request.writer.output_size = 0  # else an error would count as one after the answer had begun
