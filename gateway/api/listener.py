"""
A listening socket with aiohttp's low-level server behind it, hardened.

The library's application layer is left out: one handler answers everything, so every answer has one origin, also those to
bytes that are not HTTP. Connections are counted, in all and by address, and one too many is closed without a word.
Nor are they kept by who takes no answers: what one connection must take in a time is bounded, and what all hold back together.
Bodies are never inflated, there is no access log (`service` writes the canonical line), and TLS is 1.3 or nothing.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.api.problems import answer
from gateway.errors import GatewayError, Rejected

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.api.limits import HttpLimits

__all__ = ["BACKLOG", "Listener", "tls_context"]

BACKLOG: Final = 1024
HANDSHAKE_S: Final = 10.0  # of TLS; before it a connection is not counted
STOP_S: Final = 10.0
CLOSE_S: Final = 1.0  # for connections that have said nothing yet


def tls_context(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """
    Make the TLS context of a listener.

    Args:
        certificate: PEM, the chain.
        key: PEM, its private key.
        client_ca: PEM; clients must then show a certificate of it.

    Raises:
        Rejected: `config`; nothing listens.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as exc:
        raise Rejected(f"TLS files cannot be used: {type(exc).__name__}", code="config") from exc
    return context


class _Connection(RequestHandler):
    """One connection: what is not HTTP is answered like every other refusal, and is no line in a log."""

    __slots__ = ("_held_bytes", "_server", "_watch")

    def __init__(self, server: _BoundedServer, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> None:
        super().__init__(server, loop=loop, **options)
        self._server = server
        self._held_bytes = 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or close at once what is one connection too many: then the library has started nothing."""
        if self._server.admit(self, transport):
            super().connection_made(transport)
        else:
            cast("asyncio.Transport", transport).abort()

    def pause_writing(self) -> None:
        """Watch from now on whether the client takes what it asked for: nothing else would end the wait for it."""
        super().pause_writing()
        self._look_again()
        self._server.hold_back(self)

    def resume_writing(self) -> None:
        """It was taken."""
        self.taken()
        super().resume_writing()

    def taken(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._server.held_back.pop(self, None)

    def held_bytes(self) -> int:
        """Return how much was written and is not taken yet."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def cut_off(self) -> None:
        """End a connection that takes nothing."""
        self.taken()
        if self.transport is not None:
            self.transport.abort()

    def _look_again(self) -> None:
        limits = self._server.limits
        self._held_bytes = self.held_bytes()
        self._watch = self._loop.call_later(limits.send_time_s, self._look, limits.send_time_s * limits.answer_bytes_s)

    def _look(self, least_bytes: float) -> None:
        if self._held_bytes - self.held_bytes() < min(least_bytes, self._held_bytes):
            self.cut_off()
        else:
            self._look_again()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the library could not parse, and what escaped `Service.handle`; then close."""
        del message  # repeats what was sent
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun")
        what = Rejected("not a request that HTTP knows, or a line or field beyond its limit") if status < 500 else exc
        response = answer(what or GatewayError(), time.time())
        response.force_close()
        return response


class _BoundedServer(web.Server):
    """Makes connections, and counts them."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], limits: HttpLimits) -> None:
        super().__init__(handler)
        self._options: dict[str, Any] = {
            "keepalive_timeout": limits.idle_time_s,  # also runs from the first byte of a connection to its first request
            "lingering_time": limits.linger_s,
            "max_line_size": limits.line_bytes,
            "max_field_size": limits.field_bytes,
            "max_headers": limits.fields,
            "auto_decompress": False,
            "access_log": None,
        }
        self.limits = limits
        self.held_back: dict[_Connection, None] = {}  # who takes no answers, longest first
        self._peers: dict[RequestHandler, str] = {}
        self._by_address: Counter[str] = Counter()
        self.turned_away = 0

    def __call__(self) -> RequestHandler:
        return _Connection(self, self._loop, self._options)

    def admit(self, connection: RequestHandler, transport: asyncio.BaseTransport) -> bool:
        """Count a connection; False when it is one too many."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        most = self.limits.connections_per_address
        if len(self._peers) >= self.limits.connections or (most is not None and self._by_address[address] >= most):
            self.turned_away += 1
            return False
        self._peers[connection] = address
        self._by_address[address] += 1
        return True

    def hold_back(self, connection: _Connection) -> None:
        """Note who takes no answers; end those who wait longest when all together hold too much."""
        self.held_back[connection] = None
        while sum(one.held_bytes() for one in self.held_back) > self.limits.answers_bytes:
            next(iter(self.held_back)).cut_off()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Let a connection go."""
        super().connection_lost(handler, exc)
        if isinstance(handler, _Connection):
            handler.taken()
        address = self._peers.pop(handler, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]  # addresses are not kept


class Listener:
    """
    A socket that answers HTTP.

    Args:
        handler: Answers every request; must not raise but for a lost line.
        limits: See `HttpLimits`.
        tls: From `tls_context`; None speaks plain HTTP.
    """

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        limits: HttpLimits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._tls = tls
        self._server: _BoundedServer | None = None
        self._sockets: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; what the system chose where 0 was asked for."""
        if self._sockets is None:
            raise AssertionError("not started")
        return int(self._sockets.sockets[0].getsockname()[1])

    @property
    def turned_away(self) -> int:
        """How many connections were one too many."""
        return self._server.turned_away if self._server is not None else 0

    async def start(self, host: str, port: int, inherited: socket.socket | None = None) -> None:
        """
        Listen.

        Args:
            host: To bind.
            port: To bind; 0 lets the system choose.
            inherited: Bound by another process that shares it with this one; then nothing is bound here.

        Raises:
            Rejected: `config`; it cannot be listened there.
        """
        self._server = _BoundedServer(self._handler, self._limits)
        where: dict[str, Any] = {"host": host, "port": port} if inherited is None else {"sock": inherited}
        handshake_s = HANDSHAKE_S if self._tls is not None else None
        loop = asyncio.get_running_loop()
        try:
            self._sockets = await loop.create_server(
                self._server, **where, ssl=self._tls, backlog=BACKLOG, ssl_handshake_timeout=handshake_s
            )
        except OSError as exc:
            raise Rejected(f"cannot listen on {host}:{port}: {exc.strerror}", code="config") from exc

    async def stop(self, grace_s: float = STOP_S) -> None:
        """Take no more connections, let what is running end, then close."""
        if self._sockets is None or self._server is None:
            return
        self._sockets.close()
        self._server.pre_shutdown()
        await self._server.shutdown(grace_s)
        with suppress(TimeoutError):  # a handshake that hangs holds up no stop
            async with asyncio.timeout(CLOSE_S):
                await self._sockets.wait_closed()
        self._sockets = None
