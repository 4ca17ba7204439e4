"""
A listening socket with aiohttp's low-level server behind it, hardened.

The library's application layer is left out: one handler answers everything, so every answer has one origin, also those to
bytes that are not HTTP. Connections are bounded by `door` and `places`, before TLS and before any request.
Nor are they kept by who takes no answers: what one connection must take in a time is bounded, and what all hold back together.
Bodies are never inflated, there is no access log (`service` writes the canonical line), and TLS is 1.3 or nothing.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.api.door import Door, listening
from gateway.api.places import Place, Places
from gateway.api.problems import answer
from gateway.errors import GatewayError, Rejected

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.api.limits import HttpLimits

__all__ = ["Listener", "tls_context"]

STOP_S: Final = 10.0
CUT_S: Final = 0.25  # for requests to notice that they are cut off


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

    __slots__ = ("_held_bytes", "_server", "_watch", "place")

    def __init__(self, server: _HardenedServer, loop: asyncio.AbstractEventLoop, options: dict[str, Any], place: Place) -> None:
        super().__init__(server, loop=loop, **options)
        self.place = place
        self._server = server
        self._held_bytes = 0
        self._watch: asyncio.TimerHandle | None = None

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
        if self.transport is None and isinstance(exc, ConnectionError):
            raise exc  # whoever asked is gone: no bug, and nobody to tell
        what = Rejected("not a request that HTTP knows, or a line or field beyond its limit") if status < 500 else exc
        response = answer(what or GatewayError(), time.time())
        response.force_close()
        return response


class _HardenedServer(web.Server):
    """Makes connections, and lets them go."""

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

    def connection(self, place: Place) -> RequestHandler:
        """Make what serves one connection."""
        return _Connection(self, self._loop, self._options, place)

    def hold_back(self, connection: _Connection) -> None:
        """Note who takes no answers; end those who wait longest when all together hold too much."""
        self.held_back[connection] = None
        while sum(one.held_bytes() for one in self.held_back) > self.limits.answers_bytes:
            next(iter(self.held_back)).cut_off()

    def cut_off(self) -> None:
        """End all who take no answers: closing them would wait for what they do not take."""
        for one in list(self.held_back):
            one.cut_off()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Let a connection go."""
        super().connection_lost(handler, exc)
        if isinstance(handler, _Connection):
            handler.taken()
            handler.place.leave()


class Listener:
    """
    A socket that answers HTTP.

    Args:
        handler: Answers every request; must not raise but for a lost line.
        limits: See `HttpLimits`.
        tls: From `tls_context`; None speaks plain HTTP.
        turned_away: See `Places`.

    Attributes:
        places: Who is connected.
    """

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        limits: HttpLimits,
        tls: ssl.SSLContext | None = None,
        turned_away: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._tls = tls
        self.places = Places(limits.connections, limits.connections_per_address, turned_away)
        self._server: _HardenedServer | None = None
        self._door: Door | None = None
        self._port: int | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; what the system chose where 0 was asked for."""
        if self._port is None:
            raise AssertionError("not started")
        return self._port

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
        sockets = [inherited] if inherited is not None else await listening(host, port)
        self._port = int(sockets[0].getsockname()[1])
        self._server = _HardenedServer(self._handler, self._limits)
        self._door = Door(self.places, self._server.connection, self._tls)
        self._door.open(sockets)

    async def stop(self, grace_s: float = STOP_S) -> None:
        """Take no more connections, let what is running end, then close."""
        if self._door is None or self._server is None:
            return
        await self._door.close()
        self._server.pre_shutdown()
        # The library would wait so long twice: for each answer, then for whoever does not take it.
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._server.shutdown(grace_s)
        self._server.cut_off()
        await self._server.shutdown(CUT_S)
        self._door = None
