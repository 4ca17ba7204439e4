"""
What this home sent, by the acceptance number that a gateway gave it; asks nobody.

For the day on which a gateway came back from a backup and says between which numbers it knows nothing any more.
Spec: deploy/backup.md, "After a restore".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.client.records import outgoing
from gateway.client.writing.draft import draft_of
from gateway.ids import Address, MessageId, format_id

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.client.records.outgoing import Outgoing

__all__ = ["Sent", "sent_between"]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """
    A message that a gateway accepted.

    Args:
        message_id: To ask `status` with.
        number: The acceptance number.
        created: Unix seconds by the clock of this home.
        kind: Of the content.
        recipients: Whom the names stood for, in order.
    """

    message_id: MessageId
    number: int
    created: int
    kind: str
    recipients: tuple[Address, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder, the id as text."""
        return {**msgspec.structs.asdict(self), "message_id": format_id(self.message_id)}


async def sent_between(parts: Parts, first: int, last: int) -> list[Sent]:
    """Return what was accepted with a number from `first` to `last`, in order."""
    rows = await parts.home.store.read(partial(outgoing.accepted_between, first=first, last=last))
    return [_sent(parts, row) for row in rows]


def _sent(parts: Parts, row: Outgoing) -> Sent:
    draft = draft_of(parts.home, row)
    assert row.number is not None  # it was selected by it
    return Sent(
        message_id=MessageId(row.message_id),
        number=row.number,
        created=row.created,
        kind=draft.header.kind,
        recipients=draft.recipients,
    )
