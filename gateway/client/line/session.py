"""
One inbox session with one gateway: frames in, frames out, and how it ends.

How a session ends is told by the error that `receive` raises: `session-replaced` (do not come back by yourself), another
refusal, or Unavailable (come back, to another gateway first).
Spec: schemas/api.md, "Inbox session".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import ClientError, WSMsgType

from gateway.envelope import contexts
from gateway.envelope.keys import Use
from gateway.errors import GatewayError, Rejected, Unavailable, error_of
from gateway.protocol import frames

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

    from gateway.client.line.transport import Transport
    from gateway.envelope.keys import Keyring

__all__ = ["Session"]

HELLO_S: Final = 15.0
SEND_S: Final = 60.0
MAX_DETAIL: Final = 500  # characters of the gateway's text that are passed on


class Session:
    """
    A session that a gateway has greeted.

    Args:
        socket: Open.
        hello: The gateway's first frame.
    """

    def __init__(self, socket: ClientWebSocketResponse, hello: frames.Hello) -> None:
        self._socket = socket
        self._nonce = hello.nonce
        self.epoch = hello.epoch
        self.server_time = hello.server_time

    @classmethod
    async def open(cls, transport: Transport) -> Session:
        """
        Open a session at the first gateway that takes it.

        Raises:
            Rejected: A gateway refused it.
            Unavailable: No gateway took it.
        """
        socket = await transport.open_session()
        try:
            async with asyncio.timeout(HELLO_S):
                return cls(socket, await _greeting(socket))
        except BaseException as exc:
            await socket.close()
            if isinstance(exc, TimeoutError):
                raise Unavailable("the gateway did not greet in time") from exc
            raise

    async def receive(self) -> frames.GatewayFrame:
        """
        Return the next frame.

        Raises:
            Rejected: `session-replaced`, or what the gateway says is wrong.
            Unavailable: The line was lost, or the gateway stops.
        """
        frame = await _receive(self._socket)
        match frame:
            case frames.Replaced():
                raise Rejected(code="session-replaced")
            case frames.Problem():
                raise _refusal(frame)
        return frame

    async def send(self, frame: frames.ClientFrame) -> None:
        """Send a frame; a line that is lost shows in `receive`, not here."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_bytes(frames.encode(frame))
        except (ClientError, ConnectionError):
            return
        except TimeoutError:
            await self._socket.close()

    async def renew(self, keyring: Keyring, now: float) -> None:
        """Show that the agent key is still held."""
        signed = keyring.sign(Use.AGENT, contexts.renewal_message(self._nonce, int(now)))
        await self.send(frames.Renew(int(now), signed.key_id, signed.signature))

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()


async def _greeting(socket: ClientWebSocketResponse) -> frames.Hello:
    frame = await _receive(socket)
    match frame:
        case frames.Hello():
            return frame
        case frames.Problem():
            raise _refusal(frame)
    raise Unavailable("a session that does not begin with hello")


def _refusal(frame: frames.Problem) -> GatewayError:
    """Return what the gateway says; where clocks differ, what its own shows."""
    error = error_of(frame.code, frame.detail[:MAX_DETAIL])
    if error.code == "clock-skew":
        error.hint = f"set this machine's clock: the gateway's shows {frame.server_time} (Unix seconds)"
    return error


async def _receive(socket: ClientWebSocketResponse) -> frames.GatewayFrame:
    message = await socket.receive()
    if message.type is WSMsgType.BINARY:
        try:
            return frames.read_gateway_frame(message.data)
        except Rejected as exc:
            raise Unavailable("a frame that is none: the line or the gateway is broken") from exc
    if socket.close_code == frames.CLOSE_REPLACED:
        raise Rejected(code="session-replaced")
    raise Unavailable(f"the session ended: {message.type.name.lower()} {socket.close_code or ''}".rstrip())
