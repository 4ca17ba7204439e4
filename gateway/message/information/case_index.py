"""
`case.index`: registers a case with the matching service, so that two owners learn that they look into the same thing.

No name, number or value stands in it in clear: what could be shared is an HMAC under a key that the service does not have. So
it carries no attachment and no case number, and goes no further than the service.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.codes import Crime
from gateway.message.content import Author, Body, Content
from gateway.message.shared.basics import Count, Hash256, Line, Note, ParticipantText, Ref, Version, Wire, whole
from gateway.message.shared.period import Period
from gateway.message.shared.refuse import Surroundings, require

__all__ = ["CaseIndex", "CaseIndexBody", "CaseToken", "TokenType", "check_nameless"]

TokenType = Literal["person", "group", "place", "document", "phone", "email", "plate"]
Subdivision = Annotated[str, Meta(pattern=whole("[A-Z]{2}-[A-Z0-9]{1,3}"), description="ISO 3166-2.")]


class CaseToken(Wire, frozen=True, kw_only=True):
    """
    One value that another case may share, as an HMAC.

    Args:
        hmac: HMAC-SHA-256 of the normalised value, lower-case hex.
        normaliser_version: How the value was brought into one spelling before.
        strength: How much a match of this token says.
    """

    type: TokenType
    hmac: Hash256
    normaliser_version: Version
    strength: Literal["strong", "medium", "weak"]


class CaseIndexBody(Body, frozen=True, kw_only=True):
    """
    A case, without a name.

    Args:
        case_token: HMAC of the case number, lower-case hex: the same in every message about the case.
        owner: The sender, or whom it writes for.
        situation: Code of the situation, as the service lists them.
        areas: ISO 3166-2.
        contact: Function of whoever answers; no name.
        approved_by: The head of the unit.
        parameter_set: Name of the parameters that the tokens were made with.
        key_epoch: Number of the key that they were made with.
        reason: Why the case is withdrawn.
    """

    action: Literal["register", "update", "withdraw"]
    case_token: Hash256
    owner: ParticipantText
    stage: Literal["preliminary", "structural", "investigation", "prosecution", "trial", "closed"]
    situation: Annotated[str, Meta(pattern=whole("[A-Z0-9][A-Z0-9-]{0,31}"))]
    crimes: Annotated[Sequence[Crime], Meta(min_length=1, max_length=50)]
    period: Period
    areas: Annotated[Sequence[Subdivision], Meta(min_length=1, max_length=100)]
    contact: Line
    approved_by: Author
    tokens: Annotated[Sequence[CaseToken], Meta(max_length=2_000)] = ()
    parameter_set: Ref | None = None
    key_epoch: Count | None = None
    reason: Note | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a case without tokens, tokens of a case that goes, and a token that stands twice."""
        del around  # nothing here refers to it
        self.period.check(f"{at}/period")
        if self.action == "withdraw":
            require(not self.tokens, f"{at}/tokens", "a case that is withdrawn leaves no token")
            require(self.reason, f"{at}/reason", "says why it is withdrawn")
        else:
            require(self.tokens, f"{at}/tokens", "nothing to match")
        seen: set[tuple[str, str]] = set()
        for index, token in enumerate(self.tokens):
            require((token.type, token.hmac) not in seen, f"{at}/tokens/{index}/hmac", "the same token stands twice")
            seen.add((token.type, token.hmac))


class CaseIndex(Content, frozen=True, kw_only=True, tag="case.index"):
    """Content of `case.index`."""

    kind: ClassVar[Kind] = Kind("case.index")

    body: CaseIndexBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Refuse names in clear, a lax marking and another's case, besides every other rule."""
        super().check(understood)
        check_nameless(self)
        require(self.handling.onward == "none", "/handling/onward", "tokens stay with the matching service")
        if self.sender is not None:
            writes_for = {self.sender.partition("@")[0], self.on_behalf_of}
            require(self.body.owner in writes_for, "/body/owner", "neither the sender nor whom it writes for")


def check_nameless(content: Content) -> None:
    """Refuse what would name a case in clear, and a marking below `amber+strict`."""
    require(content.handling.tlp in {"amber+strict", "red"}, "/handling/tlp", "amber+strict or red")
    require(not content.case_refs, "/case_refs", "names the case in clear")
    require(not content.attachments, "/attachments", "a case that is matched without names carries nothing")
