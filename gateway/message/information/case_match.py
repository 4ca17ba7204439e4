"""
`case.match`: two cases share something; the matching service tells both owners, who then decide what to show each other.

It says of what type and how many, never which value. The service writes `hit` and `no-hit`, the owners the rest, each naming
the hit; persons and evidence follow in a request, if the owners agree. A false positive is deleted after 30 days.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.information.case_index import TokenType, check_nameless
from gateway.message.shared.authority import ContactPoint
from gateway.message.shared.basics import Hash256, Id, Note, Wire
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Instant

__all__ = ["CaseMatch", "CaseMatchBody", "Overlap", "ProposedMeeting"]

_OF_THE_SERVICE: Final = frozenset({"hit", "no-hit"})
_SHOWS: Final = frozenset({"reveal-offer", "reveal"})
_NEEDS_REASON: Final = frozenset({"decline", "false-positive"})


class Overlap(Wire, frozen=True, kw_only=True):
    """How many tokens of one type both cases have."""

    type: TokenType
    count: Annotated[int, Meta(ge=1, le=2_000)]


class ProposedMeeting(Wire, frozen=True, kw_only=True):
    """When and how the owners could speak."""

    start: Instant
    format: Literal["in-person", "hybrid", "online"]


class CaseMatchBody(Body, frozen=True, kw_only=True):
    """
    A match and what its owners make of it.

    Args:
        match_id: The same in every message about the match.
        case_token: Token of the case of whoever reads or writes this; never that of the other owner.
        overlap: Types and counts, never values.
        score: 0 to 100: how likely the service finds it that the cases belong together.
        hit_ref: Envelope hash of the hit; the header's `in_reply_to` is the same.
        contact: Who would speak for the case; first shown in `reveal-offer`.
    """

    reply_member: ClassVar[str | None] = "hit_ref"

    match_id: Id
    phase: Literal["hit", "no-hit", "confirm", "decline", "reveal-offer", "reveal", "false-positive"]
    case_token: Hash256
    overlap: Annotated[Sequence[Overlap], Meta(max_length=7)] = ()
    score: Annotated[int, Meta(ge=0, le=100)] | None = None
    hit_ref: Hash256 | None = None
    contact: ContactPoint | None = None
    meeting: ProposedMeeting | None = None
    reason: Note | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a phase that lacks what it needs, or shows what it may not."""
        del around  # nothing here refers to it
        if self.phase in _OF_THE_SERVICE:
            require(self.hit_ref is None, f"{at}/hit_ref", "the service answers no hit")
        else:
            require(self.hit_ref, f"{at}/hit_ref", "names the hit")
        if self.phase == "hit":
            require(self.overlap, f"{at}/overlap", "says what both have")
            require(self.score is not None, f"{at}/score", "says how likely it is")
        if self.phase == "no-hit":
            require(not self.overlap, f"{at}/overlap", "there is none")
            require(self.score is None, f"{at}/score", "there is nothing to score")
        self._check_owners_words(at)
        types = [one.type for one in self.overlap]
        for index, type_ in enumerate(types):
            require(type_ not in types[:index], f"{at}/overlap/{index}/type", "the same type stands twice")

    def _check_owners_words(self, at: str) -> None:
        shows = self.phase in _SHOWS
        require(shows or self.contact is None, f"{at}/contact", "shown only when the owner offers to")
        require(shows or self.meeting is None, f"{at}/meeting", "proposed only when the owner offers to show the case")
        require(self.phase != "reveal" or self.contact is not None, f"{at}/contact", "shows whom to speak to")
        require(self.phase not in _NEEDS_REASON or self.reason, f"{at}/reason", "says why")
        if self.contact is not None:
            self.contact.check(f"{at}/contact")


class CaseMatch(Content, frozen=True, kw_only=True, tag="case.match"):
    """Content of `case.match`."""

    kind: ClassVar[Kind] = Kind("case.match")

    body: CaseMatchBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Refuse names in clear and a lax marking, besides every other rule."""
        super().check(understood)
        check_nameless(self)
        kept = self.handling.onward in {"none", "unit"}
        require(kept, "/handling/onward", "for the two owners and the coordinator alone")
