"""
`training.announcement`: a call for nominations to a course.

Green or clear, so that it reaches whoever may have somebody to send; it names no person, and nothing of a case is attached.
Nominations close before the course starts, 45 days before by default. Five to ten days are usual; the bound is there for
mistyped years. A call that changes is sent anew and `supersedes` the earlier one.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.codes import TrainingTopic
from gateway.message.content import Author, Body, Content
from gateway.message.events import Attendance, EventId, check_respond_by
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.basics import Language, Line, Note, Ref
from gateway.message.shared.period import Period
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_known, require_once
from gateway.message.shared.times import Day, days_between

__all__ = ["MAX_COURSE_DAYS", "TrainingAnnouncement", "TrainingAnnouncementBody"]

MAX_COURSE_DAYS: Final = 92  # an online course may run for a term
_OPEN: Final = frozenset({"clear", "green"})
_OF_A_CASE: Final = frozenset({"evidentiary", "warrant"})


class TrainingAnnouncementBody(Body, frozen=True, kw_only=True):
    """
    The course, and how to nominate.

    Args:
        dates: First and last day.
        languages: In which it is taught.
        seats: For how many; at most 500.
        audience: Who should come, in words.
        topics: What it is about.
        prerequisites: What a nominee must bring; an empty list says that nothing is asked.
        nominations_close: Last day for nominations, before the course starts; 45 days before by default.
        cost_policy: Who pays for what.
        approved_by: The programme officer who approved the call.
        place: Where it is held; may be left out when it is online.
        online: True when it can be followed from elsewhere.
        agenda: Attachment with the programme.
        reading: Attachments to read before.
        contact: Who answers questions.
    """

    course_id: EventId
    title: Line
    dates: Period
    languages: Annotated[Sequence[Language], Meta(min_length=1, max_length=10)]
    seats: Attendance
    audience: Annotated[Sequence[Line], Meta(min_length=1, max_length=20)]
    topics: Annotated[Sequence[TrainingTopic], Meta(min_length=1, max_length=20)]
    prerequisites: Annotated[Sequence[Note], Meta(max_length=20)]
    nominations_close: Day
    cost_policy: Note
    approved_by: Author
    place: Place | None = None
    online: bool = False
    agenda: Ref | None = None
    reading: Annotated[Sequence[Ref], Meta(max_length=50)] = ()
    contact: ContactPoint | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a course that is nowhere, too long, or closed for nominations too late, and references to nothing."""
        self._check_dates(at)
        require(self.place is not None or self.online, f"{at}/place", "neither at a place nor online")
        if self.place is not None:
            self.place.check(f"{at}/place")
        require_once(self.languages, f"{at}/languages")
        require_once(self.topics, f"{at}/topics")
        if self.agenda is not None:
            require(self.agenda in around.attachments, f"{at}/agenda", "refers to nothing in this content")
        require_known(self.reading, around.attachments, f"{at}/reading")
        if self.contact is not None:
            self.contact.check(f"{at}/contact")

    def _check_dates(self, at: str) -> None:
        self.dates.check(f"{at}/dates")
        days = days_between(self.dates.start, self.dates.end) + 1
        require(days <= MAX_COURSE_DAYS, f"{at}/dates/end", f"a course lasts {MAX_COURSE_DAYS} days at most")
        require(self.nominations_close < self.dates.start, f"{at}/nominations_close", "not before the course starts")


class TrainingAnnouncement(Content, frozen=True, kw_only=True, tag="training.announcement"):
    """Content of `training.announcement`."""

    kind: ClassVar[Kind] = Kind("training.announcement")

    body: TrainingAnnouncementBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for an open marking and for attachments that anybody may read, besides every other rule."""
        super().check(understood)
        require(self.handling.tlp in _OPEN, "/handling/tlp", "a call for a course is green or clear")
        for index, attachment in enumerate(self.attachments):
            require(attachment.role not in _OF_A_CASE, f"/attachments/{index}/role", "nothing of a case belongs to a call")
        check_respond_by(self.respond_by, self.body.nominations_close)
