"""
What an answer of a gateway says, and what a line says that was not made or was lost: each as an error of the tree.

What may have been taken is Uncertain, what surely was not is Unavailable. Nothing here is believed: a stranger on the line can
write all of it.
"""

from __future__ import annotations

import re
import ssl
from typing import Final

import aiohttp
import msgspec

from gateway.client.line.refusals import clock_hint
from gateway.errors import Corrupt, GatewayError, Unavailable, Uncertain, error_of

__all__ = ["lost_line", "read_bounded", "read_problem", "read_wait_s"]

MOST_WAIT_S: Final = 300.0  # that a gateway may make us wait before the next submission
MAX_DETAIL: Final = 500  # characters of another's text that are passed on


class _Problem(msgspec.Struct, frozen=True):
    """What is read of an RFC 9457 document."""

    code: str
    detail: str = ""
    pointer: str | None = None
    server_time: int | None = None


async def read_bounded(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """Read a body; raise Uncertain for one that is larger than `limit_bytes`."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit_bytes:
            raise Uncertain(f"an answer above {limit_bytes} bytes")  # to a request that may have been taken
        parts.append(part)
    return b"".join(parts)


def read_problem(status: int, body: bytes, now: float) -> GatewayError:
    """
    Return what a refusal says, as the error that it is.

    Args:
        status: Of HTTP.
        body: An RFC 9457 document, or whatever stands in its place.
        now: This machine's clock, Unix seconds.
    """
    try:
        found = msgspec.json.decode(body, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # A proxy or another server stands at this address: that is no answer of a gateway, which may have been asked.
        kind = Uncertain if status >= 500 else Unavailable
        return kind(f"an answer with status {status} that is not a gateway's")
    error = error_of(found.code, found.detail[:MAX_DETAIL], found.pointer)
    error.hint = clock_hint(found.server_time, now) or error.hint
    # The gateway's data is damaged, not this home's: its operator has the alarm.
    return Uncertain(f"the gateway says {error}") if isinstance(error, Corrupt) else error


def read_wait_s(text: str) -> int | None:
    """Read Retry-After, at most `MOST_WAIT_S`; a date, which no gateway writes, counts as nothing."""
    return min(int(text), int(MOST_WAIT_S)) if re.fullmatch(r"[0-9]{1,9}", text) else None


def lost_line(exc: Exception, base: str) -> GatewayError:
    """Return what it means that a line to a gateway was not made, or lost: Unavailable where nothing can have been taken."""
    if isinstance(exc.__cause__, ssl.SSLError):
        return Unavailable(f"no line to {base} that can be trusted: {_words(exc.__cause__)}", code="tls")
    if isinstance(exc, aiohttp.ClientConnectorError | aiohttp.InvalidURL | aiohttp.ConnectionTimeoutError):
        if isinstance(getattr(exc, "os_error", None), ConnectionRefusedError):
            return Unavailable(f"nobody listens at {base}: is the gateway running?")
        return Unavailable(f"no connection to {base}: {type(exc).__name__}")
    if isinstance(exc, aiohttp.WSServerHandshakeError):
        return Unavailable(f"{base} opened no session: status {exc.status}")
    # TLS 1.3 tells a client after its handshake that its certificate is missing or unknown, and the line just ends.
    asked = "; does it ask for a client certificate?" if base.startswith("https:") else ""
    return Uncertain(f"the line to {base} was lost: {type(exc).__name__}{asked}")


def _words(exc: ssl.SSLError) -> str:
    """Return what OpenSSL says, without its source lines."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return exc.verify_message
    return (exc.reason or type(exc).__name__).lower().replace("_", " ")
