"""
Content: what the author says and signs, the same frame for every kind.

A header field that content repeats must have the header's value (`gateway.message.header`); `handling` always stands
here, in full. Content that was read is a view: `raw` holds the bytes received, which are what is verified, stored and
forwarded, and `unread_fields` names the members that this version does not know. `critical` names extensions without
which the content must not be used. Spec: schemas/messages.md, "Content".
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from gateway.errors import Rejected
from gateway.ids import Kind
from gateway.message.codec import encode_json
from gateway.message.codes import Purpose
from gateway.message.handling import Handling, protects_persons
from gateway.message.shared.attachment import Attachment, Translation
from gateway.message.shared.authority import CaseReference, LegalBasis
from gateway.message.shared.basics import (
    AddressText,
    Count,
    ExtensionName,
    Hash256,
    Id,
    LanguageTag,
    Line,
    Note,
    ParticipantText,
    Ref,
    Version,
    Wire,
)
from gateway.message.shared.refuse import Surroundings, refuse, require, require_distinct
from gateway.message.shared.times import Day, Instant, day_ends, reversed_period
from gateway.message.unread import unread_fields
from gateway.message.versions import found_at

__all__ = ["Author", "Body", "Content", "Limit", "PersonalData", "Retention", "Urgency"]

Urgency = Literal["flash", "urgent", "normal", "routine"]
SpecialCategory = Literal[
    "ethnicity", "political-opinion", "religion", "trade-union", "health", "sexual-life", "genetic", "biometric", "criminal"
]


class Author(Wire, frozen=True, kw_only=True):
    """Who wrote it, within the sender; `officer` is a pseudonym that the sender can resolve."""

    unit: Line
    officer: Ref | None = None
    role: Line | None = None


class PersonalData(Wire, frozen=True, kw_only=True):
    """What personal data the content holds, and why the special categories are needed."""

    present: bool
    categories: Annotated[Sequence[Line], Meta(max_length=20)] = ()
    special_categories: Annotated[Sequence[SpecialCategory], Meta(max_length=9)] = ()
    justification: Note | None = None

    def check(self, at: str, *, names_persons: bool) -> None:
        """Refuse special categories without a reason, and a denial that the body contradicts."""
        if self.special_categories:
            require(self.justification is not None, f"{at}/justification", "special categories need a justification")
        denied = not self.present and (self.categories or self.special_categories or names_persons)
        require(not denied, f"{at}/present", "the content holds personal data")


class Retention(Wire, frozen=True, kw_only=True):
    """How long the recipient may keep it; what is left out follows the registry of kinds."""

    review_on: Day | None = None
    delete_after: Day | None = None
    basis: Line | None = None

    @property
    def last_at(self) -> int | None:
        """From when on nobody may keep it, Unix seconds; None where its author names no last day."""
        return None if self.delete_after is None else day_ends(self.delete_after)

    def check(self, at: str) -> None:
        """Refuse a deletion before the review."""
        require(not reversed_period(self.review_on, self.delete_after), f"{at}/delete_after", "before the review")


class Limit(NamedTuple):
    """A time in a body that is after the header's `created` and at most `within_s` seconds later."""

    pointer: str
    at: str
    within_s: int


