"""
Somebody who is played: an open home whose inbox is followed, everything acknowledged, and who writes as a scenario says.

What needs a second officer is approved by the one of the stage, as `gateway approve` would.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from gateway.ids import EnvelopeHash
from gateway.message import spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.client import ContactPoint, SendReceipt
    from gateway.client.writing.compose import Wish
    from gateway.envelope.keys import SigningKey
    from gateway.ids import ConversationId
    from gateway.message import Content

__all__ = ["Actor"]

_SECOND_OFFICER: Final = "second-officer"


class Actor:
    """
    One participant who is played.

    Args:
        point: The open home.
        officer: The approval key of its second officer.
    """

    def __init__(self, point: ContactPoint, officer: SigningKey) -> None:
        self.point = point
        self._officer = officer
        self._known: dict[EnvelopeHash, ConversationId] = {}
        self._arrived = asyncio.Condition()

    async def read(self) -> None:
        """Follow the inbox and acknowledge what comes, until cancelled."""
        async with aclosing(self.point.inbox(follow=True)) as deliveries:
            async for delivery in deliveries:
                await delivery.acknowledge()
                await self._learn(delivery.envelope_hash, delivery.conversation_id)

    async def send(self, content: Content, to: Sequence[str], answered: EnvelopeHash | None) -> SendReceipt:
        """Send a message, once what it answers is here; for errors see `ContactPoint.send`."""
        wish: Wish = {}
        if answered is not None:
            await self._wait_for(answered)
            wish = {"in_reply_to": answered, "conversation_id": self._known[answered], "inherit": True}
        receipt = await self.point.send(content, to, **wish)
        if spec(content.kind).needs_approval:
            shown = await self.point.approval(receipt.message_id)
            receipt = await self.point.approve(receipt.message_id, self._officer, officer=_SECOND_OFFICER, draft=shown.draft)
        if receipt.envelope_hash is not None:
            await self._learn(receipt.envelope_hash, receipt.conversation_id)
        return receipt

    async def _learn(self, envelope_hash: EnvelopeHash, conversation_id: ConversationId) -> None:
        async with self._arrived:
            self._known[envelope_hash] = conversation_id
            self._arrived.notify_all()

    async def _wait_for(self, envelope_hash: EnvelopeHash) -> None:
        async with self._arrived:
            await self._arrived.wait_for(lambda: envelope_hash in self._known)
