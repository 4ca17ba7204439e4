"""
`system.recall`: a message must no longer be used, or must be deleted, and every holder says by when that is done.

Its sender is the sender of the target or the coordination centre; whoever holds the target checks that. `confirm_by` is within
`CONFIRM_WITHIN_S` of the header's `created`: a recall that waits for a week protects nobody.
"""

from typing import ClassVar, Final, Literal

from gateway.ids import Kind
from gateway.message.content import Body, Content, Limit
from gateway.message.shared.basics import Hash256, Note
from gateway.message.shared.times import Instant

__all__ = ["CONFIRM_WITHIN_S", "Recall", "RecallBody"]

CONFIRM_WITHIN_S: Final = 72 * 3_600  # default of the catalogue's table of deadlines


class RecallBody(Body, frozen=True, kw_only=True):
    """
    Which message, why, and what to do with it.

    Args:
        target: Envelope hash of the message; the header's `in_reply_to` is the same.
        mode: `stop-use`: keep it and act on it no more; `delete`: destroy it wherever it was put.
        confirm_by: When every holder has said that it is done.
    """

    reply_member: ClassVar[str | None] = "target"

    target: Hash256
    reason: Note
    mode: Literal["stop-use", "delete"]
    confirm_by: Instant

    @property
    def limit(self) -> Limit:
        """Holders answer within days of its creation."""
        return Limit("/body/confirm_by", self.confirm_by, CONFIRM_WITHIN_S)


class Recall(Content, frozen=True, kw_only=True, tag="system.recall"):
    """Content of `system.recall`."""

    kind: ClassVar[Kind] = Kind("system.recall")

    body: RecallBody
