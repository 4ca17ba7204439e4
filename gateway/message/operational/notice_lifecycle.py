"""
`notice.lifecycle`: the owner or the coordination centre updates, extends, suspends, reinstates, cancels or ends a notice.

It goes to everybody who got the notice, and a second officer approves it. An update carries the notice as it stands from then
on, so nobody merges anything; the pointers of what changed are for people. A suspended notice is not acted upon.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.operational.notice_base import NoticeId
from gateway.message.operational.notices import Notice, check_frame, check_lasts
from gateway.message.shared.basics import Hash256, Note, Wire, whole
from gateway.message.shared.refuse import Surroundings, require
from gateway.message.shared.times import Day, Instant

__all__ = ["LifecycleReason", "NoticeLifecycle", "NoticeLifecycleBody", "Patch"]

LifecycleReason = Literal[
    "located",
    "arrested",
    "extradited",
    "deceased",
    "withdrawn",
    "purpose-achieved",
    "ccf-decision",
    "non-compliant",
    "expired",
]
_ENDS: Final = frozenset({"cancel", "expire"})
_NEEDS_CODE: Final = _ENDS | {"suspend"}
_EXPLAINED: Final = frozenset({"extend", "reinstate"})
Pointer = Annotated[
    str,
    Meta(
        pattern=whole(r"(?:/(?:[^~/\u0000-\u001f]|~[01]){0,200}){1,32}"),
        max_length=512,
        description="JSON pointer into the notice, RFC 6901.",
    ),
]


class Patch(Wire, frozen=True, kw_only=True):
    """What an update changes: the pointers of the changed members, and the whole notice as it stands from now on."""

    changed: Annotated[Sequence[Pointer], Meta(min_length=1, max_length=100)]
    notice: Notice


class NoticeLifecycleBody(Body, frozen=True, kw_only=True):
    """
    What happens to the notice, and from when.

    Args:
        notice_ref: Envelope hash of the publication or diffusion; the header's `in_reply_to` is the same.
        reason: Needed to suspend, cancel or expire.
        explanation: Needed to extend or reinstate.
        new_expiry: Of an extension: at most five years after it takes effect.
        patch: Of an update.
    """

    reply_member: ClassVar[str | None] = "notice_ref"

    notice_ref: Hash256
    action: Literal["update", "extend", "suspend", "reinstate", "cancel", "expire"]
    effective_at: Instant
    notice_id: NoticeId | None = None
    reason: LifecycleReason | None = None
    explanation: Note | None = None
    new_expiry: Day | None = None
    patch: Patch | None = None

    @property
    def names_persons(self) -> bool:
        """True when the updated notice describes persons."""
        return self.patch is not None and self.patch.notice.names_persons

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an action without its reason, or with what belongs to another."""
        require(self.reason is not None or self.action not in _NEEDS_CODE, f"{at}/reason", "say why")
        if self.reason is not None:
            require(self.action in _NEEDS_CODE, f"{at}/reason", "a reason to suspend or to end alone")
            same = (self.reason == "expired") == (self.action == "expire")
            require(same, f"{at}/reason", "expire and expired need each other")
        require(self.explanation is not None or self.action not in _EXPLAINED, f"{at}/explanation", "say why in words")
        extends = self.action == "extend"
        require((self.new_expiry is not None) == extends, f"{at}/new_expiry", "extend and a new expiry need each other")
        if self.new_expiry is not None:
            check_lasts(self.effective_at, self.new_expiry, f"{at}/new_expiry")
        updates = self.action == "update"
        require((self.patch is not None) == updates, f"{at}/patch", "update and a patch need each other")
        if self.patch is not None:
            self.patch.notice.check(f"{at}/patch/notice", around)


class NoticeLifecycle(Content, frozen=True, kw_only=True, tag="notice.lifecycle"):
    """Content of `notice.lifecycle`."""

    kind: ClassVar[Kind] = Kind("notice.lifecycle")

    body: NoticeLifecycleBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a frame that fits the colour of an updated notice."""
        super().check(understood)
        if self.body.patch is not None:
            check_frame(self, self.body.patch.notice, "/body/patch/notice")
