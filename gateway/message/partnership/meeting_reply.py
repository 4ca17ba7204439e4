"""
`meeting.reply`: a participant says whether it comes to a meeting, and whom it sends.

For the host alone. The quota and the sessions stand in the invitation, so the host compares. What a delegate needs (food,
access) may show health or religion: it is written only with its category and justification, and with the day after the
event on which it is deleted. An updated invitation may follow.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.events import MAX_ATTENDANCE, check_special_categories, is_at_least
from gateway.message.shared.basics import Hash256, Line, Note, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require, require_distinct, require_once

__all__ = ["Delegate", "MeetingReply", "MeetingReplyBody"]

_NEEDS: Final = frozenset({"health", "religion"})
_FOR_THE_HOST: Final = frozenset({"none", "unit", "organisation"})


class Delegate(Wire, frozen=True, kw_only=True):
    """
    An officer who comes.

    Args:
        officer: Pseudonym, which the sender can resolve.
        role: In which the delegate comes, e.g. head of delegation.
        sessions: Ids of the invitation's sessions that the delegate attends.
        dietary_needs: Deleted after the event.
        access_needs: Deleted after the event.
        visa_letter: True when a letter for the visa is asked for.
    """

    officer: Ref
    role: Line
    sessions: Annotated[Sequence[Ref], Meta(max_length=100)]
    dietary_needs: Note | None = None
    access_needs: Note | None = None
    visa_letter: bool = False

    @property
    def has_needs(self) -> bool:
        """True when something may show health or religion."""
        return self.dietary_needs is not None or self.access_needs is not None


class MeetingReplyBody(Body, frozen=True, kw_only=True):
    """
    Whether the participant comes, and with whom.

    Args:
        meeting_ref: Envelope hash of the invitation; the header's `in_reply_to` is the same.
        delegates: At most the invitation's quota; none when declined.
        remarks: For the host.
    """

    reply_member: ClassVar[str | None] = "meeting_ref"

    meeting_ref: Hash256
    answer: Literal["accept", "decline", "tentative"]
    delegates: Annotated[Sequence[Delegate], Meta(max_length=MAX_ATTENDANCE)]
    remarks: Note | None = None

    @property
    def names_persons(self) -> bool:
        """True when delegates are named, though under a pseudonym."""
        return bool(self.delegates)

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse delegates that the answer contradicts, and one who stands twice."""
        del around  # nothing here refers to it
        if self.answer == "accept":
            require(self.delegates, f"{at}/delegates", "say who comes")
        if self.answer == "decline":
            require(not self.delegates, f"{at}/delegates", "nobody comes to what is declined")
        require_distinct((delegate.officer for delegate in self.delegates), f"{at}/delegates", "officer")
        for index, delegate in enumerate(self.delegates):
            require_once(delegate.sessions, f"{at}/delegates/{index}/sessions")


class MeetingReply(Content, frozen=True, kw_only=True, tag="meeting.reply"):
    """Content of `meeting.reply`."""

    kind: ClassVar[Kind] = Kind("meeting.reply")

    body: MeetingReplyBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking for the host alone, and for an end of what delegates need, besides every other rule."""
        super().check(understood)
        require(self.handling.onward in _FOR_THE_HOST, "/handling/onward", "a reply is for the host alone")
        if self.body.delegates:
            strict = is_at_least(self.handling.tlp, "amber")
            require(strict, "/handling/tlp", "delegates are data of staff: amber or stricter")
        needs = any(delegate.has_needs for delegate in self.body.delegates)
        check_special_categories(self.personal_data, _NEEDS, needs=needs)
        if needs:
            ends = self.retention is not None and self.retention.delete_after is not None
            require(ends, "/retention/delete_after", "say when the needs are deleted: after the event")
