"""
`training.nomination`: a national central bureau or contact point nominates officers for a course.

Data of staff: amber+strict at least, officers by pseudonym. No special categories of data, but for what a nominee needs to
take part: then `personal_data` names the category (health) with its justification. The nominator ranks its nominees, and
nobody approves a list on which they stand.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.events import check_special_categories, is_at_least
from gateway.message.shared.basics import Hash256, Language, Line, Note, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require, require_distinct

__all__ = ["LanguageSkill", "Nominee", "TrainingNomination", "TrainingNominationBody"]

_NEEDS: Final = frozenset({"health"})
_MAX_NOMINEES: Final = 50  # of one nominator; a course has 17 to 30 people


class LanguageSkill(Wire, frozen=True, kw_only=True):
    """How well somebody knows a language, by the Common European Framework."""

    language: Language
    level: Literal["A1", "A2", "B1", "B2", "C1", "C2"]


class Nominee(Wire, frozen=True, kw_only=True):
    """
    An officer who should come.

    Args:
        officer: Pseudonym, which the nominator can resolve; later messages name the nominee by it.
        rank: Place in the nominator's order, from 1.
        experience_years: Years of work on crimes of this kind.
        needs: What the nominee needs to take part, e.g. an accessible room.
        cv: Attachment with the curriculum vitae.
    """

    officer: Ref
    role: Line
    unit: Line
    rank: Annotated[int, Meta(ge=1, le=_MAX_NOMINEES)]
    languages: Annotated[Sequence[LanguageSkill], Meta(min_length=1, max_length=10)]
    experience_years: Annotated[int, Meta(ge=0, le=60)]
    needs: Note | None = None
    cv: Ref | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a language that stands twice, and a curriculum vitae that is not attached."""
        require_distinct((skill.language for skill in self.languages), f"{at}/languages", "language")
        if self.cv is not None:
            require(self.cv in around.attachments, f"{at}/cv", "refers to nothing in this content")


class TrainingNominationBody(Body, frozen=True, kw_only=True):
    """
    Who is nominated, in which order.

    Args:
        course_ref: Envelope hash of the announcement; the header's `in_reply_to` is the same.
        approved_by: The head of the bureau or contact point who approved the list.
    """

    reply_member: ClassVar[str | None] = "course_ref"

    course_ref: Hash256
    nominees: Annotated[Sequence[Nominee], Meta(min_length=1, max_length=_MAX_NOMINEES)]
    approved_by: Author

    @property
    def names_persons(self) -> bool:
        """Always: nominees are persons, though under a pseudonym."""
        return True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a nominee who stands twice, ranks that are no order, and whoever approves their own nomination."""
        officers = require_distinct((one.officer for one in self.nominees), f"{at}/nominees", "officer")
        ranks: set[int] = set()
        for index, nominee in enumerate(self.nominees):
            nominee.check(f"{at}/nominees/{index}", around)
            place = f"{at}/nominees/{index}/rank"
            require(nominee.rank not in ranks, place, "the same rank stands twice")
            require(nominee.rank <= len(self.nominees), place, "ranks count from 1 without a gap")
            ranks.add(nominee.rank)
        require(self.approved_by.officer not in officers, f"{at}/approved_by/officer", "approves their own nomination")


class TrainingNomination(Content, frozen=True, kw_only=True, tag="training.nomination"):
    """Content of `training.nomination`."""

    kind: ClassVar[Kind] = Kind("training.nomination")

    body: TrainingNominationBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking fit for data of staff, and for no special category without need, besides every other rule."""
        super().check(understood)
        strict = is_at_least(self.handling.tlp, "amber+strict")
        require(strict, "/handling/tlp", "nominations are data of staff: amber+strict or red")
        needs = any(nominee.needs is not None for nominee in self.body.nominees)
        check_special_categories(self.personal_data, _NEEDS, needs=needs)
