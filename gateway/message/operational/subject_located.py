"""
`subject.located`: whoever got a notice or a diffusion reports that its subject was met, seen or found in a database.

It goes to the owner and the coordination centre alone, named officers only. An arrest needs a supervisor, a confirmed match and
speed: the owner answers within hours, before custody ends. A name alone confirms nobody.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.operational.notice_base import NoticeId
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.basics import Hash256, Note
from gateway.message.shared.person import Person
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_once
from gateway.message.shared.times import Instant, reversed_period

__all__ = ["SubjectLocated", "SubjectLocatedBody"]

_CUSTODY: Final = frozenset({"detained", "arrested"})
_PROVES_NOTHING: Final = frozenset({"name", "other"})


class SubjectLocatedBody(Body, frozen=True, kw_only=True):
    """
    Who was met where, how sure it is, and what was done.

    Args:
        notice_ref: Envelope hash of the publication or diffusion; the header's `in_reply_to` is the same.
        basis: What the match rests on.
        contact: Whom the owner calls.
        approved_by: The supervisor; needed when somebody is detained or arrested.
        person: As met: names, documents, looks.
        custody_deadline: When custody ends unless the owner acts; needed for an arrest.
    """

    reply_member: ClassVar[str | None] = "notice_ref"

    notice_ref: Hash256
    match_strength: Literal["confirmed", "probable", "possible"]
    basis: Annotated[
        Sequence[Literal["name", "document", "fingerprint", "dna", "face", "other"]], Meta(min_length=1, max_length=6)
    ]
    place: Place
    at: Instant
    action_taken: Literal["none", "discreet", "interviewed", "detained", "arrested"]
    contact: ContactPoint
    notice_id: NoticeId | None = None
    person: Person | None = None
    approved_by: Author | None = None
    next_steps: Note | None = None
    custody_deadline: Instant | None = None

    @property
    def names_persons(self) -> bool:
        """True: it says where somebody is, though it may not repeat who."""
        return True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse certainty without ground, and custody without supervisor, certainty or end."""
        require_once(self.basis, f"{at}/basis")
        sure = self.match_strength != "confirmed" or not _PROVES_NOTHING.issuperset(self.basis)
        require(sure, f"{at}/match_strength", "a name alone confirms nobody")
        self.place.check(f"{at}/place")
        self.contact.check(f"{at}/contact")
        if self.person is not None:
            self.person.check(f"{at}/person", around)
        self._check_custody(at)

    def _check_custody(self, at: str) -> None:
        if self.action_taken not in _CUSTODY:
            require(self.custody_deadline is None, f"{at}/custody_deadline", "nobody is in custody")
            return
        require(self.approved_by is not None, f"{at}/approved_by", "a supervisor agrees to custody")
        if self.action_taken == "arrested":
            require(self.match_strength == "confirmed", f"{at}/match_strength", "arrested without a confirmed match")
            require(self.custody_deadline is not None, f"{at}/custody_deadline", "say when custody ends")
        late = reversed_period(self.at, self.custody_deadline)
        require(not late, f"{at}/custody_deadline", "before the person was met")


class SubjectLocated(Content, frozen=True, kw_only=True, tag="subject.located"):
    """Content of `subject.located`."""

    kind: ClassVar[Kind] = Kind("subject.located")

    body: SubjectLocatedBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for named officers, and for speed when somebody is in custody."""
        super().check(understood)
        require(
            self.handling.tlp == "red", "/handling/tlp", "for named officers of the owner and the coordination centre alone"
        )
        quick = self.body.action_taken not in _CUSTODY or self.urgency == "flash"
        require(quick, "/urgency", "custody is flash: the owner answers within hours")
