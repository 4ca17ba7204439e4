"""What `send` and `approve` return: where a message stands on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.client.records.outgoing import State
from gateway.ids import Address, ConversationId, EnvelopeHash, MessageId, format_id

if TYPE_CHECKING:
    from gateway.client.records.outgoing import Answered, Outgoing
    from gateway.client.writing.draft import Draft

__all__ = ["SendReceipt"]


class SendReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """
    What `send` returns.

    Args:
        message_id: To ask `status` with.
        conversation_id: To answer within.
        envelope_hash: Names the envelope in every receipt; None while a gateway or a second officer has not let it be sealed.
        number: The acceptance number; None until a gateway accepted it.
        accepted_at: Unix seconds by the gateway's clock; likewise.
        kept: No gateway took it yet: it is in the home and goes out later by itself.
        waiting: It waits in the home for a second officer: nothing is sealed, and nothing goes out before somebody approves it.
        recipients: Whom the names stood for, in order.
        retry_after_s: It is kept because this participant's share is used up, and goes out after so many seconds; else None.
    """

    message_id: MessageId
    conversation_id: ConversationId
    envelope_hash: EnvelopeHash | None
    number: int | None = None
    accepted_at: int | None = None
    kept: bool = False
    waiting: bool = False
    recipients: tuple[Address, ...] = ()
    retry_after_s: int | None = None

    @classmethod
    def of(cls, draft: Draft, row: Outgoing, retry_after_s: int | None = None) -> SendReceipt:
        """Say where a message of the home stands that no gateway accepted yet."""
        header = draft.header
        return cls(
            message_id=header.message_id,
            conversation_id=header.conversation_id,
            envelope_hash=EnvelopeHash(row.envelope_hash) if row.envelope_hash else None,
            kept=row.state is State.KEPT,
            waiting=row.state is State.WAITING,
            recipients=draft.recipients,
            retry_after_s=retry_after_s,
        )

    @classmethod
    def accepted(cls, draft: Draft, answered: Answered) -> SendReceipt:
        """Say what a gateway's receipt says."""
        header = draft.header
        return cls(
            message_id=header.message_id,
            conversation_id=header.conversation_id,
            envelope_hash=EnvelopeHash(answered.envelope_hash),
            number=answered.number,
            accepted_at=answered.at,
            recipients=draft.recipients,
        )

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
            "waiting": self.waiting,
            "recipients": self.recipients,
            **({} if self.retry_after_s is None else {"retry_after_s": self.retry_after_s}),
        }
