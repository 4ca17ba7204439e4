"""
A delivery in the application's hands, and the desk where it is settled.

Settling commits in the home first; the signed receipt goes out after, and again until a gateway has it. A delivery is settled
once: by whoever claimed it last, so that nothing is handed over after it was acknowledged, in this process or another of the
home.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.client.keeping.tombstones import sealed_tombstone
from gateway.client.records import arrivals, turn_rows
from gateway.client.records.arrivals import Outcome, Settlement, State
from gateway.client.records.sealed import ReadContent, sealed_content
from gateway.envelope.receipt import Event, Receipt, make_receipt
from gateway.errors import Rejected
from gateway.ids import format_id
from gateway.message.flows import Turn, flows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.client.home.home import Home
    from gateway.client.receiving.opening import ReadMessage
    from gateway.client.receiving.receipts import ReceiptPost
    from gateway.client.receiving.twins import Twin
    from gateway.client.records.arrivals import Claimed
    from gateway.envelope.header import Header
    from gateway.envelope.open import Opened
    from gateway.envelope.receipt import LogView
    from gateway.ids import Address, ConversationId, EnvelopeHash, KeyId, Kind, MessageId
    from gateway.message import Content

__all__ = ["Delivery", "Desk", "turn_of"]

REFUSED: Final = "refused-by-reader"  # what the author is told when the application gives no code of its own
_SALT_BYTES: Final = 16


class Desk:
    """
    Settles the deliveries of one open home.

    Args:
        home: Keeps what was settled.
        post: Sends the receipts.
        clock: Unix seconds.
        view: Returns the newest view of the audit log that this home verified, for its receipts; None before the first.
    """

    def __init__(self, home: Home, post: ReceiptPost, clock: Callable[[], float], view: Callable[[], LogView | None]) -> None:
        self._home = home
        self._post = post
        self._clock = clock
        self._view = view
        self._owner = os.urandom(arrivals.PROCESS_BYTES)
        self._iterations = 0
        self._shown: dict[bytes, EnvelopeHash] = {}
        self.settled: set[int] = set()  # rows that an iteration of this process may still hold

    def new_owner(self) -> bytes:
        """Return the name under which a new inbox iteration claims deliveries."""
        self._iterations += 1
        return self._owner + self._iterations.to_bytes(4, "big")

    def receipt(self, event: Event, envelope_hash: bytes, reason: str | None = None) -> bytes:
        """Sign a receipt of this home."""
        receipt = Receipt(
            event=event,
            envelope_hash=envelope_hash,  # type: ignore[arg-type]  # 32 bytes of the home's own table
            subject=self._home.address,
            signer=self._home.address,
            at=int(self._clock()),
            reason=reason,
            log=self._view(),
            salt=os.urandom(_SALT_BYTES),
        )
        return make_receipt(receipt, self._home.keyring)

    def show(self, opened: Opened) -> bool:
        """Step 9 for what is in the application's hands: False if the same sender and id are there as another envelope."""
        source = self._home.source(opened.header.sender, opened.header.message_id)
        return self._shown.setdefault(source, opened.envelope_hash) == opened.envelope_hash

    async def acknowledge(self, claimed: Claimed, opened: Opened, handled_as: str) -> None:
        """
        Keep the content with the code by which it is handled here, and say `opened`.

        Raises:
            Rejected: `session-replaced`, another process of this home took it over; `conflict`, see step 9; `recalled`, a
                recall came meanwhile.
        """
        read = ReadContent(opened.header_bytes, opened.content, opened.author, handled_as)
        settlement = Settlement(
            row=claimed.row,
            envelope_hash=claimed.envelope_hash,
            state=State.ACKNOWLEDGED,
            event=Event.OPENED,
            receipt=self.receipt(Event.OPENED, claimed.envelope_hash),
            source=self._home.source(opened.header.sender, opened.header.message_id),
            content=sealed_content(self._home, claimed.envelope_hash, read),
            target=None if opened.header.in_reply_to is None else self._home.target(opened.header.in_reply_to),
            turn=turn_rows.row_of(self._home, turn_of(opened, self._home.address)),
        )
        await self._settle(settlement)

    async def reject(self, claimed: Claimed, reason: str, opened: Opened | None, recalled: str | None = None) -> None:
        """
        Refuse a delivery, and say `rejected`; what came too late, or is to be deleted, is erased in the same commit.

        Args:
            claimed: Which.
            reason: A code, which the author reads.
            opened: What was proved of it; None if nothing was.
            recalled: What a recall that came before it wants: `deleted` or `use-stopped`.

        Raises:
            Rejected: As `acknowledge`; `malformed`, the reason is no code.
        """
        erased = opened if reason == "expired" or recalled == "deleted" else None
        settlement = Settlement(
            row=claimed.row,
            envelope_hash=claimed.envelope_hash,
            state=State.REJECTED,
            event=Event.REJECTED,
            receipt=self.receipt(Event.REJECTED, claimed.envelope_hash, reason),
            source=None if opened is None else self._home.source(opened.header.sender, opened.header.message_id),
            reason=reason,
            recalled=recalled,
            tombstone=sealed_tombstone(self._home, claimed.envelope_hash, erased.delivery) if erased else None,
        )
        await self._settle(settlement)
        if erased is not None:
            await self._home.store.scrub()

    async def release(self, rows: Sequence[int], *, seen: bool) -> None:
        """Give deliveries back to the home, to be offered again."""
        await self._home.store.write(lambda connection: arrivals.release(connection, rows, self._owner, seen=seen))

    async def _settle(self, settlement: Settlement) -> None:
        now = int(self._clock())
        outcome, due = await self._home.store.write(
            lambda connection: arrivals.settle(connection, settlement, self._owner, now)
        )
        if outcome is Outcome.TAKEN:
            raise Rejected("another process of this home took this delivery over", code="session-replaced")
        if outcome is Outcome.RECALLED:
            raise Rejected("it was recalled while the application had it", code="recalled")
        if outcome is Outcome.CONFLICT:
            raise Rejected("this sender used this message id for another message", code="conflict")
        if settlement.source is not None:
            self._shown.pop(settlement.source, None)
        if self._iterations > 1:
            self.settled.add(settlement.row)
        if due is not None:
            await self._post.send([due])


