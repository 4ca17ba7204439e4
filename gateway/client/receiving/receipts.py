"""
Receipts on their way to a gateway: on the session if there is one, else by request; kept until a gateway says `recorded`.

Every receipt that comes here is in the home already. Losing one on the way costs nothing: what is still due goes out again
with the next session. A receipt that a gateway knows nothing of, or has otherwise, is done with too: sending it again would
change nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.client.records import receipt_rows
from gateway.envelope.receipt import Event, parse_receipt
from gateway.errors import GatewayError, Rejected
from gateway.protocol import frames, media

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from gateway.client.home.store import HomeStore
    from gateway.client.line.session import Session
    from gateway.client.line.transport import Transport
    from gateway.client.records.receipt_rows import Due

__all__ = ["ReceiptPost"]

_FINAL: Final = frozenset({"", "not-found", "conflict", "malformed", "signature-bad"})
_log: Final = logging.getLogger(__name__)


def _expected(due: Due, outcome: str) -> bool:
    """Say whether a gateway may well know nothing of it: a recall was answered of a message that never came here."""
    return outcome == "not-found" and parse_receipt(due.data).receipt.event is Event.DESTROYED


class _Outcomes(msgspec.Struct, frozen=True):
    outcomes: list[str]


class ReceiptPost:
    """
    Sends a home's receipts.

    Args:
        store: Knows which are due.
        transport: For requests, when there is no session.
    """

    def __init__(self, store: HomeStore, transport: Transport) -> None:
        self._store = store
        self._transport = transport
        self._session: Session | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, Sequence[Due]] = {}
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._unsent = True  # until a look at the home has shown otherwise

    async def attach(self, session: Session) -> None:
        """Use a session from now on, and send on it what is due."""
        self._session = session
        self._forget()
        async for dues in self._due():
            await self.send(dues)
        self._unsent = False

    def detach(self, session: Session) -> None:
        """Stop using a session that ended; what it did not answer stays due."""
        if self._session is session:
            self._session = None
            self._unsent = self._unsent or bool(self._waiting)
            self._forget()

    async def send(self, dues: Sequence[Due]) -> None:
        """Send receipts that were just kept; without a session they wait."""
        session = self._session
        if session is None:
            self._unsent = self._unsent or bool(dues)
            return
        for start in range(0, len(dues), media.MAX_RECEIPTS):
            part = dues[start : start + media.MAX_RECEIPTS]
            request_id = next(self._ids)
            self._waiting[request_id] = part
            self._quiet.clear()
            await session.send(frames.Receipts(request_id, [due.data for due in part]))

    def recorded(self, frame: frames.Recorded) -> None:
        """Take a gateway's answer."""
        self._done(self._waiting.pop(frame.request_id, ()), frame.outcomes)
        if not self._waiting:
            self._quiet.set()

    async def settled(self, limit_s: float) -> None:
        """Wait until the gateway has answered every receipt that was sent on this session, for at most `limit_s`."""
        try:
            async with asyncio.timeout(limit_s):
                await self._quiet.wait()
        except TimeoutError:
            self._unsent = True

    async def flush(self, limit_s: float) -> None:
        """Send what is due by request; what does not get through in `limit_s` stays due."""
        if not self._unsent:
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._post_all()
        except (GatewayError, TimeoutError) as exc:
            _log.info("receipts stay due: %s", exc)

    async def _post_all(self) -> None:
        async for dues in self._due():
            body = msgspec.msgpack.encode([due.data for due in dues])
            answer = await self._transport.ask("POST", media.RECEIPTS, body=body, kind=media.MSGPACK)
            try:
                outcomes = msgspec.json.decode(answer.body, type=_Outcomes).outcomes
            except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
                raise Rejected("outcomes that cannot be read", code="malformed") from exc
            self._done(dues, outcomes)
        self._unsent = False

    async def _due(self) -> AsyncIterator[list[Due]]:
        """Walk through what no gateway has confirmed, as many at a time as one request takes."""
        after = 0
        while dues := await self._store.read(partial(receipt_rows.due, limit=media.MAX_RECEIPTS, after=after)):
            yield dues
            after = dues[-1].row

    def _done(self, dues: Sequence[Due], outcomes: Sequence[str]) -> None:
        told = list(zip(dues, outcomes, strict=False))
        done = [due.row for due, outcome in told if outcome in _FINAL]
        for outcome in {outcome for due, outcome in told if outcome and not _expected(due, outcome)}:
            _log.warning("a gateway did not record a receipt: %s", outcome[:64])
        if done:
            self._store.later(lambda connection: receipt_rows.recorded(connection, done))

    def _forget(self) -> None:
        self._waiting.clear()
        self._quiet.set()
