"""
`protection.measure`: protects a victim, witness or source: declare, vary, lift, a breach, a question before an interview.

The person stands here by pseudonym alone, whatever the marking: there is no member for a name. The message is red,
confidential and for named officers; reasons travel as an encrypted attachment, and no text of it may be indexed.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.shared.authority import Authority
from gateway.message.shared.basics import Hash256, Language, Line, Note, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Day, reversed_period

__all__ = ["ProtectedPerson", "ProtectionMeasure", "ProtectionMeasureBody"]

_ORDERED: Final = frozenset({"declare", "vary", "lift"})


class ProtectedPerson(Wire, frozen=True, kw_only=True):
    """A person who must not be identified; the pseudonym is the one that the order uses."""

    pseudonym: Line
    status: Literal["victim", "witness", "victim-witness", "source"]
    languages: Annotated[Sequence[Language], Meta(max_length=20)] = ()
    minor: bool = False
    deceased: bool = False


class ProtectionMeasureBody(Body, frozen=True, kw_only=True):
    """
    The measure, who ordered it, and what happens to it.

    Args:
        measures: In force after this message; for `lift` those that end.
        ordered_by: The President or chamber, court or authority.
        order_ref: Number of the order.
        measure_ref: Envelope hash of the message that declared the measure.
        account: What is asked, what changed, or how the measure was broken.
        reasons: An encrypted attachment.
    """

    action: Literal["declare", "query-prior-interviews", "vary", "lift", "breach-alert"]
    person: ProtectedPerson
    measures: Annotated[
        Sequence[Literal["pseudonym", "face", "voice", "closed-session", "relocation", "no-contact"]], Meta(max_length=6)
    ] = ()
    ordered_by: Authority | None = None
    order_ref: Line | None = None
    in_force_from: Day | None = None
    in_force_until: Day | None = None
    measure_ref: Hash256 | None = None
    account: Note | None = None
    reasons: Ref | None = None

    @property
    def names_persons(self) -> bool:
        """True: it is about a person."""
        return True

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an order that is not named, and an action that does not say what it is about."""
        if self.action in _ORDERED:
            for member in ("measures", "ordered_by", "order_ref", "in_force_from"):
                require(getattr(self, member), f"{at}/{member}", "a measure is declared, varied and lifted by a named order")
        if self.action == "breach-alert":
            require(self.measures, f"{at}/measures", "says which measure was broken")
        require(self.action in {"declare", "lift"} or self.account, f"{at}/account", "says what is asked, changed or broken")
        require(self.action != "declare" or self.measure_ref is None, f"{at}/measure_ref", "nothing was declared before")
        for index, measure in enumerate(self.measures):
            require(measure not in self.measures[:index], f"{at}/measures/{index}", "the same measure stands twice")
        if self.ordered_by is not None:
            self.ordered_by.check(f"{at}/ordered_by")
        lasts = not reversed_period(self.in_force_from, self.in_force_until)
        require(lasts, f"{at}/in_force_until", "ends before it starts")
        if self.reasons is not None:
            require(self.reasons in around.attachments, f"{at}/reasons", "refers to nothing in this content")


class ProtectionMeasure(Content, frozen=True, kw_only=True, tag="protection.measure"):
    """Content of `protection.measure`."""

    kind: ClassVar[Kind] = Kind("protection.measure")

    body: ProtectionMeasureBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for the strictest marking, encrypted reasons and haste after a breach, besides every other rule."""
        super().check(understood)
        require(self.handling.tlp == "red", "/handling/tlp", "red, for named officers")
        require(self.handling.confidentiality == "confidential", "/handling/confidentiality", "confidential")
        sealed = {one.attachment_id for one in self.attachments if one.encryption is not None}
        require(self.body.reasons is None or self.body.reasons in sealed, "/body/reasons", "reasons are encrypted apart")
        hurried = self.body.action != "breach-alert" or self.urgency in {"flash", "urgent"}
        require(hurried, "/urgency", "a breach is flash or urgent")
