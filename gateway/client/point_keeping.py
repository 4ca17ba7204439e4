"""
The part of a contact point that ends things: recalls of what it sent, and the retention of what it keeps.

`ContactPoint` is made of it. Nothing here but `recall` and `outstanding` asks a gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.client.parts import WithParts
from gateway.client.sent.numbered import sent_between
from gateway.client.sent.outstanding import ask_outstanding
from gateway.client.sent.recalling import Wanted, recall
from gateway.ids import ConversationId, parse_id
from gateway.message.system.recall import CONFIRM_WITHIN_S

if TYPE_CHECKING:
    from gateway.client.keeping.retention import Review
    from gateway.client.keeping.trace import TraceEntry
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.client.sent.numbered import Sent
    from gateway.client.sent.outstanding import Demand
    from gateway.client.sent.recalling import Mode
    from gateway.ids import EnvelopeHash, MessageId

__all__ = ["Keeping"]


class Keeping(WithParts):
    """What an open home does with what it has; see the module."""

    async def recall(
        self,
        message: MessageId | EnvelopeHash | str,
        reason: str,
        *,
        mode: Mode = "stop-use",
        confirm_within_s: int = CONFIRM_WITHIN_S,
    ) -> SendReceipt:
        """
        Recall a message from everybody whom it went to: their software obeys by itself, and answers signed.

        Args:
            message: Message id or envelope hash, as bytes or text, of what this home sent; for the coordination centre also of
                what arrived and the registry lets it recall.
            reason: In words; the holders read it.
            mode: `stop-use` (kept, and not used any more) or `delete`; then this home's own copy of the content goes too.
            confirm_within_s: When the answers are due, at most 72 hours.

        Raises:
            Rejected: As `gateway.client.sent.recalling.recall`, or as `send`.
            Unavailable: There is no directory yet: no gateway was ever reached.
        """
        parts = self._parts
        await parts.directory.current()
        wanted = Wanted(reason=reason, mode=mode, confirm_within_s=confirm_within_s)
        receipt = await recall(parts, message, wanted)
        if receipt.number is not None:
            await parts.monitor.follow()
        return receipt

    async def outstanding(self, *, everything: bool = False) -> list[Demand]:
        """
        Return what this home asked of the holders of messages and somebody has not answered, the first to confirm first.

        It asks with a recall, a correction, a step in the life of a notice, and with the last day that a content names, once
        that is over.

        Args:
            everything: What all have answered, too.
        """
        return await ask_outstanding(self._parts, everything=everything)

    async def sent(self, first: int, last: int) -> list[Sent]:
        """Return what this home sent and a gateway accepted with a number from `first` to `last`, in order; asks nobody."""
        return await sent_between(self._parts, first, last)

    async def retention(self, *, everything: bool = False) -> list[Review]:
        """
        Return the messages about which the home asks whether to keep them; asks nobody.

        Args:
            everything: All that have a review date, and not those alone that come to it within 180 days.
        """
        return await self._parts.retention.reviews(everything=everything)

    async def extend_retention(self, message: MessageId | EnvelopeHash | str, until: str, reason: str) -> None:
        """Keep a message until a later day; for errors see `RetentionKeeper.extend`."""
        await self._parts.retention.extend(message, until, reason)

    async def hold(self, message: MessageId | EnvelopeHash | str, reason: str, *, on: bool = True) -> None:
        """Hold a message past its review date, or release it (`on=False`); for errors see `RetentionKeeper.hold`."""
        await self._parts.retention.hold(message, reason, on=on)

    async def hold_conversation(self, conversation_id: ConversationId | str, reason: str, *, on: bool = True) -> None:
        """Hold a whole conversation, and what comes later in it, or release it; Rejected `conflict` where it is so already."""
        key = ConversationId(parse_id(conversation_id)) if isinstance(conversation_id, str) else conversation_id
        await self._parts.retention.hold_conversation(key, reason, on=on)

    async def run_retention(self) -> list[str]:
        """
        Delete everything whose review date is over and that nobody asked to keep; a followed inbox does it by itself.

        Returns:
            Envelope hashes of what arrived, message ids of what was sent.
        """
        await self._parts.retention.schedule()
        gone: list[str] = []
        while found := await self._parts.retention.run():
            gone += found
        return gone

    async def retention_log(self) -> list[TraceEntry]:
        """Return what was extended, held, released, deleted and recalled in this home, oldest first."""
        return await self._parts.retention.log()