class Body(Wire, frozen=True, kw_only=True):
    """
    The part that is different in each kind.

    `reply_member` is the member that repeats the header's `in_reply_to`, in kinds that have one. `lists_recipients` says that
    whoever gets it must stand in the frame's `disclosed_recipients`.
    """

    reply_member: ClassVar[str | None] = None

    lists_recipients: ClassVar[bool] = False

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse what contradicts itself; nothing by default."""

    @property
    def names_persons(self) -> bool:
        """True when it holds data of persons."""
        return False

    @property
    def answers(self) -> tuple[str, str] | None:
        """Pointer and envelope hash of the message that the body says it answers; the header must say the same."""
        hash_ = getattr(self, self.reply_member) if self.reply_member else None
        return None if hash_ is None else (f"/body/{self.reply_member}", hash_)

    @property
    def is_answer(self) -> bool:
        """True when the header must name a message that is answered."""
        return self.answers is not None

    @property
    def limit(self) -> Limit | None:
        """A time that the header's `created` limits."""
        return None


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True, tag_field="kind"):
    """
    The frame of every kind.

    Args:
        handling: The marking; its code stands in the header too.
        purpose: What the data may be used for.
        message_id: Repeats the header, as do schema_version, sender, created, expires, urgency, respond_by,
            conversation_id and in_reply_to. In content that is about to be sent they are wishes for the header.
        author: Who wrote it, within the sender.
        supersedes: Envelope hash of a message of the same sender that this one replaces.
        derived_from: Envelope hashes of messages whose content went into this one; its marking is no laxer than theirs.
        sequence: Number of the message within sender and conversation.
        disclosed_recipients: The recipients, when the author wants each to know the others.
        critical: Names in `ext` that a reader must understand.
        ext: Extensions by reverse domain name.
    """

    kind: ClassVar[Kind]

    handling: Handling
    purpose: Annotated[Sequence[Purpose], Meta(min_length=1, max_length=9)]
    body: Body
    schema_version: Version | None = None
    message_id: Id | None = None
    sender: AddressText | None = None
    created: Instant | None = None
    expires: Instant | None = None
    urgency: Urgency | None = None
    respond_by: Instant | None = None
    conversation_id: Id | None = None
    in_reply_to: Hash256 | None = None
    author: Author | None = None
    on_behalf_of: ParticipantText | None = None
    language: LanguageTag | None = None
    translations: Annotated[Sequence[Translation], Meta(max_length=24)] = ()
    legal_basis: Annotated[Sequence[LegalBasis], Meta(max_length=20)] = ()
    case_refs: Annotated[Sequence[CaseReference], Meta(max_length=20)] = ()
    personal_data: PersonalData | None = None
    retention: Retention | None = None
    supersedes: Hash256 | None = None
    derived_from: Annotated[Sequence[Hash256], Meta(max_length=50)] = ()
    sequence: Count | None = None
    disclosed_recipients: Annotated[Sequence[AddressText], Meta(max_length=4_096)] = ()
    attachments: Annotated[Sequence[Attachment], Meta(max_length=200)] = ()
    critical: Annotated[Sequence[ExtensionName], Meta(max_length=20)] = ()
    # An extension is an object of somebody else's making; here it is only carried.
    ext: Annotated[dict[ExtensionName, dict[str, Any]], Meta(max_length=20)] = {}

    @property
    def last_at(self) -> int | None:
        """From when on nobody may keep or use it, Unix seconds; None where its author names no last day."""
        return None if self.retention is None else self.retention.last_at

    @cached_property
    def raw(self) -> bytes:
        """The bytes as received; for content made here, its encoding."""
        return encode_json(self)

    @cached_property
    def late(self) -> tuple[str, ...]:
        """Places of members that came after the version that this content is of."""
        return ()

    @cached_property
    def unread_fields(self) -> tuple[str, ...]:
        """Pointers of the members that this version does not know: kept in `raw`, absent from the view."""
        return (*unread_fields(self.raw, type(self)), *(found_at(self.raw, self.late) if self.late else ()))

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """
        Apply every rule between fields.

        Args:
            understood: Names of extensions that the caller can use.

        Raises:
            Rejected: `must-understand` or `content-rule`, with a pointer.
        """
        for index, name in enumerate(self.critical):
            if name not in understood:
                unknown = "names an extension that is not known here"
                refuse(Rejected(unknown, code="must-understand", pointer=f"/critical/{index}"))
            require(name in self.ext, f"/critical/{index}", "names an extension that is not there")
        self.handling.check("/handling")
        around = Surroundings(protects=protects_persons(self.handling), attachments=self._check_attachments())
        if self.personal_data is not None:
            self.personal_data.check("/personal_data", names_persons=self.body.names_persons)
        if self.retention is not None:
            self.retention.check("/retention")
        self.body.check("/body", around)

    def _check_attachments(self) -> frozenset[str]:
        for index, attachment in enumerate(self.attachments):
            attachment.check(f"/attachments/{index}")
        known = require_distinct((one.attachment_id for one in self.attachments), "/attachments", "attachment_id")
        for index, translation in enumerate(self.translations):
            require(translation.attachment in known, f"/translations/{index}/attachment", "refers to nothing in this content")
        return known