def turn_of(opened: Opened, me: Address) -> Turn:
    """Return a message that arrived as its conversation sees it."""
    return Turn.of(
        opened.header,
        opened.content,
        flows().pointers,
        recipients=(me,),
        envelope_hash=opened.envelope_hash,
        number=opened.number,
        at=opened.last,
    )


class Delivery:
    """
    A message that was opened and verified, for the application.

    Attributes:
        again: It was offered before and not acknowledged: the application may have seen it.
        number: The acceptance number; histories are ordered by it.
        content: The view of what the author wrote; `content.raw` are the bytes signed.
        handled_as: The code by which it is handled here: the header's, or a stricter one where another network sent it.
        recall: Of a recall, what this home did: `deleted`, `use-stopped`, `never-had`, or `refused` where its sender may not
            recall that message; None for every other kind.
        corrected_by: Id of the message in which its sender has it right, if he said so before this was handed over.
        same_as: Other messages that say the same, in order of acceptance: it came another way too, when this was handed over.
    """

    __slots__ = (
        *("_claimed", "_desk", "again", "content", "corrected_by", "handled_as", "header", "number", "opened", "recall"),
        "same_as",
    )

    def __init__(self, desk: Desk | None, claimed: Claimed | None, message: ReadMessage) -> None:
        self._desk = desk
        self._claimed = claimed
        self.opened: Opened = message.opened
        self.header: Header = message.opened.header
        self.content: Content = message.content
        self.handled_as: str = message.handled_as
        self.number: int = message.opened.number
        self.again = claimed is not None and claimed.again
        self.recall: str | None = None
        self.corrected_by: MessageId | None = None
        self.same_as: tuple[Twin, ...] = ()

    @property
    def sender(self) -> Address:
        """Who wrote it."""
        return self.header.sender

    @property
    def kind(self) -> Kind:
        """What kind of message it is."""
        return self.header.kind

    @property
    def message_id(self) -> MessageId:
        """The author's id for it."""
        return self.header.message_id

    @property
    def conversation_id(self) -> ConversationId:
        """The conversation that it belongs to."""
        return self.header.conversation_id

    @property
    def envelope_hash(self) -> EnvelopeHash:
        """What an answer names in `in_reply_to`."""
        return self.opened.envelope_hash

    @property
    def approved_by(self) -> KeyId | None:
        """The key of the sender's second officer, whose signature was verified; None where nobody approved it."""
        return self.opened.approved_by

    @property
    def sealed(self) -> bytes:
        """The delivery as it came, sealed to this home: what `ContactPoint.read` takes."""
        return self.opened.delivery

    async def acknowledge(self) -> None:
        """
        Say that the application has it: it is never handed over again, and its author gets a signed `opened` receipt.

        On disk when this returns; calling it again changes nothing.

        Raises:
            Rejected: `session-replaced`: another process of this home took it over meanwhile, and will hand it over again;
                `recalled`: it was recalled meanwhile, and is not to be used.
        """
        desk, claimed = self._held()
        await desk.acknowledge(claimed, self.opened, self.handled_as)

    async def reject(self, reason: str = REFUSED) -> None:
        """
        Refuse it: it is never handed over again, and its author gets a signed `rejected` receipt with the reason.

        Args:
            reason: A code: lower-case letters, digits and hyphens, at most 64; its author reads it.
        """
        desk, claimed = self._held()
        await desk.reject(claimed, reason, self.opened)

    async def leave(self) -> None:
        """Give it back: a followed inbox offers it again within about a minute, a later iteration at once, marked `again`."""
        desk, claimed = self._held()
        await desk.release([claimed.row], seen=True)

    def to_json(self) -> dict[str, Any]:
        """Return what a program in another language needs, for a JSON encoder of `msgspec`."""
        header = self.header
        return {
            "number": self.number,
            "again": self.again,
            "sender": header.sender,
            "kind": header.kind,
            "schema_version": header.schema_version,
            "message_id": format_id(header.message_id),
            "conversation_id": format_id(header.conversation_id),
            "envelope_hash": format_id(self.envelope_hash),
            "in_reply_to": None if header.in_reply_to is None else format_id(header.in_reply_to),
            "created": header.created,
            "expires": header.expires,
            "accepted_at": self.opened.last,
            "urgency": header.urgency,
            "handling": header.handling,
            "handled_as": self.handled_as,
            "respond_by": header.respond_by,
            "recipients": header.recipients,
            "approved_by": None if self.approved_by is None else format_id(self.approved_by),
            "recall": self.recall,
            "corrected_by": None if self.corrected_by is None else format_id(self.corrected_by),
            "same_as": [twin.to_json() for twin in self.same_as],
            "unread": self.content.unread_fields,
            "content": msgspec.Raw(self.opened.content),
        }

    def __repr__(self) -> str:
        return f"Delivery({self.number} {self.kind} from {self.sender})"

    def _held(self) -> tuple[Desk, Claimed]:
        if self._desk is None or self._claimed is None:
            raise Rejected("this delivery came from a file: there is nobody to answer", code="not-found")
        return self._desk, self._claimed
