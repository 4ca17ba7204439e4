"""
`notice.publication`: a notice as the coordination centre circulates it.

It goes to all members but those that the requester keeps out, whom it does not name. Police only, unless the Security Council
wants it public; what the public may see is a text of its own. Whoever acts on it asks the source first.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.handling import TLP_LEVELS
from gateway.message.operational.notice_base import NoticeId
from gateway.message.operational.notices import Notice, check_frame, check_lasts, check_public
from gateway.message.operational.things_sought import UnSpecialNotice
from gateway.message.shared.basics import Country, Hash256, Line, Note, ParticipantText, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require, require_once
from gateway.message.shared.times import Day, PartialDate

__all__ = ["NoticePublication", "NoticePublicationBody", "PublicExtract"]


class PublicExtract(Wire, frozen=True, kw_only=True):
    """
    What the public may see, in words that were chosen for it.

    Args:
        heading: Name, or what it is about.
        charges: As the requester worded them.
        photo: Attachment that may be shown.
    """

    heading: Line
    text: Note
    birth: PartialDate | None = None
    nationalities: Annotated[Sequence[Country], Meta(max_length=10)] = ()
    charges: Annotated[Sequence[Line], Meta(max_length=20)] = ()
    photo: Ref | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a photograph that is not attached."""
        if self.photo is not None:
            require(self.photo in around.attachments, f"{at}/photo", "refers to nothing in this content")


class NoticePublicationBody(Body, frozen=True, kw_only=True):
    """
    The notice as circulated.

    Args:
        owner: Who asked for it and answers for it; the centre itself for one of its own.
        request_ref: Envelope hash of the request; left out for one of the centre's own.
        snapshot_sha256: SHA-256 of the content of the request as it was signed, by which its author sees what was published.
        expires_on: At most five years after it was issued.
    """

    notice_id: NoticeId
    notice: Notice
    owner: ParticipantText
    issued_on: Day
    languages: Annotated[Sequence[Literal["ar", "en", "fr", "es"]], Meta(min_length=1, max_length=4)]
    expires_on: Day
    status: Literal["valid"]
    request_ref: Hash256 | None = None
    snapshot_sha256: Hash256 | None = None
    public_extract: PublicExtract | None = None

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return self.notice.names_persons

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an incomplete notice, one that lasts too long, and an extract where none may be."""
        self.notice.check(f"{at}/notice", around)
        check_lasts(self.issued_on, self.expires_on, f"{at}/expires_on")
        require_once(self.languages, f"{at}/languages")
        both = (self.request_ref is None) == (self.snapshot_sha256 is None)
        require(both, f"{at}/snapshot_sha256", "a request and what it said need each other")
        check_public(self.notice, f"{at}/public_extract", public=self.public_extract is not None)
        if self.public_extract is not None:
            self.public_extract.check(f"{at}/public_extract", around)


class NoticePublication(Content, frozen=True, kw_only=True, tag="notice.publication"):
    """Content of `notice.publication`."""

    kind: ClassVar[Kind] = Kind("notice.publication")

    body: NoticePublicationBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for verification before action, and for a marking for the police alone."""
        super().check(understood)
        require(self.handling.verify_before_action, "/handling/verify_before_action", "the source is asked before anybody acts")
        police = isinstance(self.body.notice, UnSpecialNotice) or TLP_LEVELS.index(self.handling.tlp) >= TLP_LEVELS.index(
            "amber"
        )
        require(police, "/handling/tlp", "amber or stricter: what the public sees is the extract")
        check_frame(self, self.body.notice, "/body/notice")
