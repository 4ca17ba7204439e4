"""
`diffusion.circulate`: an NCB or a tribunal alerts chosen participants itself; the review comes after.

It is delivered at once, to the coordination centre too, and says that it is subject to review. If the review refuses it, it is
recalled from everybody who got it: that is why the frame's `disclosed_recipients` lists all of them. Minimum data are those of
a notice.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.operational.notice_base import Yes
from gateway.message.operational.notices import DiffusedNotice, check_frame, check_police_only
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.basics import Country
from gateway.message.shared.refuse import Surroundings, require, require_once

__all__ = ["DiffusionCirculate", "DiffusionCirculateBody"]


class DiffusionCirculateBody(Body, frozen=True, kw_only=True):
    """
    The alert, and who gets it.

    Args:
        subject_to_review: The review may still refuse it; whoever acts on it knows.
        region: Countries that it was chosen for; left out when it is for all who get it.
    """

    lists_recipients: ClassVar[bool] = True

    notice: DiffusedNotice
    subject_to_review: Yes
    region: Annotated[Sequence[Country], Meta(max_length=250)] = ()
    contact: ContactPoint | None = None

    @property
    def names_persons(self) -> bool:
        """True when persons are described."""
        return self.notice.names_persons

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an incomplete notice, and an alert that hides that it may be refused."""
        require(self.subject_to_review, f"{at}/subject_to_review", "every diffusion is reviewed")
        self.notice.check(f"{at}/notice", around)
        require_once(self.region, f"{at}/region")
        if self.contact is not None:
            self.contact.check(f"{at}/contact")


class DiffusionCirculate(Content, frozen=True, kw_only=True, tag="diffusion.circulate"):
    """Content of `diffusion.circulate`."""

    kind: ClassVar[Kind] = Kind("diffusion.circulate")

    body: DiffusionCirculateBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for its recipients, a marking for the police alone, and a frame that fits the colour."""
        super().check(understood)
        check_police_only(self.handling)
        check_frame(self, self.body.notice, "/body/notice")
        require(self.disclosed_recipients, "/disclosed_recipients", "lists everybody who gets it, so that it can be recalled")
        require_once(self.disclosed_recipients, "/disclosed_recipients")
