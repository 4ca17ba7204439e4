"""
`directory.update`: a participant adds, changes, withdraws or confirms one of its own contact points.

Contact data and languages for people; keys and schema versions stand on the cards, and who is who in the directory.
A participant speaks for itself alone: a contact point that names a participant names the sender. The list is restricted,
so amber or stricter. A contact point that nobody confirmed for 180 days is stale.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from gateway.ids import Address, Kind, participant_of
from gateway.message.codes import Instrument
from gateway.message.content import Body, Content
from gateway.message.events import is_at_least
from gateway.message.shared.authority import Channel, ContactPoint
from gateway.message.shared.basics import MAX_INTEGER, Language, Note, Ref, Wire
from gateway.message.shared.refuse import Surroundings, require, require_distinct, require_once
from gateway.message.shared.times import Day, days_between

__all__ = ["CONFIRM_WITHIN_DAYS", "Capabilities", "DirectoryUpdate", "DirectoryUpdateBody", "InstrumentLanguages"]

CONFIRM_WITHIN_DAYS: Final = 180
_DESCRIBES: Final = frozenset({"add", "change"})
_AT_ONCE: Final = frozenset({"phone", "secure"})  # channels that somebody answers at night


class InstrumentLanguages(Wire, frozen=True, kw_only=True):
    """In which languages requests under an instrument are accepted, the preferred one first."""

    instrument: Instrument
    languages: Annotated[Sequence[Language], Meta(min_length=1, max_length=20)]


class Capabilities(Wire, frozen=True, kw_only=True):
    """
    What can be sent to the contact point.

    Args:
        languages: Of requests, by instrument.
        max_attachment_bytes: Largest attachment that it can take.
    """

    languages: Annotated[Sequence[InstrumentLanguages], Meta(min_length=1, max_length=20)]
    max_attachment_bytes: Annotated[int, Meta(ge=1, le=MAX_INTEGER)] | None = None

    def check(self, at: str) -> None:
        """Refuse an instrument or a language that stands twice."""
        require_distinct((one.instrument for one in self.languages), f"{at}/languages", "instrument")
        for index, one in enumerate(self.languages):
            require_once(one.languages, f"{at}/languages/{index}/languages")


class DirectoryUpdateBody(Body, frozen=True, kw_only=True):
    """
    What changes, from when.

    Args:
        action: `confirm` says that all is as it was.
        contact_id: The sender's name for the contact point, the same in every update of it.
        contact: As it is from now on; for `withdraw` and `confirm`, enough to recognise it.
        effective_from: First day.
        capabilities: Required to add or change.
        deputy: Who answers when the contact point cannot.
        emergency_line: Phone or secure channel that is answered at any hour.
        confirm_by: Day after which the entry is stale; 180 days after `effective_from` at most, and by default.
        reason: Required to withdraw.
    """

    action: Literal["add", "change", "withdraw", "confirm"]
    contact_id: Ref
    contact: ContactPoint
    effective_from: Day
    capabilities: Capabilities | None = None
    deputy: ContactPoint | None = None
    emergency_line: Channel | None = None
    confirm_by: Day | None = None
    reason: Note | None = None

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse an entry that nobody could be reached by, and dates that contradict each other."""
        del around  # nothing here refers to it
        self.contact.check(f"{at}/contact")
        if self.deputy is not None:
            self.deputy.check(f"{at}/deputy")
        if self.capabilities is not None:
            self.capabilities.check(f"{at}/capabilities")
        if self.emergency_line is not None:
            answered = self.emergency_line.type in _AT_ONCE
            require(answered, f"{at}/emergency_line/type", "an emergency line is a phone or a secure channel")
        if self.action in _DESCRIBES:
            self._check_described(at)
        if self.action == "withdraw":
            self._check_withdrawn(at)
        self._check_dates(at)

    def _check_described(self, at: str) -> None:
        require(self.contact.channels, f"{at}/contact/channels", "say how it is reached")
        require(self.contact.languages, f"{at}/contact/languages", "say which languages are spoken")
        require(self.capabilities is not None, f"{at}/capabilities", "say what can be sent")
        accepted = {one.instrument for one in self.capabilities.languages} if self.capabilities is not None else set()
        for index, instrument in enumerate(self.contact.instruments):
            fits = instrument in accepted
            require(fits, f"{at}/contact/instruments/{index}", "the capabilities name no language for it")

    def _check_withdrawn(self, at: str) -> None:
        require(self.reason, f"{at}/reason", "say why, and who takes over")
        for member in ("capabilities", "deputy", "emergency_line", "confirm_by"):
            require(getattr(self, member) is None, f"{at}/{member}", "a withdrawn contact point has none")

    def _check_dates(self, at: str) -> None:
        until = None if self.action == "withdraw" else self.contact.valid_until
        require(until is None or self.effective_from <= until, f"{at}/effective_from", "after the contact point ends")
        if self.confirm_by is not None:
            days = days_between(self.effective_from, self.confirm_by)
            fits = 0 < days <= CONFIRM_WITHIN_DAYS
            require(fits, f"{at}/confirm_by", f"within {CONFIRM_WITHIN_DAYS} days after it takes effect")


class DirectoryUpdate(Content, frozen=True, kw_only=True, tag="directory.update"):
    """Content of `directory.update`."""

    kind: ClassVar[Kind] = Kind("directory.update")

    body: DirectoryUpdateBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Ask for a marking of amber or stricter, and for the sender's own contact points, besides every other rule."""
        super().check(understood)
        require(is_at_least(self.handling.tlp, "amber"), "/handling/tlp", "the list of contacts is amber or stricter")
        self._check_own(self.body.contact, "/body/contact")
        if self.body.deputy is not None:
            self._check_own(self.body.deputy, "/body/deputy")

    def _check_own(self, contact: ContactPoint, at: str) -> None:
        if contact.participant is not None:
            # Without the sender in the content, only the header could tell whose contact point it is.
            require(self.sender is not None, "/sender", "names a participant, which must be the sender")
            own = self.sender is not None and participant_of(Address(self.sender)) == contact.participant
            require(own, f"{at}/participant", "a participant speaks for its own contact points alone")
