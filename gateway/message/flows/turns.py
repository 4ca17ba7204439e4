"""
A message as a conversation sees it: who, when, what kind, what it answers, and the few values that tables look at.

Never its text: what is kept of a message for its conversation is this, and it is erased with the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId
from gateway.message.registry import KINDS
from gateway.message.unread import known_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.envelope.header import Header

__all__ = ["Turn", "values_of"]

_MAX_VALUE = 64  # characters: codes, days and hashes; what is longer is no value of a table


class Turn(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    A message of a conversation.

    Args:
        number: Its acceptance number: the order of the conversation.
        at: When it was accepted, Unix seconds.
        recipients: All of them for its author; for a recipient himself alone.
        respond_by: As its header says.
        values: Pointer to value: see `values_of`.
        erased: The message is not here any more; then there are no values.
    """

    number: int
    at: int
    message_id: MessageId
    envelope_hash: EnvelopeHash
    conversation_id: ConversationId
    sender: Address
    recipients: tuple[Address, ...]
    kind: Kind
    urgency: str
    handling: str
    created: int
    expires: int
    respond_by: int | None
    in_reply_to: EnvelopeHash | None
    values: dict[str, str]
    erased: bool = False

    @classmethod
    def of(
        cls,
        header: Header,
        content: bytes,
        pointers: Iterable[str],
        *,
        recipients: Iterable[Address],
        envelope_hash: EnvelopeHash,
        number: int,
        at: int,
    ) -> Turn:
        """Make the turn of a message from its header and its content as it was signed."""
        return cls(
            number=number,
            at=at,
            message_id=header.message_id,
            envelope_hash=envelope_hash,
            conversation_id=header.conversation_id,
            sender=header.sender,
            recipients=tuple(recipients),
            kind=header.kind,
            urgency=header.urgency,
            handling=header.handling,
            created=header.created,
            expires=header.expires,
            respond_by=header.respond_by,
            in_reply_to=header.in_reply_to,
            values=values_of(content, KINDS[header.kind].content, pointers),
        )


def values_of(content: bytes, type_: type[msgspec.Struct], pointers: Iterable[str]) -> dict[str, str]:
    """
    Return what stands at places of content: short text as it is, numbers in digits, of a list its length.

    Nobody checked what a member says that the kind does not know: it is no value.

    Args:
        content: Valid content, as it was signed.
        type_: Of its kind.
        pointers: Places, RFC 6901; an element of a list by its index.
    """
    document = msgspec.json.decode(content)
    found = ((pointer, _value(known_at(document, type_, pointer))) for pointer in sorted(pointers))
    return {pointer: value for pointer, value in found if value is not None}


def _value(found: object) -> str | None:
    if isinstance(found, list):
        return str(len(found))
    if isinstance(found, str):
        return found if len(found) <= _MAX_VALUE else None
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else None
