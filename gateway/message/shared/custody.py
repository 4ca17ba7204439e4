"""
Custody: who had an item when, as a chain that nobody can rewrite in silence.

Each event names the one before by SHA-256 over its JCS form, as it stands in the bytes: members unknown here count. Numbers
rise by one from 1, times do not go back, and what changes the bytes of an item says so. People and units stand here by a
pseudonym that their holder can resolve. `linked` makes a chain; `check_custody` refuses one that is broken.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, structs

from gateway.ids import PARTICIPANT_PATTERN
from gateway.message.jcs import as_json, jcs_sha256
from gateway.message.shared.basics import Hash256, Line, Wire, whole
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import require
from gateway.message.shared.times import Instant, unix_time

__all__ = ["Base64", "Custodian", "Custody", "CustodyEvent", "CustodySignature", "Tool", "check_custody", "linked"]

Custodian = Annotated[
    str,
    Meta(
        pattern=whole(f"(?:{PARTICIPANT_PATTERN}/)?[a-z0-9][a-z0-9-]{{0,62}}"),
        description="Pseudonym of a person or unit that its holder can resolve, e.g. `NCB-QM/officer-07` or `collector-3`.",
    ),
]
Base64 = Annotated[
    str,
    Meta(
        pattern=whole("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),
        min_length=4,
        max_length=16_000,
        description="Base64 with padding (RFC 4648, section 4).",
    ),
]
CustodyType = Literal[
    "collected", "derived", "received", "sealed", "stored", "transferred", "copied", "examined", "converted", "returned"
]
_BEGINS: Final = frozenset({"collected", "derived", "received"})  # how custody may begin
_HANDS_OVER: Final = frozenset({"transferred", "returned"})
_CHANGES: Final = "converted"


class Tool(Wire, frozen=True, kw_only=True):
    """Software or an instrument, with its version where it has one."""

    name: Line
    version: Line | None = None


class CustodySignature(Wire, frozen=True, kw_only=True):
    """A custodian's signature over the JCS form of the event without this member; keys are the custodians' affair."""

    algorithm: Line
    key_ref: Line
    value: Base64


class CustodyEvent(Wire, frozen=True, kw_only=True):
    """
    One thing that happened to an item, or to a set.

    Args:
        seq: Its number in the chain, from 1.
        from_custodian: Who gave it away.
        to_custodian: Who has it now.
        sha256_before: Of the item's bytes when it began; the same after it unless the event is `converted`.
        prev_event_hash: SHA-256 of the JCS form of the event before; left out in the first.
    """

    seq: Annotated[int, Meta(ge=1, le=1_000)]
    type: CustodyType
    at: Instant
    purpose: Line
    from_custodian: Custodian | None = None
    to_custodian: Custodian | None = None
    place: Place | None = None
    tool: Tool | None = None
    sha256_before: Hash256 | None = None
    sha256_after: Hash256 | None = None
    prev_event_hash: Hash256 | None = None
    signature: CustodySignature | None = None

    def check(self, at: str) -> None:
        """Refuse a handover without both hands, and bytes that changed or did not, against what the type says."""
        if self.type in _HANDS_OVER:
            require(self.from_custodian, f"{at}/from_custodian", "says who gave it away")
        if self.type in _HANDS_OVER or self.type == "received":
            require(self.to_custodian, f"{at}/to_custodian", "says who has it now")
        if self.type == _CHANGES:
            require(self.sha256_before, f"{at}/sha256_before", "a conversion names the bytes before and after")
            require(self.sha256_after not in {None, self.sha256_before}, f"{at}/sha256_after", "a conversion changes the bytes")
        elif self.sha256_before is not None and self.sha256_after is not None:
            same = self.sha256_before == self.sha256_after
            require(same, f"{at}/sha256_after", "the bytes changed, and the event is no conversion")
        if self.place is not None:
            self.place.check(f"{at}/place")


Custody = Annotated[Sequence[CustodyEvent], Meta(min_length=1, max_length=100)]


def check_custody(events: Sequence[CustodyEvent], raw: Sequence[Any], at: str) -> str | None:
    """
    Check a chain from its beginning.

    Args:
        events: As decoded.
        raw: The same events as JSON values from the bytes received.
        at: Pointer of the list.

    Returns:
        SHA-256 of the item's bytes as the chain last names it; None where it never does.
    """
    known: str | None = None
    for index, event in enumerate(events):
        here = f"{at}/{index}"
        event.check(here)
        require(event.seq == index + 1, f"{here}/seq", "numbers rise by one from 1")
        if index:
            _check_link(events[index - 1], event, jcs_sha256(raw[index - 1]), here)
        else:
            require(event.type in _BEGINS, f"{here}/type", "custody begins when an item is collected, derived or received")
            require(event.prev_event_hash is None, f"{here}/prev_event_hash", "nothing comes before the first event")
        went_on = known is None or event.sha256_before in {None, known}
        require(went_on, f"{here}/sha256_before", "not the bytes that the event before left")
        known = event.sha256_after or event.sha256_before or known
    return known


def _check_link(before: CustodyEvent, event: CustodyEvent, hash_before: str, at: str) -> None:
    require(event.type not in {"collected", "derived"}, f"{at}/type", "only the first event brings an item into being")
    require(event.prev_event_hash == hash_before, f"{at}/prev_event_hash", "not the hash of the event before")
    require(unix_time(event.at) >= unix_time(before.at), f"{at}/at", "earlier than the event before")


def linked(events: Iterable[CustodyEvent]) -> list[CustodyEvent]:
    """Return events as a chain: numbered from 1, each with the hash of the one before."""
    chain: list[CustodyEvent] = []
    for event in events:
        before = jcs_sha256(as_json(chain[-1])) if chain else None
        chain.append(structs.replace(event, seq=len(chain) + 1, prev_event_hash=before))
    return chain
