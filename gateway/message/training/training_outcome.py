"""
`training.outcome`: what became of one nominee: selection, attendance, certificate, evaluation.

It answers the nomination, goes to the nominator and the nominee's unit, and no further. Each step is a message of its own,
so the newest counts. A certificate is kept for five years; feedback is reviewed within two, so a message that has any
says when. Only who was there can be scored, and only who completed the course has a certificate.
"""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.events import is_at_least
from gateway.message.shared.basics import Hash256, Note, Ref
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Instant, within_years

__all__ = ["FEEDBACK_YEARS", "TrainingOutcome", "TrainingOutcomeBody"]

FEEDBACK_YEARS: Final = 2
_WAS_THERE: Final = frozenset({"attended", "completed"})
_FOR_THE_UNIT: Final = frozenset({"none", "unit"})


class TrainingOutcomeBody(Body, frozen=True, kw_only=True):
    """
    Where one nominee stands.

    Args:
        course_ref: Envelope hash of the announcement.
        nomination_ref: Envelope hash of the nomination; the header's `in_reply_to` is the same.
        nominee_ref: The `officer` of the nominee in that nomination.
        at: When it was decided or came to be.
        reason: Why; required when declined.
        certificate_sha256: SHA-256 of the certificate, so that it can be proved later.
        score: Of the evaluation, 0 to 100.
        feedback: For the nominee and the unit.
    """

    reply_member: ClassVar[str | None] = "nomination_ref"

    course_ref: Hash256
    nomination_ref: Hash256
    nominee_ref: Ref
    status: Literal["accepted", "waitlisted", "declined", "attended", "completed", "no-show"]
    at: Instant
    reason: Note | None = None
    certificate_sha256: Hash256 | None = None
    score: Annotated[int, Meta(ge=0, le=100)] | None = None
    feedback: Note | None = None

    @property
    def names_persons(self) -> bool:
        """Always: a nominee is a person, though under a pseudonym."""
        return True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a certificate or an evaluation of somebody who was not there, and a refusal without a reason."""
        del around  # nothing here refers to it
        require(self.status != "declined" or self.reason, f"{at}/reason", "a nominee is declined for a reason")
        certified = self.certificate_sha256 is None or self.status == "completed"
        require(certified, f"{at}/certificate_sha256", "only who completed the course has a certificate")
        was_there = self.status in _WAS_THERE
        require(self.score is None or was_there, f"{at}/score", "only who was there has a score")
        require(self.feedback is None or was_there, f"{at}/feedback", "only who was there has feedback")


class TrainingOutcome(Content, frozen=True, kw_only=True, tag="training.outcome"):
    """Content of `training.outcome`."""

    kind: ClassVar[Kind] = Kind("training.outcome")

    body: TrainingOutcomeBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking fit for data of staff, and for a review of feedback, besides every other rule."""
        super().check(understood)
        strict = is_at_least(self.handling.tlp, "amber+strict")
        require(strict, "/handling/tlp", "outcomes are data of staff: amber+strict or red")
        require(self.handling.onward in _FOR_THE_UNIT, "/handling/onward", "for the nominator and the nominee's unit alone")
        if self.body.feedback is not None:
            review_on = None if self.retention is None else self.retention.review_on
            require(review_on is not None, "/retention/review_on", "say when the feedback is reviewed")
            in_time = review_on is not None and within_years(self.body.at[: len(review_on)], review_on, FEEDBACK_YEARS)
            require(in_time, "/retention/review_on", f"feedback is reviewed within {FEEDBACK_YEARS} years")
