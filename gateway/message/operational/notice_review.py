"""
`notice.review`: what the coordination centre finds and decides about a request, a diffusion or a change.

One finding for each test, by at least two reviewers, a lawyer and an operational officer, none of them of the requester's
country; one signs, another approves. A member whose national is sought has a window in which to object; who objects stops
the notice unless an international court or the Security Council stands behind it. The reasons are for the requester alone.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal, get_args

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.shared.basics import Account, Country, Hash256, Note, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require, require_distinct
from gateway.message.shared.times import Day

__all__ = ["Finding", "NoticeReview", "NoticeReviewBody", "Objection", "Reviewer"]

FindingCode = Literal[
    "art2",
    "art3",
    "minimum-data",
    "seriousness",
    "penalty",
    "refugee",
    "core-crimes-2010",
    "duplicate",
    "public-extract",
]
_TESTS: Final[tuple[str, ...]] = get_args(FindingCode)
_ALWAYS: Final = frozenset({"art2", "art3", "minimum-data"})  # asked of every notice
_CAN_BE_CHANGED: Final = frozenset({"public-extract"})  # published without one
_APPROVED: Final = frozenset({"approved", "approved-with-changes"})
_STRICT_TLP: Final = frozenset({"amber+strict", "red"})
_THIRD_PARTIES: Final = frozenset({"consent", "group"})


class Finding(Wire, frozen=True, kw_only=True):
    """The result of one test; a failure says why, and so does what was not asked."""

    code: FindingCode
    result: Literal["pass", "fail", "n/a"]
    reason: Note | None = None


class Reviewer(Wire, frozen=True, kw_only=True):
    """Who reviewed: a pseudonym that the centre can resolve, and the country of nationality."""

    officer: Ref
    function: Literal["legal", "operational"]
    country: Country


class Objection(Wire, frozen=True, kw_only=True):
    """
    What a member says about a notice on its national.

    Args:
        member: The country that may object.
        window_ends: Until when.
        reply: What it said; left out while the window is open.
        supported_by: Who stands behind the request in spite of an objection.
    """

    member: Country
    window_ends: Day
    reply: Literal["objects", "does-not-object", "silent"] | None = None
    supported_by: Literal["international-court", "security-council"] | None = None


class NoticeReviewBody(Body, frozen=True, kw_only=True):
    """
    A step of the review and its outcome.

    Args:
        request_ref: Envelope hash of what is reviewed; the header's `in_reply_to` is the same.
        outcome: `approved` at a step before the last lets it go on.
        requester_country: Left out for an international requester, whose requests have no window for objections.
        changes: What is published differently from what was asked.
    """

    reply_member: ClassVar[str | None] = "request_ref"

    request_ref: Hash256
    step: Literal["screening", "legal", "objection", "final"]
    outcome: Literal["clarify", "objection-opened", "approved", "refused", "approved-with-changes"]
    tests: Annotated[Sequence[Finding], Meta(min_length=1, max_length=9)]
    reviewers: Annotated[Sequence[Reviewer], Meta(min_length=2, max_length=10)]
    requester_country: Country | None = None
    questions: Annotated[Sequence[Note], Meta(max_length=50)] = ()
    changes: Annotated[Sequence[Note], Meta(max_length=20)] = ()
    objection: Objection | None = None
    explanation: Account | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse reviewers who are not two of other countries, and an outcome that the findings contradict."""
        del around  # nothing here refers to it
        self._check_reviewers(f"{at}/reviewers")
        self._check_tests(f"{at}/tests")
        self._check_outcome(at)
        self._check_objection(at)

    def _check_reviewers(self, at: str) -> None:
        require_distinct((one.officer for one in self.reviewers), at, "officer")
        for index, one in enumerate(self.reviewers):
            require(one.country != self.requester_country, f"{at}/{index}/country", "reviews a request of the own country")
        functions = {one.function for one in self.reviewers}
        require(functions == {"legal", "operational"}, at, "a legal and an operational reviewer are needed")

    def _check_tests(self, at: str) -> None:
        require_distinct((finding.code for finding in self.tests), at, "code")
        for index, finding in enumerate(self.tests):
            require(finding.result == "pass" or finding.reason, f"{at}/{index}/reason", "say why")
            asked = finding.result != "n/a" or finding.code not in _ALWAYS
            require(asked, f"{at}/{index}/result", "this test is asked of every notice")
        missing = self.step == "final" and len(self.tests) < len(_TESTS)
        require(not missing, at, "the final step has a finding for each test")

    def _check_outcome(self, at: str) -> None:
        failed = [finding.code for finding in self.tests if finding.result == "fail"]
        if self.outcome == "approved":
            require(not failed, f"{at}/outcome", "a test failed")
        if self.outcome == "approved-with-changes":
            require(_CAN_BE_CHANGED.issuperset(failed), f"{at}/outcome", "a test failed that no change of the notice mends")
        if self.outcome == "refused":
            require(failed, f"{at}/outcome", "no test failed")
        require(bool(self.questions) == (self.outcome == "clarify"), f"{at}/questions", "clarify and questions need each other")
        changed = self.outcome == "approved-with-changes"
        require(bool(self.changes) == changed, f"{at}/changes", "approved-with-changes and changes need each other")

    def _check_objection(self, at: str) -> None:
        opened = self.outcome == "objection-opened"
        require(not opened or self.step == "objection", f"{at}/outcome", "opened at the step of objections alone")
        if self.objection is None:
            require(self.step != "objection", f"{at}/objection", "say who may object until when")
            return
        at = f"{at}/objection"
        require(self.requester_country is not None, at, "there is no window for a request of an international court")
        require(self.objection.member != self.requester_country, f"{at}/member", "a requester does not object to itself")
        if opened:
            require(self.objection.reply is None, f"{at}/reply", "the window is open")
        if self.outcome in _APPROVED:
            require(self.objection.reply is not None, f"{at}/reply", "decided before the reply, or the end of the window")
            stands = self.objection.reply != "objects" or self.objection.supported_by is not None
            require(stands, f"{at}/supported_by", "a member objects, and no court or Security Council supports the request")


class NoticeReview(Content, frozen=True, kw_only=True, tag="notice.review"):
    """Content of `notice.review`."""

    kind: ClassVar[Kind] = Kind("notice.review")

    body: NoticeReviewBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Keep the reasons with the requester."""
        super().check(understood)
        require(self.handling.tlp in _STRICT_TLP, "/handling/tlp", "the reasons are for the requester alone")
        require(self.handling.onward not in _THIRD_PARTIES, "/handling/onward", "the reasons are for the requester alone")
        require(len(self.disclosed_recipients) <= 1, "/disclosed_recipients", "a review goes to the requester alone")
