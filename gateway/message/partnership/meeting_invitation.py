"""
`meeting.invitation`: a call to an expert meeting or a meeting of the network.

Green at least; a closed session has a marking of its own, amber or stricter. Times are UTC, and `timezone` says what clocks
at the place show. Answers are due before the start, 30 days before by default, and go to the host. An invitation that
changes (a new agenda) is sent anew and `supersedes` the earlier one.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.events import Attendance, EventId, check_respond_by, is_at_least
from gateway.message.handling import Tlp
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.basics import Line, Ref, Wire, whole
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_distinct, require_known
from gateway.message.shared.times import Day, Instant, days_between, unix_time

__all__ = ["MAX_MEETING_DAYS", "MeetingInvitation", "MeetingInvitationBody", "Session"]

MAX_MEETING_DAYS: Final = 31  # a few days are usual; the bound is there for mistyped months and years
_DAY: Final = len("2099-05-01")
TimeZone = Annotated[
    str,
    Meta(
        pattern=whole("UTC|[A-Z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){1,2}"),
        description="Name in the IANA database, e.g. `Etc/GMT-2`.",
    ),
]


class Session(Wire, frozen=True, kw_only=True):
    """
    A part of the meeting.

    Args:
        id: Local id; replies name the sessions that a delegate attends by it.
        tlp: Marking of what is said in it.
        closed: True when only those who are admitted to it may attend.
    """

    id: Ref
    title: Line
    tlp: Tlp
    closed: bool = False

    def check(self, at: str) -> None:
        """Refuse a closed session whose content may go around."""
        fits = not self.closed or is_at_least(self.tlp, "amber")
        require(fits, f"{at}/tlp", "a closed session is amber or stricter")


class MeetingInvitationBody(Body, frozen=True, kw_only=True):
    """
    The meeting, and how to answer.

    Args:
        format: An online meeting has no place, the others have one.
        start: When it begins, in UTC.
        timezone: Of the place, or in which an online meeting is planned.
        quota: Delegates that each participant may send.
        sessions: Parts that delegates register for.
        rsvp_by: Last day for answers, before the meeting starts; 30 days before by default.
        approved_by: Who approved the invitation for the host.
        capacity: Delegates in all; at most 500.
        documents: Attachments to prepare with.
        visa_letter: True when the host writes letters for visas.
        contact: Who answers questions.
    """

    meeting_id: EventId
    title: Line
    format: Literal["in-person", "hybrid", "online"]
    start: Instant
    end: Instant
    timezone: TimeZone
    quota: Attendance
    sessions: Annotated[Sequence[Session], Meta(min_length=1, max_length=100)]
    rsvp_by: Day
    approved_by: Author
    place: Place | None = None
    capacity: Attendance | None = None
    documents: Annotated[Sequence[Ref], Meta(max_length=50)] = ()
    visa_letter: bool = False
    contact: ContactPoint | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse times and numbers that contradict each other, a wrong or missing place, and references to nothing."""
        self._check_times(at)
        if self.format == "online":
            require(self.place is None, f"{at}/place", "an online meeting has no place")
            require(not self.visa_letter, f"{at}/visa_letter", "nobody travels to an online meeting")
        else:
            require(self.place is not None, f"{at}/place", "say where")
        if self.place is not None:
            self.place.check(f"{at}/place")
        require(self.capacity is None or self.quota <= self.capacity, f"{at}/quota", "above the capacity")
        require_distinct((session.id for session in self.sessions), f"{at}/sessions", "id")
        for index, session in enumerate(self.sessions):
            session.check(f"{at}/sessions/{index}")
        require_known(self.documents, around.attachments, f"{at}/documents")
        if self.contact is not None:
            self.contact.check(f"{at}/contact")

    def _check_times(self, at: str) -> None:
        require(unix_time(self.start) < unix_time(self.end), f"{at}/end", "not after the start")
        days = days_between(self.start[:_DAY], self.end[:_DAY]) + 1
        require(days <= MAX_MEETING_DAYS, f"{at}/end", f"a meeting lasts {MAX_MEETING_DAYS} days at most")
        require(self.rsvp_by < self.start[:_DAY], f"{at}/rsvp_by", "not before the meeting starts")


class MeetingInvitation(Content, frozen=True, kw_only=True, tag="meeting.invitation"):
    """Content of `meeting.invitation`."""

    kind: ClassVar[Kind] = Kind("meeting.invitation")

    body: MeetingInvitationBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking of green or stricter besides every other rule."""
        super().check(understood)
        require(
            is_at_least(self.handling.tlp, "green"), "/handling/tlp", "an invitation is for the community: green or stricter"
        )
        check_respond_by(self.respond_by, self.body.rsvp_by)
