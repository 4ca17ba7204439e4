"""
`notice.request`: an NCB or a tribunal asks the coordination centre to publish a notice.

The colour decides the minimum data. The request is complete when it is sent, since it is reviewed as it stands: what is
missing comes back as a question. A second officer of the requester approves it. A public extract is a wish; the review decides.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.operational.notices import Notice, check_frame, check_police_only, check_public
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.refuse import Surroundings, require_once

__all__ = ["NoticeRequest", "NoticeRequestBody"]


class NoticeRequestBody(Body, frozen=True, kw_only=True):
    """
    The notice that is asked for.

    Args:
        notice: What it would say.
        public_extract_requested: True when an extract may be shown to the public.
        visible_while_processed: True when members may see it as "being processed" before it is decided.
        languages: In which the requester would have it.
        contact: Who answers questions of the review.
    """

    notice: Notice
    public_extract_requested: bool
    visible_while_processed: bool = False
    languages: Annotated[Sequence[Literal["ar", "en", "fr", "es"]], Meta(max_length=4)] = ()
    contact: ContactPoint | None = None

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return self.notice.names_persons

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an incomplete notice, a language twice, and an extract where none may be."""
        self.notice.check(f"{at}/notice", around)
        check_public(self.notice, f"{at}/public_extract_requested", public=self.public_extract_requested)
        require_once(self.languages, f"{at}/languages")
        if self.contact is not None:
            self.contact.check(f"{at}/contact")


class NoticeRequest(Content, frozen=True, kw_only=True, tag="notice.request"):
    """Content of `notice.request`."""

    kind: ClassVar[Kind] = Kind("notice.request")

    body: NoticeRequestBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking for the police alone, and a frame that fits the colour."""
        super().check(understood)
        check_police_only(self.handling)
        check_frame(self, self.body.notice, "/body/notice")
