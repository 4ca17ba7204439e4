"""
Problems (RFC 9457): every refusal and every failure leaves through `answer`, and through nothing else.

A code of the error tree gives type, title, status and hint. Whatever is no error of the tree is a bug: it is logged and
answered as `internal`, with no word of what it was. `not-found` has no detail, so that what belongs to another participant
answers byte for byte like what does not exist; what is wrong behind the gateway is told in its log alone.
A refusal of what was proved to be its sender's is signed, over exactly the bytes that are sent.
Spec: schemas/api.md, "Problems".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from gateway.api.answers import reply
from gateway.errors import CODES, GatewayError, Rejected, Unavailable
from gateway.ops.logs import logger
from gateway.protocol.media import PROBLEM
from gateway.protocol.refusal import FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["RETRY_AFTER_S", "TYPE_PREFIX", "MethodNotAllowed", "Problem", "answer", "detail_of", "error_from", "problem_of"]

TYPE_PREFIX: Final = "urn:gateway:problem:"
RETRY_AFTER_S: Final = 5  # long enough for a broker or a database to come back, short enough for urgent mail
_MAX_DETAIL: Final = 500  # characters; a detail shows the value seen, and values come from strangers
# What the detail could tell is nobody's business: whether a thing exists, what a bug was, hosts and drivers behind the gateway.
_SILENT: Final = frozenset({
    "not-found", "cannot-open", "internal", "unavailable", "uncertain", "corrupt", "schema-version", "ledger-locked",
})  # fmt: skip
# A time of theirs was compared with ours: who is told our time can see how far off the own clock is.
_TIMED: Final = frozenset({"clock-skew", "out-of-time", "expired"})
_ACCEPT_SIGNATURE: Final = 'gateway=("@method" "@authority" "@path" "@query");created;keyid;alg;nonce;tag="gateway-v1"'
_STATUS_CODES: Final = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media"}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal or failure, as RFC 9457 writes it, with the code of the error tree."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    pointer: str | None = None
    server_time: int | None = None


class MethodNotAllowed(Rejected):
    """`method-not-allowed`, with the methods that the resource has."""

    default = "method-not-allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"this resource knows {', '.join(allowed)}")
        self.allowed = tuple(allowed)


def error_from(exc: BaseException) -> GatewayError:
    """Translate what a handler raised; anything unknown is logged here and becomes `internal`."""
    if isinstance(exc, GatewayError):
        return exc
    if isinstance(exc, web.HTTPException):
        return _from_http(exc)
    if isinstance(exc, web.RequestPayloadError):
        return Rejected("the body breaks off, or is not framed as HTTP asks", code="bad-request")
    if isinstance(exc, TimeoutError | asyncio.TimeoutError):
        return Unavailable(code="time-limit")
    logger().error("a bug", code="internal", exc_info=exc)
    return GatewayError(code="internal")


def problem_of(error: GatewayError, now: float) -> Problem:
    """
    Write an error as a problem document.

    Args:
        error: Of the error tree.
        now: Unix seconds; told where clocks may differ, and when it was refused where the refusal is signed.
    """
    row = error.row
    return Problem(
        type=TYPE_PREFIX + error.code,
        title=row.title,
        status=row.status,
        code=error.code,
        detail=detail_of(error),
        hint=row.hint if error.code in _SILENT else error.hint,
        pointer=None if error.code in _SILENT else error.pointer,
        server_time=int(now) if error.proved or error.code in _TIMED else None,
    )


def detail_of(error: GatewayError) -> str:
    """Return what a stranger may read of an error."""
    return error.row.title if error.code in _SILENT else error.detail[:_MAX_DETAIL]


def answer(exc: BaseException, now: float, sign: Callable[[bytes], str] | None = None) -> web.Response:
    """
    Return the answer to a request that failed.

    Args:
        exc: Whatever was raised; `CancelledError` must not come here.
        now: Unix seconds.
        sign: Makes `Problem-Signature` for a document; asked only for what is proved to be its sender's, because a
            signature costs time and makes the refusal final for who gets it.
    """
    error = error_from(exc)
    body = msgspec.json.encode(problem_of(error, now))
    headers = _headers(error)
    if error.proved and sign is not None:
        headers[FIELD] = sign(body)
    return reply(body, PROBLEM, status=error.row.status, headers=headers)


def _headers(error: GatewayError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    status = CODES[error.code].status
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if status == 401:
        headers["WWW-Authenticate"] = "Signature"
        headers["Accept-Signature"] = _ACCEPT_SIGNATURE
    if status in {429, 503}:
        headers["Retry-After"] = str(error.retry_after_s or RETRY_AFTER_S)
    return headers


def _from_http(exc: web.HTTPException) -> GatewayError:
    """Translate what the library raised by itself; its text is not ours to repeat."""
    if exc.status >= 500:
        logger().error("the server library failed", code="internal", status=exc.status, exc_info=exc)
        return GatewayError(code="internal")
    return Rejected(f"HTTP refused it: {exc.reason}", code=_STATUS_CODES.get(exc.status, "bad-request"))
