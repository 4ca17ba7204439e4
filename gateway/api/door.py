"""
The door of a listener: it takes connections from the listening sockets, and gives each a place before anything is done for it.

One too many is closed without a word: it costs neither a handshake nor a protocol. The event loop's own servers would tell of a
connection only when its handshake is over, so those that never finish one could not be bounded.
Until its transport stands a connection is the door's, then its protocol's, which leaves the place when the line is gone.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.ending import end
from gateway.errors import Rejected
from gateway.ops.logs import logger

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from gateway.api.places import Place, Places

__all__ = ["BACKLOG", "Door", "listening"]

BACKLOG: Final = 1024
AT_ONCE: Final = 64  # connections taken in one turn of the event loop; who is inside waits no longer
AGAIN_S: Final = 1.0  # after the system had no descriptor or no memory for one more
HANDSHAKE_S: Final = 10.0  # of TLS


async def listening(host: str, port: int) -> list[socket.socket]:
    """
    Bind every address of a host, and listen there.

    Args:
        host: Name or address; empty is every address of the machine.
        port: 0 lets the system choose, for each address.

    Raises:
        Rejected: `config`; nothing listens.
    """
    sockets: list[socket.socket] = []
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, where in dict.fromkeys((family, where) for family, _, _, _, where in found):
            sockets.append(socket.create_server(where, family=family, backlog=BACKLOG))
    except OSError as exc:
        for one in sockets:
            one.close()
        raise Rejected(f"cannot listen on {host}:{port}: {exc.strerror}", code="config") from exc
    return sockets


class Door:
    """
    The way into a listener, between `open` and `close`.

    Args:
        places: How many may be inside.
        protocol: Makes what serves one connection; it leaves the place when its connection is lost.
        tls: None speaks plain HTTP.
    """

    def __init__(
        self, places: Places, protocol: Callable[[Place], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None
    ) -> None:
        self._places = places
        self._protocol = protocol
        self._tls = tls
        self._handshake_s = None if tls is None else HANDSHAKE_S
        self._sockets: Sequence[socket.socket] = ()
        self._arriving: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._log = logger()

    def open(self, sockets: Sequence[socket.socket]) -> None:
        """Take connections from listening sockets, which belong to the door now; other processes may share them."""
        self._loop = asyncio.get_running_loop()
        self._sockets = sockets
        for one in sockets:
            one.settimeout(0)
            self._look_at(one)

    async def close(self) -> None:
        """Take no more; who has no transport yet is sent away."""
        sockets, self._sockets = self._sockets, ()
        for one in sockets:
            self._loop.remove_reader(one)
            one.close()
        await asyncio.sleep(0)  # whoever was let in just now has begun, and closes his own line
        await end(self._arriving)

    def _look_at(self, entrance: socket.socket) -> None:
        if entrance in self._sockets:
            self._loop.add_reader(entrance, self._accept, entrance)

    def _accept(self, entrance: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                line, peer = entrance.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # nobody waits, or another process was faster
            except OSError as exc:
                self._log.warning("accept-failed", detail=exc.strerror, wait_s=AGAIN_S)
                self._loop.remove_reader(entrance)  # who waits there would wake this process without end
                self._loop.call_later(AGAIN_S, self._look_at, entrance)
                return
            self._let_in(line, str(peer[0]))

    def _let_in(self, line: socket.socket, host: str) -> None:
        place = self._places.take(host)
        if place is None:
            line.close()
            return
        task = self._loop.create_task(self._arrive(line, place))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, line: socket.socket, place: Place) -> None:
        """Make the transport; from its first step on the line is the event loop's to close."""
        make = partial(self._protocol, place)
        take = self._loop.connect_accepted_socket
        with suppress(OSError):  # no TLS, not in time, without a certificate, or gone: that is nobody's news
            try:
                transport, _ = await take(make, line, ssl=self._tls, ssl_handshake_timeout=self._handshake_s)
            except BaseException:
                place.leave()
                raise
            if transport.is_closing():  # lost on the way, so that its protocol may never learn of it
                place.leave()
