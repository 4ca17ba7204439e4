"""
The part of a contact point that lets a second officer decide: what waits is listed, shown, approved or refused.

`ContactPoint` is made of it. Nothing here but `approve` asks a gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.client.parts import WithParts
from gateway.ids import MessageId, parse_id

if TYPE_CHECKING:
    from gateway.client.sending.approvals import Waiting
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.envelope.keys import SigningKey

__all__ = ["FourEyes"]


class FourEyes(WithParts):
    """What waits in an open home for a second officer; see the module."""

    async def approvals(self) -> list[Waiting]:
        """Return what waits in this home for a second officer, oldest first; asks nobody."""
        return await self._parts.approvals.waiting()

    async def approval(self, message_id: MessageId | str) -> Waiting:
        """Return one message that waits; asks nobody. Rejected `not-found`, or `conflict` where it does not wait."""
        return await self._parts.approvals.one(_id(message_id))

    async def approve(
        self, message_id: MessageId | str, key: SigningKey, *, officer: str | None = None, draft: str | None = None
    ) -> SendReceipt:
        """
        Let a second officer approve what waits: it is sealed, signed by both, and sent as any other message.

        Args:
            message_id: As `send` returned it, or as text.
            key: The officer's approval key, from its own file; not kept.
            officer: The officer's name, needed where the content names its author's; it must be another.
            draft: `Waiting.draft` of what was shown: nothing else is sealed. None takes what waits now.

        Returns:
            As `send`; `waiting` is true where a gateway refused it for its age or its keys: it was written anew.

        Raises:
            Rejected: As `Approvals.approve`.
            Unavailable: There is no directory yet, or the home could not keep it: it still waits.
        """
        parts = self._parts
        await parts.directory.current()
        receipt = await parts.approvals.approve(_id(message_id), key, officer=officer, draft=draft)
        if receipt.number is not None:
            await parts.monitor.follow()
        return receipt

    async def refuse_approval(self, message_id: MessageId | str, reason: str) -> None:
        """End what waits for a second officer; the reason stays in the home. For errors see `Approvals.refuse`."""
        await self._parts.approvals.refuse(_id(message_id), reason)


def _id(message_id: MessageId | str) -> MessageId:
    return MessageId(parse_id(message_id)) if isinstance(message_id, str) else message_id
