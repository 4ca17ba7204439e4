"""
`system.correction`: a message of mine is wrong, and another one has it right.

It names the wrong message by envelope hash, the right one by its id, and the places that changed, so that a reader need not
compare two texts. The right message is sent apart and is of the same kind; the wrong one keeps its place in every record.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.shared.basics import Hash256, Id, Note, whole
from gateway.message.shared.refuse import Surroundings, require

__all__ = ["Correction", "CorrectionBody", "Pointer"]

Pointer = Annotated[
    str,
    Meta(
        pattern=whole(r"(?:/(?:[^/~\u0000-\u001f\u007f]|~[01])*)*"),
        max_length=512,
        description="JSON pointer (RFC 6901); empty for the whole content.",
    ),
]


class CorrectionBody(Body, frozen=True, kw_only=True):
    """
    What was wrong, and where it stands right.

    Args:
        target: Envelope hash of the wrong message; the header's `in_reply_to` is the same.
        new_message_id: Id of the message that has it right, of the same sender.
        changed: Places in the content that are not what they were.
    """

    reply_member: ClassVar[str | None] = "target"

    target: Hash256
    new_message_id: Id
    changed: Annotated[Sequence[Pointer], Meta(min_length=1, max_length=200)]
    reason: Note | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a place that stands twice."""
        del around  # nothing here refers to it
        for index, pointer in enumerate(self.changed):
            require(pointer not in self.changed[:index], f"{at}/changed/{index}", "the same place stands twice")


class Correction(Content, frozen=True, kw_only=True, tag="system.correction"):
    """Content of `system.correction`."""

    kind: ClassVar[Kind] = Kind("system.correction")

    body: CorrectionBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Refuse a correction that names itself as the right message, besides every other rule."""
        super().check(understood)
        require(self.body.new_message_id != self.message_id, "/body/new_message_id", "the correction itself is not the message")
