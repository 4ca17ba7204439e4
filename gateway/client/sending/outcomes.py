"""
How this home's messages ended: read from the gateway, proved, kept, told; and sent anew where a recipient's key was gone.

The feed is the gateway's, the receipts are the recipients' or a gateway's: one counts only if it verifies, was for its signer
to say, and names an envelope of this home and one of its addressees. `rejected` with `key-gone` means that nobody can open the
envelope any more: the same content goes to that recipient alone, as a new message, once for each message and recipient. What
was sent in another's place is sent once more only if the recipient changed its card since, and three times in a row at most:
then it is told, not repeated. A receipt `destroyed`, and `opened` for a correction or a step in the life of a notice, answers
what this home asked of holders, and stands beside the outcome.
Spec: schemas/api.md, "Outcomes".
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.records import asked_rows, outcome_rows, outgoing
from gateway.client.records.asked_rows import Answer
from gateway.client.records.outcome_rows import Anew, Told
from gateway.client.records.outgoing import Outgoing
from gateway.client.sending.outbox import Outbox
from gateway.client.sending.rows import packed_row
from gateway.client.ties.asking import answered_by
from gateway.client.trust.directory import REFRESH_S, HomeDirectory
from gateway.client.trust.statements import proved_statement
from gateway.client.writing.compose import for_one
from gateway.client.writing.draft import draft_of
from gateway.envelope.receipt import Event, Receipt, SignedReceipt, parse_receipt
from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable
from gateway.ids import Address, EnvelopeHash, MessageId, format_id, new_uuid7
from gateway.protocol import media

__all__ = ["OutcomeKeeper"]

PAGE: Final = 256  # outcomes in one answer
MAX_PAGES: Final = 1000  # at once; no home has so many, and a gateway must not keep it busy for ever
MAX_GENERATION: Final = 3
_CONTEXT: Final = b"outcome/receipt"
_ANSWERS: Final = frozenset({Event.DESTROYED, Event.OPENED})
_ENDS: Final = frozenset({Event.REJECTED, Event.REFUSED, Event.HELD, Event.EXPIRED, Event.RECALLED})
_TOLD: Final = frozenset({Event.REJECTED, Event.REFUSED, Event.HELD})
_page: Final = msgspec.msgpack.Decoder(list[tuple[int, bytes]])
_log: Final = logging.getLogger(__name__)


class OutcomeKeeper:
    """
    Follows the outcomes of a home's messages.

    Args:
        home: Keeps them.
        transport: To ask a gateway.
        directory: Whose receipts count, and which keys are current.
        outbox: Sends anew.
        clock: Unix seconds.
        saw: Gets every receipt that was verified.
    """

    def __init__(
        self,
        home: Home,
        transport: Transport,
        directory: HomeDirectory,
        outbox: Outbox,
        clock: Callable[[], float],
        saw: Callable[[SignedReceipt], None],
    ) -> None:
        self._home = home
        self._transport = transport
        self._directory = directory
        self._outbox = outbox
        self._clock = clock
        self._saw = saw
        self._look_at = 0.0

    async def follow(self) -> None:
        """Collect at most every five minutes; a gateway that cannot tell now is asked another time."""
        if 0 < self._look_at - self._clock() <= REFRESH_S:
            return
        await self.collect()
        self._look_at = self._clock() + REFRESH_S

    async def collect(self) -> None:
        """Read what is new, and send anew what is due; what cannot be done now is done another time."""
        try:
            for _ in range(MAX_PAGES):
                if not await self._read():
                    break
            await self._send_due()
        except Corrupt:
            raise
        except GatewayError as exc:
            _log.info("the outcomes of messages are not known now: %s", exc)

    async def sent_anew(self, row: Outgoing) -> dict[Address, str]:
        """Return the ids of messages that went out in the place of one, by recipient."""
        known = await self._home.store.read(partial(outcome_rows.known, envelope_hash=row.envelope_hash))
        return {self._recipient(told): format_id(told.anew) for told in known.values() if told.anew is not None}

    async def _read(self) -> bool:
        """Take one page; False when it was the last."""
        after = await self._home.store.read(outcome_rows.after)
        answer = await self._transport.get(f"{media.OUTCOMES}?after={after}")
        try:
            page = _page.decode(answer)
        except msgspec.MsgspecError as exc:
            raise Unavailable("outcomes that cannot be read") from exc
        if not page or page[0][0] <= after:
            return False
        found = [await self._told(data) for _, data in page]
        told = [one for one in found if isinstance(one, Told)]
        answers = [one for one in found if isinstance(one, Answer)]
        last = max(number for number, _ in page)

        def record(connection: sqlite3.Connection) -> None:
            asked_rows.record(connection, answers)
            outcome_rows.record(connection, told, last)

        await self._home.store.write(record)
        return len(page) >= PAGE

    async def _told(self, data: bytes) -> Told | Answer | None:
        """Prove a receipt and find what it speaks of; None for one that counts for nothing."""
        try:
            receipt = await self._proved(data)
        except Rejected as exc:
            _log.warning("an outcome that does not verify: %s", exc)
            return None
        if receipt.event in _ANSWERS:
            return await self._answer(receipt, data)
        row = await self._home.store.read(lambda connection: outgoing.find_sent(connection, receipt.envelope_hash))
        if row is None or receipt.event not in _ENDS or receipt.subject not in self._recipients(row):
            return None  # of a message that this home does not have: it was made anew, or it sends from two places
        key_gone = (receipt.event, receipt.reason) == (Event.REJECTED, "key-gone")
        if receipt.event in _TOLD:
            reason = receipt.reason or "no reason given"
            _log.warning("message %s for %s: %s, %s", format_id(row.message_id), receipt.subject, receipt.event, reason)
        return Told(
            envelope_hash=receipt.envelope_hash,
            recipient=self._home.source(receipt.subject, MessageId(row.message_id)),
            event=receipt.event,
            reason=receipt.reason,
            at=receipt.at,
            receipt=self._home.seal(data, _CONTEXT + receipt.envelope_hash),
            due=key_gone,
        )

    async def _answer(self, receipt: Receipt, data: bytes) -> Answer | None:
        """Take an answer: from an addressee of what this home sent, or of what it asked about another's message."""
        name = receipt.envelope_hash

        def rows(connection: sqlite3.Connection) -> list[Outgoing | None]:
            ids = [one.message_id for one in asked_rows.asked_of(connection, name)]
            return [outgoing.find_sent(connection, name), *(outgoing.find(connection, one) for one in ids)]

        found = await self._home.store.read(rows)
        if not any(receipt.subject in self._recipients(row) for row in found if row is not None):
            return None
        return Answer(
            envelope_hash=name,
            recipient=answered_by(self._home, name, receipt.subject),
            event=receipt.event,
            reason=receipt.reason,
            at=receipt.at,
            receipt=self._home.seal(data, _CONTEXT + name),
        )

    async def _proved(self, data: bytes) -> Receipt:
        signed = parse_receipt(data)
        try:
            receipt = proved_statement(signed, self._directory.answers(), self._home.address)
        except Rejected:
            await self._directory.refresh()  # its signer may have a new key
            receipt = proved_statement(signed, self._directory.answers(), self._home.address)
        self._saw(signed)
        return receipt

    async def _send_due(self) -> None:
        due = await self._home.store.read(outcome_rows.due)
        if not due:
            return
        await self._directory.refresh()
        for told in due:
            row = await self._home.store.read(partial(outgoing.find_sent, envelope_hash=told.envelope_hash))
            assert row is not None  # an outcome is kept for a message of this home
            try:
                await self._send_anew(told, row)
            except Rejected as exc:
                await self._give_up(told, row, str(exc))
        await self._outbox.flush(look=True)

    async def _send_anew(self, told: Told, row: Outgoing) -> None:
        recipient = self._recipient(told)
        keyed = self._home.target(EnvelopeHash(told.envelope_hash))
        look = partial(asked_rows.recalled, envelope_hash=told.envelope_hash, target=keyed)
        if await self._home.store.read(look) or not draft_of(self._home, row).content:
            await self._give_up(told, row, "it was recalled, or deleted here")
            return
        key = self._directory.last().delivery_key(recipient, self._clock())
        if key is None or not self._directory.is_fresh(recipient):
            _log.warning("message %s for %s waits: it has no key to seal to", format_id(row.message_id), recipient)
            return
        origin = await self._home.store.read(lambda connection: outcome_rows.origin(connection, row.message_id))
        if origin is not None and (origin.sealed_to == key.key_id or origin.generation >= MAX_GENERATION):
            await self._give_up(told, row, "it cannot open what is sealed to its present key either")
            return
        draft = for_one(draft_of(self._home, row), recipient, self._new_id(told), self._clock())
        fresh = await packed_row(self._home, self._directory.last(), draft, self._clock())
        anew = Anew(fresh.message_id, origin.generation + 1 if origin else 1, key.key_id)
        if await self._home.store.write(lambda connection: outcome_rows.send_anew(connection, told, fresh, anew)):
            ids = format_id(row.message_id), format_id(fresh.message_id)
            _log.warning("message %s for %s goes out anew as %s", ids[0], recipient, ids[1])

    async def _give_up(self, told: Told, row: Outgoing, why: str) -> None:
        _log.warning("message %s for %s is not sent anew: %s", format_id(row.message_id), self._recipient(told), why)
        await self._home.store.write(lambda connection: outcome_rows.give_up(connection, told))

    def _new_id(self, told: Told) -> MessageId:
        """
        Return the id of the new message: the same whenever it is made.

        A home that came back from a backup sends it once more under the same id, which a gateway refuses as `conflict`.
        """
        return MessageId(new_uuid7(told.at * 1000, sha256(b"anew" + told.recipient).digest()[:10]))

    def _recipient(self, told: Told) -> Address:
        return parse_receipt(self._home.open(told.receipt, _CONTEXT + told.envelope_hash)).receipt.subject

    def _recipients(self, row: Outgoing) -> Sequence[Address]:
        return [one.recipient for one in draft_of(self._home, row).addressees]
