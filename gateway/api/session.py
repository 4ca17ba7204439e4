"""
One inbox session on a WebSocket: a reader, a writer and a watch in one task group; the first that ends, ends all.

The client's credit bounds what is written ahead, a time limit bounds a client that does not read, and frames are bounded by
the socket. Receipts are recorded several at a time, because the ledger commits together what arrives together. The watch
ends a session whose participant or key stands no more, whose renewal is due, or whose gateway stops.
Spec: schemas/api.md, "Inbox session".
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, WSMsgType

from gateway.api.problems import detail_of, error_from
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.protocol import frames
from gateway.protocol.media import AUTHORISED_FOR_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import WSMessage, web

    from gateway.api.auth import Authenticator
    from gateway.api.limits import HttpLimits
    from gateway.api.ports import SessionPort
    from gateway.protocol.request import Asker

__all__ = ["Session", "Terms"]

RECORDING_AT_ONCE: Final = 8  # receipts frames whose commit is awaited before the next frame is read
_UNAUTHORISED: Final = frozenset({"signature-bad", "sender-unknown", "suspended", "clock-skew"})


class _LeftError(Exception):
    """The client closed, or its line is gone: nothing is left to say."""


class _StoppingError(Exception):
    """The gateway stops: the client may come back at once, to another one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What holds for every session of a listener.

    Args:
        authenticator: Knows who may go on.
        clock: Unix seconds.
        limits: Times of a session.
        stopping: Set when the gateway stops.
    """

    authenticator: Authenticator
    clock: Callable[[], float]
    limits: HttpLimits
    stopping: asyncio.Event


class Session:
    """
    Carries frames between one WebSocket and the exchange.

    Args:
        terms: See `Terms`.
        socket: Prepared.
        inbox: The exchange's session.
        asker: Who opened it.
        nonce: 32 bytes, for renewals.
    """

    def __init__(self, terms: Terms, socket: web.WebSocketResponse, inbox: SessionPort, asker: Asker, nonce: bytes) -> None:
        self._terms = terms
        self._socket = socket
        self._inbox = inbox
        self._asker = asker
        self._nonce = nonce
        self._authorised_until = terms.clock() + AUTHORISED_FOR_S
        self._recording = asyncio.Semaphore(RECORDING_AT_ONCE)

    async def run(self) -> str:
        """
        Serve until one side ends it.

        Returns:
            The code of the reason, empty when the client left by itself.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                tasks.create_task(self._read(tasks))
                tasks.create_task(self._watch())
        except BaseExceptionGroup as ended:
            return await self._end(_first(ended))
        return ""

    async def _write(self) -> None:
        hello = frames.Hello(self._inbox.epoch, self._nonce, int(self._terms.clock()))
        await self._send([hello])
        while True:
            deliveries = await self._inbox.next()
            await self._send([frames.Delivery(number, data) for number, data in deliveries] or [frames.Empty()])

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            frame = _frame(await self._socket.receive())
            match frame:
                case frames.Credit():
                    self._inbox.credit(frame.messages, frame.bytes)
                case frames.Receipts():
                    await self._recording.acquire()
                    tasks.create_task(self._record(frame))
                case frames.Renew():
                    self._asker = self._terms.authenticator.renewed(self._asker, frame, self._nonce)
                    self._authorised_until = self._terms.clock() + AUTHORISED_FOR_S

    async def _record(self, frame: frames.Receipts) -> None:
        try:
            outcomes = await self._inbox.record(frame.receipts)
            await self._send([frames.Recorded(frame.request_id, list(outcomes))])
        finally:
            self._recording.release()

    async def _watch(self) -> None:
        stopping = self._terms.stopping
        while not stopping.is_set():
            self._terms.authenticator.standing(self._asker)
            if self._terms.clock() > self._authorised_until:
                raise Rejected("the session was not renewed within the hour", code="signature-bad")
            try:
                async with asyncio.timeout(self._terms.limits.standing_s):
                    await stopping.wait()
            except TimeoutError:
                continue
        raise _StoppingError

    async def _send(self, batch: list[frames.GatewayFrame]) -> None:
        """Write frames; a client that does not take them in time is cut off."""
        try:
            async with asyncio.timeout(self._terms.limits.send_time_s):
                for frame in batch:
                    await self._socket.send_bytes(frames.encode(frame))
        except TimeoutError as exc:
            raise Unavailable("the client does not read", code="time-limit") from exc
        except ConnectionError as exc:
            raise _LeftError from exc

    async def _end(self, reason: BaseException) -> str:
        """Say why, close, and return the code."""
        match reason:
            case _LeftError():
                code, close_code, last = "", int(WSCloseCode.OK), None
            case _StoppingError():
                code, close_code, last = "unavailable", int(WSCloseCode.GOING_AWAY), None
            case _:
                error = error_from(reason)
                code, close_code, last = error.code, *_farewell(error, int(self._terms.clock()))
        try:
            async with asyncio.timeout(self._terms.limits.linger_s):
                if last is not None and not self._socket.closed:
                    await self._socket.send_bytes(frames.encode(last))
                await self._socket.close(code=close_code)
        except (ConnectionError, TimeoutError):
            pass  # the line is gone, or the client does not read: there is nobody to tell
        return code


def _farewell(error: GatewayError, now: int) -> tuple[int, frames.GatewayFrame]:
    if error.code == "session-replaced":
        return frames.CLOSE_REPLACED, frames.Replaced()
    close_code = frames.CLOSE_UNAUTHORISED if error.code in _UNAUTHORISED else frames.CLOSE_PROBLEM
    return close_code, frames.Problem(error.code, detail_of(error), now)


def _frame(message: WSMessage) -> frames.ClientFrame:
    match message.type:
        case WSMsgType.BINARY:
            return frames.read_client_frame(message.data)
        case WSMsgType.TEXT:
            raise Rejected("a text message; frames are binary", code="malformed")
        case _:
            raise _LeftError


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what ended the tasks; a bug outranks a refusal, because it must be logged."""
    found = [one for one in group.exceptions if not isinstance(one, GatewayError | _LeftError | _StoppingError)]
    return found[0] if found else group.exceptions[0]
