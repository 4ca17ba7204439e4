"""
The inbox: a session for those who stay connected, and two plain requests for thin clients.

`GET /v1/inbox` is both: with `Upgrade: websocket` it opens the session, without it returns what waits in the ledger.
A session's request is remembered by its nonce and works once. No lease and no stickiness: what a thin client does not answer
it gets again.
Spec: schemas/api.md, "Inbox session" and "Thin clients".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from gateway.api.answers import SERVER, reply, reply_json
from gateway.api.query import after
from gateway.api.routes import Answered, Body, Call, Parameter, Route
from gateway.api.session import Session, Terms
from gateway.errors import Rejected
from gateway.protocol import media
from gateway.protocol.request import MAX_SKEW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.api.auth import Authenticator
    from gateway.api.limits import HttpLimits
    from gateway.api.ports import ExchangePort
    from gateway.envelope.primitives import Rng

__all__ = ["Inbox", "Outcomes"]

CLOSE_S: Final = 5.0  # for the closing handshake

_AFTER: Final = Parameter("after", "Only what was accepted after this number (thin clients)", {"type": "integer", "minimum": 0})

_Receipt = Annotated[bytes, Meta(min_length=1, max_length=media.MAX_RECEIPT_BYTES)]
_receipts: Final = msgspec.msgpack.Decoder(Annotated[list[_Receipt], Meta(min_length=1, max_length=media.MAX_RECEIPTS)])
_packed: Final = msgspec.msgpack.Encoder()


class Outcomes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of each receipt: "" or the code of its refusal; and the gateway's clock where one was ahead of it."""

    outcomes: Sequence[str]
    server_time: int | None = None


class Inbox:
    """
    The routes of the inbox.

    Args:
        exchange: Whose mailboxes these are.
        authenticator: Watches over sessions.
        clock: Unix seconds.
        rng: Makes the nonces of sessions.
        limits: Times of a session.
    """

    def __init__(
        self,
        exchange: ExchangePort,
        authenticator: Authenticator,
        clock: Callable[[], float],
        rng: Rng,
        limits: HttpLimits,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._rng = rng
        self._limits = limits
        self._terms = Terms(authenticator, clock, limits, asyncio.Event())
        self._stopped = False

    def stop(self) -> None:
        """End every session: clients come back to another gateway."""
        self._stopped = True
        self._terms.stopping.set()

    def drain(self, on: bool) -> None:  # noqa: FBT001  one of those who listen to an order
        """End every session as at a stop, or let them come again."""
        if on:
            self._terms.stopping.set()
        elif not self._stopped:
            self._terms.stopping.clear()

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [
            Route(
                method="GET",
                path=media.INBOX,
                handler=self.inbox,
                summary="Open an inbox session (WebSocket), or read what waits (thin clients)",
                answers={
                    101: Answered("The session: frames of schemas/api.md"),
                    200: Answered("MessagePack [[delivery, ...], more]", media.MSGPACK),
                },
                problems=("nonce-used", "session-replaced", "busy", "quota", "draining"),
                signed=True,
                unbounded=True,
                parameters=[_AFTER],
            ),
            Route(
                method="POST",
                path=media.RECEIPTS,
                handler=self.receipts,
                summary="Hand in signed receipts (thin clients)",
                answers={200: Answered("What became of each receipt", media.JSON, Outcomes)},
                problems=("malformed",),
                body=Body((media.MSGPACK,), media.MAX_CLIENT_FRAME_BYTES),
                signed=True,
                changes=True,
            ),
        ]

    async def inbox(self, call: Call) -> web.StreamResponse:
        """Open a session, or answer a thin client."""
        if hdrs.UPGRADE in call.request.headers:
            return await self._session(call)
        beyond = after(call.request.raw_path)
        async with asyncio.timeout(self._limits.request_time_s):
            deliveries, more = await self._exchange.inbox(call.who().address, beyond)
        return reply(_packed.encode([deliveries, more]), media.MSGPACK, headers={"Cache-Control": "no-store"})

    async def receipts(self, call: Call) -> web.StreamResponse:
        """Record the receipts of a thin client."""
        try:
            found = _receipts.decode(call.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected("not an array of signed receipts", code="malformed") from exc
        outcomes = await self._exchange.receipts(call.who().address, found)
        return reply_json(Outcomes(outcomes, int(self._clock()) if "clock-skew" in outcomes else None))

    async def _session(self, call: Call) -> web.StreamResponse:
        asker = call.who()
        if "?" in call.request.raw_path:
            raise Rejected("a session has no parameters", code="bad-request")
        socket = web.WebSocketResponse(
            heartbeat=self._limits.heartbeat_s,
            max_msg_size=media.MAX_CLIENT_FRAME_BYTES,
            compress=False,
            timeout=CLOSE_S,
        )
        # The library would take the drafts 7 and 8 as well; here one version is spoken.
        versions = call.request.headers.getall(hdrs.SEC_WEBSOCKET_VERSION, ())
        if list(versions) != ["13"] or not socket.can_prepare(call.request):
            raise Rejected("not an upgrade to WebSocket 13", code="bad-request")
        self._exchange.require_session(asker.address)
        # Twice the skew: a request signed at the edge of the future stays good that long.
        if not await self._exchange.remember_nonce(asker.address, asker.nonce, int(self._clock()) + 2 * MAX_SKEW_S):
            raise Rejected("this upgrade was made before", code="nonce-used")
        inbox = await self._exchange.open_session(asker.address)
        try:
            socket.headers["Server"] = SERVER
            await socket.prepare(call.request)
            call.code = await Session(self._terms, socket, inbox, asker, self._rng(32)).run()
        finally:
            # That the gateway stops is no failure of a client to answer.
            await (inbox.close(counted=False) if self._terms.stopping.is_set() else inbox.close())
        return socket
