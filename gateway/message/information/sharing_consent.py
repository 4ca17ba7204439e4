"""
`sharing.consent`: ask for, give, refuse or withdraw permission to do more with a message than its marking allows.

The holder asks, the originator decides; silence means no. A grant says on what conditions and until when, and an onward one
to whom, by address. `target` is the message that the permission is about, and what the header's `in_reply_to` names.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.codes import RefusalGround
from gateway.message.content import Body, Content
from gateway.message.handling import Confidentiality, EvidentialUse, Tlp
from gateway.message.information.evidence_item import EvidenceNumber
from gateway.message.shared.authority import Authority
from gateway.message.shared.basics import AddressText, Hash256, Note, Wire
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Day, reversed_period

__all__ = ["Downgrade", "Evidential", "Onward", "Public", "SharingConsent", "SharingConsentBody"]

_DECIDES: Final = frozenset({"grant", "refuse", "revoke"})


class Onward(Wire, frozen=True, kw_only=True, tag_field="type", tag="onward"):
    """Pass it on to these participants, and nobody else."""

    to: Annotated[Sequence[AddressText], Meta(min_length=1, max_length=200)]


class Evidential(Wire, frozen=True, kw_only=True, tag_field="type", tag="evidential"):
    """Use it as evidence, in these proceedings."""

    use: EvidentialUse
    proceedings: Note


class Public(Wire, frozen=True, kw_only=True, tag_field="type", tag="public"):
    """Publish this extract of it."""

    extract: Note


class Downgrade(Wire, frozen=True, kw_only=True, tag_field="type", tag="downgrade"):
    """Lower its marking to this one."""

    tlp: Tlp
    confidentiality: Confidentiality


Wanted = Annotated[Sequence[Onward | Evidential | Public | Downgrade], Meta(min_length=1, max_length=4)]


class SharingConsentBody(Body, frozen=True, kw_only=True):
    """
    The permission.

    Args:
        target: Envelope hash of the message that it is about.
        items: Exhibits of the target that it is about; empty means the whole message.
        wanted: What is asked or decided, each type once.
        purpose: What for.
        ask_ref: Envelope hash of the question that is decided.
        decided_by: The originator's authority.
        agreed_by: Other originators who agreed, e.g. the State that gave the material.
        conditions: Of a grant; say so in words when there are none.
        earlier_refs: Envelope hashes of grants that this one rests on, or that are withdrawn.
    """

    reply_member: ClassVar[str | None] = "target"

    target: Hash256
    action: Literal["ask", "grant", "refuse", "revoke"]
    wanted: Wanted
    purpose: Note
    items: Annotated[Sequence[EvidenceNumber], Meta(max_length=200)] = ()
    ask_ref: Hash256 | None = None
    decided_by: Authority | None = None
    agreed_by: Annotated[Sequence[AddressText], Meta(max_length=50)] = ()
    conditions: Annotated[Sequence[Note], Meta(max_length=20)] = ()
    valid_until: Day | None = None
    reason_code: RefusalGround | None = None
    reason: Note | None = None
    earlier_refs: Annotated[Sequence[Hash256], Meta(max_length=50)] = ()

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a decision of nobody, a grant without bounds, a refusal without reason, a wish that means nothing."""
        del around  # nothing here refers to it
        if self.action in _DECIDES:
            require(self.decided_by is not None, f"{at}/decided_by", "somebody decides")
        else:
            require(self.decided_by is None, f"{at}/decided_by", "nobody has decided yet")
            require(self.ask_ref is None, f"{at}/ask_ref", "a question answers none")
        self._check_decision(at)
        if self.decided_by is not None:
            self.decided_by.check(f"{at}/decided_by")
        types = [type(one) for one in self.wanted]
        for index, one in enumerate(self.wanted):
            require(types[index] not in types[:index], f"{at}/wanted/{index}/type", "the same type stands twice")
            nothing = isinstance(one, Evidential) and one.use == "none"
            require(not nothing, f"{at}/wanted/{index}/use", "that needs no permission")

    def _check_decision(self, at: str) -> None:
        if self.action == "grant":
            require(self.conditions, f"{at}/conditions", "names its conditions")
            require(self.valid_until, f"{at}/valid_until", "names its end")
        else:
            require(not self.agreed_by, f"{at}/agreed_by", "nothing is granted")
        if self.action == "refuse":
            require(self.ask_ref, f"{at}/ask_ref", "names the question")
        if self.action in {"refuse", "revoke"}:
            require(self.reason, f"{at}/reason", "says why")
        if self.action == "revoke":
            require(self.earlier_refs, f"{at}/earlier_refs", "names the grants that are withdrawn")


class SharingConsent(Content, frozen=True, kw_only=True, tag="sharing.consent"):
    """Content of `sharing.consent`."""

    kind: ClassVar[Kind] = Kind("sharing.consent")

    body: SharingConsentBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Refuse a grant that has ended before it is given, besides every other rule."""
        super().check(understood)
        lasts = not reversed_period(self.created, self.body.valid_until)
        require(lasts, "/body/valid_until", "ended before it was given")
