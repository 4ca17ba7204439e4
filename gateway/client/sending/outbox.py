"""
Sending: keep first, then send, then keep the receipt.

The sealed bytes are in the home before they leave it, and a retry sends the same bytes: a gateway that took them answers with
the same receipt, before any other check. What no gateway takes stays `kept`, and goes out before the next message or while an
inbox is followed. Only after a gateway refused the old bytes for their age or their keys is the message written and signed
anew, under the same message id: so of two envelopes of one message at most one is ever accepted, and the id that `send`
returned stays good. A kind that needs an approval is `waiting` until it has one, and again when it is written anew.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from gateway.client.home.home import Home
from gateway.client.home.store import Work
from gateway.client.line.refusals import SignedRefusal, Submission, UnsignedRefusal, judge, may_be_mended
from gateway.client.line.transport import Transport
from gateway.client.records import outgoing
from gateway.client.records.outgoing import Outgoing, State
from gateway.client.sending.answer import proved
from gateway.client.sending.rows import Approved, body_of, packed_row, sealed_evidence
from gateway.client.sending.send_receipt import SendReceipt
from gateway.client.ties.asking import Asking
from gateway.client.ties.conversations import Conversations
from gateway.client.ties.lineage import Lineage, inheriting
from gateway.client.trust.directory import HomeDirectory
from gateway.client.writing.compose import Composer, Wish, compose, rewritten
from gateway.client.writing.draft import Draft, draft_of
from gateway.envelope.receipt import SignedReceipt
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import format_id
from gateway.message import Content, read, wishes
from gateway.policy import admit

__all__ = ["Outbox", "Ties"]

_NEWER: Final = frozenset({"recipient-key", "recipient-unknown", "directory-stale"})  # what a newer directory may mend
_log: Final = logging.getLogger(__name__)


class Ties(NamedTuple):
    """
    What a message that is sent is tied to in its home.

    Args:
        lineage: It may be made from what arrived.
        conversations: It must follow from where they stand.
        recalled: Notes recalls and corrections in the commit that keeps them.
    """

    lineage: Lineage
    conversations: Conversations
    recalled: Asking


class Outbox:
    """
    What a home sends.

    Args:
        home: Keeps what is sent.
        directory: Whom to seal to, and whose receipts count.
        transport: To the gateways.
        clock: Unix seconds.
        saw: Gets every receipt that was verified.
        ties: See `Ties`.
    """

    def __init__(
        self,
        home: Home,
        directory: HomeDirectory,
        transport: Transport,
        clock: Callable[[], float],
        saw: Callable[[SignedReceipt], None],
        ties: Ties,
    ) -> None:
        self._home = home
        self._directory = directory
        self._transport = transport
        self._clock = clock
        self._saw = saw
        self._lineage, self._conversations, self._recalled = ties
        self._flushing = asyncio.Lock()
        self._in_flight: set[bytes] = set()
        self._anything_kept = True  # until a look at the home has shown otherwise

    async def send(self, content: Content, to: Sequence[str], wish: Wish) -> SendReceipt:
        """
        Send a message, or keep it while no gateway can be reached; of a kind that needs an approval, let it wait for one.

        Raises:
            Rejected: It is not allowed, `conflict` (this home used the id before), or a gateway refused it; nothing was sent.
            Unavailable: The home could not keep it (a full disk); nothing was sent.
        """
        row = await self._sealing(lambda: self._write(content, to, wish))

        def keep(connection: sqlite3.Connection) -> None:
            outgoing.add(connection, row)
            self._recalled.note(connection, draft_of(self._home, row).header, content)

        if row.state is State.WAITING:
            await self._home.store.write(keep)
            return SendReceipt.of(draft_of(self._home, row), row)
        receipt = await self._keep_and_send(row, keep)
        await self._recalled.scrub(content)
        return receipt

    async def approve(self, row: Outgoing, approved: Approved) -> SendReceipt:
        """
        Seal a waiting draft with the approval of a second officer, and send it.

        Raises:
            Rejected: It is not allowed any more, or `conflict` (another process of this home was faster): it still waits, or
                is sent by the other; or a gateway refused it.
            Unavailable: The home could not keep it: it still waits.
        """
        draft = draft_of(self._home, row)

        async def sealed() -> Outgoing:
            # Directory and originators may say otherwise than when it was written.
            header = draft.header
            self._directory.require_fresh(draft.recipients)
            admit(header, draft.recipients, self._directory.last(), self._clock())
            content = read(header.kind, header.schema_version, draft.content)
            self._lineage.require(content, await self._lineage.of(content, header.in_reply_to), draft.recipients)
            await self._conversations.require(draft)
            return await self._pack(draft, approved)

        fresh, at = await self._sealing(sealed), int(self._clock())

        def keep(connection: sqlite3.Connection) -> None:
            if not outgoing.replace(connection, row, fresh, at):
                raise Rejected("it does not wait any more as it was read", code="conflict", hint="ask for its status")

        return await self._keep_and_send(fresh, keep)

    async def _keep_and_send(self, row: Outgoing, keep: Work[None]) -> SendReceipt:
        self._in_flight.add(row.message_id)
        receipt: SendReceipt | None = None
        try:
            await self._home.store.write(keep)
            try:
                if await self.flush():
                    receipt = await self._deliver(row)
            except (Unavailable, Uncertain) as exc:  # from here on it is kept
                _log.warning("the message %s is kept: %s", format_id(row.message_id), exc)
        finally:  # whoever asked may be gone: it is sent all the same
            self._in_flight.discard(row.message_id)
            self._anything_kept = self._anything_kept or receipt is None
        return receipt or SendReceipt.of(draft_of(self._home, row), row, self._transport.share_wait_s)

    async def _sealing(self, work: Callable[[], Awaitable[Outgoing]]) -> Outgoing:
        """Write or seal a message; look for newer cards first where ours do not have a recipient or its key."""
        await self._directory.for_sealing()
        try:
            return await work()
        except Rejected as exc:
            if exc.code not in _NEWER:
                raise
            refused = exc
        try:
            await self._directory.refresh()
        except (Rejected, Unavailable, Uncertain):
            raise refused from None
        return await work()

    async def _write(self, content: Content, to: Sequence[str], wish: Wish) -> Outgoing:
        ancestors = await self._lineage.of(content, wish.get("in_reply_to") or wishes(content).in_reply_to)
        if wish.get("inherit"):
            content = inheriting(content, ancestors, self._home.address, self._clock())
        wish = await self._conversations.answering(content, wish)
        self._directory.require_fresh(to)
        draft = compose(Composer(self._home, self._directory.last(), self._clock()), content, to, wish)
        self._lineage.require(content, ancestors, draft.recipients)
        if draft.header.in_reply_to is not None or wish.get("conversation_id") or wishes(content).conversation_id:
            await self._conversations.require(draft)  # else it begins one, which is nowhere yet
        return await self._pack(draft)

    async def flush(self, *, look: bool = False) -> bool:
        """
        Send what is kept, oldest first.

        Args:
            look: Look into the home even if this process has kept nothing: another one of this home may have.

        Returns:
            False if something waits because no gateway could be reached.
        """
        if not (self._anything_kept or look):
            return True
        async with self._flushing:
            self._anything_kept = done = False
            try:
                done = await self._send_kept()
            finally:
                self._anything_kept = self._anything_kept or not done
        return done

    async def _send_kept(self) -> bool:
        waiting = await self._home.store.read(outgoing.kept)
        if waiting:
            await self._directory.current()
        for message_id in waiting:
            row = None if message_id in self._in_flight else await self._find(message_id)
            # Another process of this home may have sent it meanwhile.
            if row is not None and row.state is State.KEPT and not await self._retry(row):
                return False
        return True

    async def _find(self, message_id: bytes) -> Outgoing | None:
        return await self._home.store.read(lambda connection: outgoing.find(connection, message_id))

    async def _retry(self, row: Outgoing) -> bool:
        """Send a kept message; False when no gateway could be reached."""
        try:
            await self._deliver(row)
        except (Unavailable, Uncertain) as exc:
            _log.warning("the message %s is kept: %s", format_id(row.message_id), exc)
            # Only this one was refused, by whomever: the others go on.
            self._anything_kept = isinstance(exc, UnsignedRefusal)
            return self._anything_kept
        except Rejected as exc:
            # Whoever sent it is not here any more to be told: `status` tells.
            _log.warning("the kept message %s was refused: %s", format_id(row.message_id), exc.code)
        return True

    async def _deliver(self, row: Outgoing) -> SendReceipt:
        """Send a kept message; written anew once, if it is refused for its age or for keys: then an approval is void."""
        try:
            try:
                return await self._post(row)
            except Rejected as exc:
                # Of what was approved a signed `cannot-open` says that the approval does not count.
                if not (may_be_mended(exc) or (exc.code == "cannot-open" and row.decision is not None)):
                    raise
                fresh = await self._anew(row, exc.code)
            if fresh.state is State.KEPT:
                return await self._post(fresh)
            _log.warning("the message %s was written anew, and waits for another approval", format_id(row.message_id))
            return SendReceipt.of(draft_of(self._home, fresh), fresh)
        except Rejected as exc:
            await self._refused(row, exc)
            raise
        except UnsignedRefusal as exc:
            told = exc.told
            await self._home.store.write(lambda connection: outgoing.doubt(connection, row.message_id, told))
            raise

    async def _refused(self, row: Outgoing, exc: Rejected) -> None:
        """Note the end of a message, with what proves it."""
        code, at, message_id = exc.code, int(self._clock()), row.message_id
        refusal = sealed_evidence(self._home, message_id, exc.evidence) if isinstance(exc, SignedRefusal) else None
        await self._home.store.write(lambda connection: outgoing.refuse(connection, message_id, code, at, refusal))

    async def _post(self, row: Outgoing) -> SendReceipt:
        draft, body = draft_of(self._home, row), body_of(self._home, row)
        last, answers = self._directory.last(), self._directory.answers()
        sent = Submission(body, row.media, draft.header, last, answers, int(self._clock()))
        answer = await self._transport.submit(body, row.media, partial(judge, sent))
        try:
            signed, answered = proved(self._home, self._directory.answers(), row, draft, body, answer.body)
        except Rejected as exc:
            # It was taken, and what proves it did not come: the same bytes are sent again.
            raise Uncertain(f"the gateway's receipt does not verify: {exc.code}") from exc
        self._saw(signed)
        await self._home.store.write(lambda connection: outgoing.accept(connection, answered))
        return SendReceipt.accepted(draft, answered)

    async def _anew(self, row: Outgoing, why: str) -> Outgoing:
        """Write, sign and seal a refused message anew, and keep that in its place; what needs an approval waits for another."""
        draft = draft_of(self._home, row)
        try:
            await self._directory.refresh()
            await self._directory.for_sealing()
            self._directory.require_fresh(draft.recipients)
        except Rejected as exc:
            raise Unavailable(f"no good directory to seal anew with: {exc.code}") from exc
        fresh = await self._pack(rewritten(draft, self._clock()))
        if fresh.state is State.WAITING:
            fresh = fresh._replace(reason=why)
        at = int(self._clock())
        if await self._home.store.write(lambda connection: outgoing.replace(connection, row, fresh, at)):
            return fresh
        raise Unavailable("another process of this home is sending it")

    async def _pack(self, draft: Draft, approved: Approved | None = None) -> Outgoing:
        return await packed_row(self._home, self._directory.last(), draft, self._clock(), approved)
