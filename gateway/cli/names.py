"""What a person types for a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.ids import MessageId

__all__ = ["message_id"]


def message_id(text: str, printed_by: str) -> MessageId:
    """Read a message id; Rejected `malformed` with the commands that print one."""
    from gateway.ids import MessageId, parse_id

    try:
        return MessageId(parse_id(text))
    except Rejected as exc:
        raise Rejected(exc.detail, code=exc.code, hint=f"give the message_id that {printed_by} printed") from exc
