"""
`jit.decision`: a party accepts, changes, declines, extends or ends a joint investigation team.

What a party agrees to is signed on paper, or by what counts as paper where it is: the agreement is an attachment, so its hash
is part of what is signed here. Changes are proposed in words, and the proposer answers with a new proposal. Declining and
ending give a reason. An extension has a term of its own, again at most 24 months.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Author, Body, Content
from gateway.message.partnership.joint_team import check_for_parties, check_term
from gateway.message.shared.basics import Hash256, Note, Ref, Wire
from gateway.message.shared.period import Period
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Day

__all__ = ["Change", "JitDecision", "JitDecisionBody"]

_SIGNED: Final = frozenset({"accept", "extend"})
_REASONED: Final = frozenset({"decline", "terminate"})
_CHANGING: Final = frozenset({"accept-with-changes", "extend"})


class Change(Wire, frozen=True, kw_only=True):
    """A change that is wanted: the part of the proposal, and the new wording."""

    part: Literal[
        "parties",
        "purpose",
        "incidents",
        "period",
        "states_of_operation",
        "leaders",
        "members",
        "legal_basis",
        "evidence_rules",
        "participants",
        "costs",
        "media_plan",
        "access_rules",
        "evaluation",
        "extension",
        "other",
    ]
    wording: Note


class JitDecisionBody(Body, frozen=True, kw_only=True):
    """
    What the party decided.

    Args:
        proposal_ref: Envelope hash of the proposal; the header's `in_reply_to` is the same.
        effective_on: Day from which the decision holds.
        approved_by: Who approved it in the party's competent authority.
        signed_agreement: Attachment with the agreement or its extension as the party signed it.
        changes: What should be different.
        period: The further term of an extension, or the one that is wanted instead.
        reason: Required to decline and to terminate.
    """

    reply_member: ClassVar[str | None] = "proposal_ref"

    proposal_ref: Hash256
    decision: Literal["accept", "accept-with-changes", "decline", "extend", "terminate"]
    effective_on: Day
    approved_by: Author
    signed_agreement: Ref | None = None
    changes: Annotated[Sequence[Change], Meta(max_length=50)] = ()
    period: Period | None = None
    reason: Note | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse what is agreed without a signature, changed without words, or ended without a reason."""
        if self.decision in _SIGNED:
            require(self.signed_agreement is not None, f"{at}/signed_agreement", "attach what was signed")
        if self.signed_agreement is not None:
            require(self.decision != "decline", f"{at}/signed_agreement", "nothing is signed by declining")
            found = self.signed_agreement in around.attachments
            require(found, f"{at}/signed_agreement", "refers to nothing in this content")
        if self.decision in _REASONED:
            require(self.reason, f"{at}/reason", "say why")
        self._check_changes(at)

    def _check_changes(self, at: str) -> None:
        if self.decision == "accept-with-changes":
            require(self.changes, f"{at}/changes", "say which changes")
        may_change = self.decision in _CHANGING
        require(may_change or not self.changes, f"{at}/changes", "this decision changes nothing")
        require(may_change or self.period is None, f"{at}/period", "this decision sets no term")
        require(self.decision != "extend" or self.period is not None, f"{at}/period", "say how long it is extended")
        if self.period is not None:
            check_term(self.period, f"{at}/period")
            require(self.effective_on <= self.period.end, f"{at}/effective_on", "after the term ends")


class JitDecision(Content, frozen=True, kw_only=True, tag="jit.decision"):
    """Content of `jit.decision`."""

    kind: ClassVar[Kind] = Kind("jit.decision")

    body: JitDecisionBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking for the parties alone besides every other rule."""
        super().check(understood)
        check_for_parties(self.handling)
