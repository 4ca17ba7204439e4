"""
Sending: keep first, then send, then keep the receipt.

The sealed bytes are in the home before they leave it, and a retry sends the same bytes: a gateway that took them answers with
the same receipt, before any other check. What no gateway takes stays `kept`, and goes out before the next message or while an
inbox is followed. Only after a gateway refused the old bytes for their age or their keys is the message written and signed
anew, under the same message id: so of two envelopes of one message at most one is ever accepted, and the id that `send`
returned stays good.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from gateway.client import outgoing
from gateway.client.compose import Composer, Draft, Wish, compose, decode_draft, encode_draft, pack, rewritten
from gateway.client.directory import HomeDirectory
from gateway.client.heads import Head, decode_head, encode_head, head_of_answer, head_of_submission
from gateway.client.home import Home
from gateway.client.lineage import Lineage, inheriting
from gateway.client.outgoing import Answered, Outgoing, State
from gateway.client.refusals import Evidence, SignedRefusal, Submission, UnsignedRefusal, judge, may_be_mended
from gateway.client.transport import Transport
from gateway.envelope.clear import author_check, decode_sealed_answer
from gateway.envelope.receipt import Event, SignedReceipt, parse_receipt, verify_receipt
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, ConversationId, EnvelopeHash, MessageId, format_id, network_of
from gateway.message import Content, wishes
from gateway.protocol import media

__all__ = ["Outbox", "SendReceipt"]

_NEWER: Final = frozenset({"recipient-key", "recipient-unknown"})  # what a newer directory may mend
_DRAFT: Final = b"outgoing/draft"
_BODY: Final = b"outgoing/body"
_REFUSAL: Final = b"outgoing/refusal"
_HEAD: Final = b"outgoing/head"
_log: Final = logging.getLogger(__name__)


class SendReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """
    What `send` returns.

    Args:
        message_id: To ask `status` with.
        conversation_id: To answer within.
        envelope_hash: Names the envelope in every receipt; None while clear text waits for a gateway to seal it.
        number: The acceptance number; None while it is kept.
        accepted_at: Unix seconds by the gateway's clock; None while it is kept.
        kept: No gateway took it yet: it is in the home and goes out later by itself.
        recipients: Whom the names stood for, in order.
    """

    message_id: MessageId
    conversation_id: ConversationId
    envelope_hash: EnvelopeHash | None
    number: int | None = None
    accepted_at: int | None = None
    kept: bool = False
    recipients: tuple[Address, ...] = ()

    def __repr__(self) -> str:
        return f"SendReceipt({', '.join(f'{name}={value!r}' for name, value in self.to_json().items())})"

    def to_json(self) -> dict[str, Any]:
        """Return the receipt for a JSON encoder, ids as text."""
        return {
            "message_id": format_id(self.message_id),
            "conversation_id": format_id(self.conversation_id),
            "envelope_hash": None if self.envelope_hash is None else format_id(self.envelope_hash),
            "number": self.number,
            "accepted_at": self.accepted_at,
            "kept": self.kept,
            "recipients": self.recipients,
        }


class Outbox:
    """
    What a home sends.

    Args:
        home: Keeps what is sent.
        directory: Whom to seal to, and whose receipts count.
        transport: To the gateways.
        clock: Unix seconds.
        saw: Gets every receipt that was verified.
        lineage: What is sent may be made from what arrived.
    """

    def __init__(
        self,
        home: Home,
        directory: HomeDirectory,
        transport: Transport,
        clock: Callable[[], float],
        saw: Callable[[SignedReceipt], None],
        lineage: Lineage,
    ) -> None:
        self._home = home
        self._directory = directory
        self._transport = transport
        self._clock = clock
        self._saw = saw
        self._lineage = lineage
        self._flushing = asyncio.Lock()
        self._in_flight: set[bytes] = set()
        self._anything_kept = True  # until a look at the home has shown otherwise

    async def send(self, content: Content, to: Sequence[str], wish: Wish) -> SendReceipt:
        """
        Send a message, or keep it while no gateway can be reached.

        Raises:
            Rejected: It is not allowed, `conflict` (this home used the id before), or a gateway refused it; nothing was sent.
            Unavailable: The home could not keep it (a full disk); nothing was sent.
        """
        draft, row = await self._written(content, to, wish)
        self._in_flight.add(row.message_id)
        try:
            await self._home.store.write(lambda connection: outgoing.add(connection, row))
            try:
                if await self.flush():
                    return await self._deliver(row)
            except (Unavailable, Uncertain) as exc:  # from here on it is kept
                _log.warning("the message %s is kept: %s", format_id(row.message_id), exc)
        finally:
            self._in_flight.discard(row.message_id)
        self._anything_kept = True
        return _kept(draft, row)

    async def _written(self, content: Content, to: Sequence[str], wish: Wish) -> tuple[Draft, Outgoing]:
        """Write and seal a message; look for newer cards first where ours do not have a recipient or its key."""
        await self._directory.for_sealing()
        try:
            return await self._write(content, to, wish)
        except Rejected as exc:
            if exc.code not in _NEWER:
                raise
            refused = exc
        try:
            await self._directory.refresh()
        except (Rejected, Unavailable, Uncertain):
            raise refused from None
        return await self._write(content, to, wish)

    async def _write(self, content: Content, to: Sequence[str], wish: Wish) -> tuple[Draft, Outgoing]:
        ancestors = await self._lineage.of(content, wish.get("in_reply_to") or wishes(content).in_reply_to)
        if wish.get("inherit"):
            content = inheriting(content, ancestors, self._home.address, self._clock())
        draft = compose(Composer(self._home, self._directory.last(), self._clock()), content, to, wish)
        self._lineage.require(content, ancestors, _recipients(draft))
        return draft, await self.pack(draft)

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
        """Send a kept message; written anew once, if it is refused for its age or for keys."""
        try:
            try:
                return await self._post(row)
            except Rejected as exc:
                if not may_be_mended(exc):
                    raise
            return await self._post(await self._anew(row))
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
        signed = msgspec.msgpack.encode(exc.evidence) if isinstance(exc, SignedRefusal) else None
        refusal = None if signed is None else self._home.seal(signed, _REFUSAL + message_id)
        await self._home.store.write(lambda connection: outgoing.refuse(connection, message_id, code, at, refusal))

    async def _post(self, row: Outgoing) -> SendReceipt:
        assert row.body is not None  # kept rows have one
        draft = self.draft(row)
        header = draft.header
        body = self._home.open(row.body, _BODY + row.message_id)
        last, answers = self._directory.last(), self._directory.answers()
        sent = Submission(body, row.media, header, last, answers, int(self._clock()))
        answer = await self._transport.submit(body, row.media, partial(judge, sent))
        try:
            answered = self._checked(answer.body, row, body)
        except Rejected as exc:
            # It was taken, and what proves it did not come: the same bytes are sent again.
            raise Uncertain(f"the gateway's receipt does not verify: {exc.code}") from exc
        await self._home.store.write(lambda connection: outgoing.accept(connection, answered))
        return SendReceipt(
            message_id=header.message_id,
            conversation_id=header.conversation_id,
            envelope_hash=EnvelopeHash(answered.envelope_hash),
            number=answered.number,
            accepted_at=answered.at,
            recipients=_recipients(draft),
        )

    def _checked(self, answer: bytes, row: Outgoing, body: bytes) -> Answered:
        """Prove the receipt: by a gateway of my network, to me, for the envelope that has my header."""
        if row.media == media.SIGNED:
            sealed = decode_sealed_answer(answer)
            signed, envelope_hash = sealed.receipt, author_check(sealed, self.draft(row).header_bytes)
            head = head_of_answer(sealed)
        else:
            signed, envelope_hash = parse_receipt(answer), EnvelopeHash(row.envelope_hash)
            head = head_of_submission(body)
        receipt = verify_receipt(signed, self._directory.answers())
        told = (receipt.event, receipt.subject, network_of(receipt.signer), receipt.envelope_hash)
        if told != (Event.ACCEPTED, self._home.address, self._home.network, envelope_hash):
            raise Rejected("a receipt for something else", code="signature-bad")
        assert receipt.number is not None  # every accepted receipt has one
        self._saw(signed)
        kept = self._home.seal(encode_head(head), _HEAD + row.message_id)
        return Answered(row.message_id, envelope_hash, receipt.number, signed.data, receipt.at, kept)

    async def _anew(self, row: Outgoing) -> Outgoing:
        """Write, sign and seal a refused message anew, and keep that in its place."""
        try:
            await self._directory.refresh()
            await self._directory.for_sealing()
        except Rejected as exc:
            raise Unavailable(f"no good directory to seal anew with: {exc.code}") from exc
        fresh = await self.pack(rewritten(self.draft(row), self._clock()))
        if await self._home.store.write(lambda connection: outgoing.rewrite(connection, row, fresh)):
            return fresh
        raise Unavailable("another process of this home is sending it")

    async def pack(self, draft: Draft) -> Outgoing:
        """Sign and seal a draft as a row to keep; Rejected `recipient-key` where a recipient has no key."""
        header = draft.header
        packed = await pack(self._home, self._directory.last(), draft, self._clock())
        signed = msgspec.structs.replace(draft, author=packed.author)
        return Outgoing(
            message_id=header.message_id,
            state=State.KEPT,
            created=header.created,
            number=None,
            reason=None,
            envelope_hash=packed.envelope_hash or b"",
            media=packed.media,
            draft=self._home.seal(encode_draft(signed), _DRAFT + header.message_id),
            body=self._home.seal(packed.body, _BODY + header.message_id),
        )

    def evidence(self, row: Outgoing) -> Evidence | None:
        """Return what a gateway signed to refuse a message; None where nobody did."""
        if row.refusal is None:
            return None
        return msgspec.msgpack.decode(self._home.open(row.refusal, _REFUSAL + row.message_id), type=Evidence)

    def head(self, row: Outgoing) -> Head | None:
        """Return what proves an accepted message; None where a home of the first format did not keep it."""
        return None if row.head is None else decode_head(self._home.open(row.head, _HEAD + row.message_id))

    def draft(self, row: Outgoing) -> Draft:
        """Return what the author signed."""
        return decode_draft(self._home.open(row.draft, _DRAFT + row.message_id))


def _kept(draft: Draft, row: Outgoing) -> SendReceipt:
    header = draft.header
    envelope_hash = EnvelopeHash(row.envelope_hash) if row.envelope_hash else None
    return SendReceipt(
        message_id=header.message_id,
        conversation_id=header.conversation_id,
        envelope_hash=envelope_hash,
        kept=True,
        recipients=_recipients(draft),
    )


def _recipients(draft: Draft) -> tuple[Address, ...]:
    return tuple(sorted(one.recipient for one in draft.addressees))
