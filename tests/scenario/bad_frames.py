"""Bad frames of inbox sessions: each ends its session with a code, or is answered with an outcome for each receipt."""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import aiohttp
import msgspec
from yarl import URL

from gateway.envelope import Use, contexts
from gateway.protocol import frames, media
from tests.scenario.lines import signed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.scenario.rogues import Rogues

__all__ = ["FRAMES", "Opened", "Session", "ended"]

_encode: Final = msgspec.msgpack.Encoder().encode


class Session(NamedTuple):
    """An open session, its greeting, and the headers that opened it."""

    name: str
    socket: aiohttp.ClientWebSocketResponse
    hello: frames.Hello
    headers: dict[str, str]


class Opened:
    """
    Opens sessions on one gateway.

    Args:
        town: Whose participants open them.
        client: Of the library.
    """

    def __init__(self, town: Rogues, client: aiohttp.ClientSession) -> None:
        self._town = town
        self._client = client
        self._url = URL(f"http://127.0.0.1:{town.port}{media.INBOX}")

    async def open(self, name: str) -> Session:
        """Open a session and read its greeting."""
        headers = signed(self._town.member(name).keyring, "GET", media.INBOX, host=f"127.0.0.1:{self._town.port}")
        headers.pop("Host")
        socket = await self._client.ws_connect(self._url, headers=headers, max_msg_size=1 << 22)
        hello = frames.read_gateway_frame(await socket.receive_bytes(timeout=10))
        assert isinstance(hello, frames.Hello)
        return Session(name, socket, hello, headers)

    async def again(self, session: Session) -> int:
        """Open it once more with the same request; return the status of the refusal."""
        try:
            await self._client.ws_connect(self._url, headers=session.headers)
        except aiohttp.WSServerHandshakeError as exc:
            return exc.status
        return 101


@asynccontextmanager
async def opening(town: Rogues) -> AsyncIterator[Opened]:
    """Give sessions their connections."""
    async with aiohttp.ClientSession() as client:
        yield Opened(town, client)


async def ended(session: Session) -> tuple[str, int | None]:
    """Read to the end; return the code of the last problem and the close code."""
    code = ""
    while (message := await session.socket.receive(timeout=10)).type is aiohttp.WSMsgType.BINARY:
        frame = frames.read_gateway_frame(message.data)
        if isinstance(frame, frames.Problem):
            code = frame.code
    return code, session.socket.close_code


def _renewal(session: Session, town: Rogues, *, at: int = 0, nonce: bytes = b"", use: Use = Use.AGENT) -> bytes:
    at = at or int(time.time())
    key_id, signature = town.member(session.name).keyring.sign(use, contexts.renewal_message(nonce or session.hello.nonce, at))
    return frames.encode(frames.Renew(at, key_id, signature))


_MALFORMED: Final[dict[str, bytes | str]] = {
    "nothing": b"",
    "bytes that are no frame": b"\xc1",
    "random bytes": b"\xc1" + os.urandom(500),
    "a map": b"\x80",
    "an unknown frame": _encode(["please", 1]),
    "a frame of the gateway": frames.encode(frames.Empty()),
    "an element left over": _encode(["credit", 1, 1, 1]),
    "an element missing": _encode(["credit", 1]),
    "credit below zero": _encode(["credit", -1, 1]),
    "credit beyond its limit": _encode(["credit", 1 << 41, 1]),
    "credit that is a float": _encode(["credit", 1.0, 1]),
    "no receipts": _encode(["receipts", 1, []]),
    "257 receipts": _encode(["receipts", 1, [b"x"] * 257]),
    "a receipt too large": _encode(["receipts", 1, [bytes(1025)]]),
    "receipts that are text": _encode(["receipts", 1, ["x"]]),
    "deep arrays": b"\x91" * 5000 + b"\x90",
    "text": '["credit", 1, 1]',
}
Frame = tuple[str, int, "Callable[[Session, Rogues], bytes | str]"]
# What is wrong: the code of the problem, the close code, what is sent.
FRAMES: Final[dict[str, Frame]] = {
    **{name: ("malformed", frames.CLOSE_PROBLEM, lambda _, __, data=data: data) for name, data in _MALFORMED.items()},  # type: ignore[misc]
    "a renewal of another session": (
        "signature-bad",
        frames.CLOSE_UNAUTHORISED,
        lambda one, town: _renewal(one, town, nonce=bytes(32)),
    ),
    "a renewal with the author key": (
        "signature-bad",
        frames.CLOSE_UNAUTHORISED,
        lambda one, town: _renewal(one, town, use=Use.AUTHOR),
    ),
    "a renewal of yesterday": (
        "clock-skew",
        frames.CLOSE_UNAUTHORISED,
        lambda one, town: _renewal(one, town, at=town.now - 86_400),
    ),
    "a frame beyond its limit": ("", 1009, lambda _, __: bytes(media.MAX_CLIENT_FRAME_BYTES + 1)),
}
