"""
Items of evidence, as a manifest announces them: what each is, where it comes from, and who had it since.

An item travels as an attachment or as a sealed package, never as both. Copies, originals and captures say how they were made; a
statement says whether its person agreed. Evidence is under legal hold: no message about it sets a day of deletion, and it goes
no further than its marking or a granted `sharing.consent` allows.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from gateway.message.content import Content
from gateway.message.shared.attachment import Attachment
from gateway.message.shared.basics import Line, Note, Ref, Wire, whole
from gateway.message.shared.custody import Custodian, Custody, Tool, check_custody
from gateway.message.shared.place import Place
from gateway.message.shared.refuse import Surroundings, require, require_known
from gateway.message.shared.times import PartialDateTime, reversed_period

__all__ = ["EvidenceItem", "EvidenceNumber", "Items", "PhysicalItem", "check_on_hold"]

EvidenceNumber = Annotated[
    str,
    Meta(
        pattern=whole("[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?"),
        description="Number of an exhibit or of a set in its holder's register, e.g. `WCU-QP/99-0042/3`.",
    ),
]
_PERSONAL: Final = frozenset({"statement", "medical"})  # what no machine and no place gives: a person did


class PhysicalItem(Wire, frozen=True, kw_only=True):
    """How an item is packed that does not travel as bytes."""

    seal_no: Line
    package: Line


class EvidenceItem(Wire, frozen=True, kw_only=True):
    """
    One exhibit.

    Args:
        exhibit_no: Distinct within the set.
        root_exhibit_no: The exhibit that this one was taken from; that one has no root of its own.
        root_external: True when the root is not in this set.
        collected_by: Pseudonym; the holder can resolve it.
        source_url: Where a digital capture was taken from.
        evidentiary_copy: True for the copy that is kept as evidence, false for a working copy.
        attachment: Id of the attachment that carries the bytes.
        incidents: Local ids of the incidents that it concerns.
        consent_of_person: Whether the person concerned agreed; `n/a` where the item is nobody's.
        custody: Everything that happened to it, from the beginning.
        notes: What a reader must know; the legal ground where the person did not agree.
    """

    exhibit_no: EvidenceNumber
    type: Literal[
        "photo",
        "video",
        "audio",
        "satellite",
        "document",
        "statement",
        "medical",
        "forensic",
        "device",
        "physical",
        "digital-capture",
    ]
    description: Note
    collected_at: PartialDateTime
    collected_by: Custodian
    collection_method: Note
    evidentiary_copy: bool
    consent_of_person: Literal["yes", "no", "n/a"]
    custody: Custody
    root_exhibit_no: EvidenceNumber | None = None
    root_external: bool = False
    tool: Tool | None = None
    source_url: Annotated[str, Meta(pattern=whole(r"https?://[!-~]{1,1990}"))] | None = None
    place: Place | None = None
    attachment: Ref | None = None
    physical: PhysicalItem | None = None
    incidents: Annotated[Sequence[Ref], Meta(max_length=100)] = ()
    notes: Note | None = None

    def check(self, at: str, around: Surroundings, incidents: frozenset[str]) -> None:
        """Refuse an item that travels in two ways or none, and one that does not say what its type needs."""
        if self.attachment is not None:
            require(self.attachment in around.attachments, f"{at}/attachment", "refers to nothing in this content")
            require(self.physical is None, f"{at}/physical", "either an attachment or a package")
        else:
            require(self.physical is not None, f"{at}/attachment", "neither an attachment nor a package")
        require(self.type != "physical" or self.physical is not None, f"{at}/physical", "a physical item is a package")
        if self.type == "digital-capture":
            require(self.tool is not None, f"{at}/tool", "a capture names the tool")
            require(self.source_url is not None, f"{at}/source_url", "a capture names its source")
        if self.type in _PERSONAL:
            require(self.consent_of_person != "n/a", f"{at}/consent_of_person", "it comes from a person, who agreed or did not")
        require(self.consent_of_person != "no" or self.notes, f"{at}/notes", "without consent the notes say on what ground")
        begun = not reversed_period(self.collected_at.value, self.custody[0].at)
        require(begun, f"{at}/collected_at", "after the beginning of its custody")
        if self.place is not None:
            self.place.check(f"{at}/place")
        require_known(self.incidents, incidents, f"{at}/incidents")

    def check_root(self, at: str, roots: Mapping[str, str | None]) -> None:
        """
        Refuse a root that is unknown, the item itself, or no root.

        Args:
            at: Pointer of the item.
            roots: Every exhibit of the set and the root that it names.
        """
        if self.root_exhibit_no is None:
            require(not self.root_external, f"{at}/root_external", "there is no root")
            require(self.custody[0].type != "derived", f"{at}/root_exhibit_no", "derived, and names no root")
            return
        known = self.root_exhibit_no in roots
        require(known != self.root_external, f"{at}/root_exhibit_no", "a root is in this set, or it is external")
        if known:
            whole_item = self.root_exhibit_no != self.exhibit_no and roots[self.root_exhibit_no] is None
            require(whole_item, f"{at}/root_exhibit_no", "not a root: the item itself, or taken from another")

    def check_bytes(self, at: str, raw: Any, attachments: Mapping[str, Attachment]) -> None:
        """
        Refuse a broken chain of custody, and an attachment that is not what the item says.

        Args:
            at: Pointer of the item.
            raw: The item as a JSON value of the bytes received.
            attachments: Descriptions by id.
        """
        last = check_custody(self.custody, raw["custody"], f"{at}/custody")
        if self.attachment is None:
            return
        carried = attachments[self.attachment]
        kept = (carried.role == "evidentiary") == self.evidentiary_copy
        require(kept, f"{at}/evidentiary_copy", "not what the role of the attachment says")
        # What is encrypted where it is stored has another hash there than the item has.
        same = last is None or carried.encryption is not None or carried.sha256 == last
        require(same, f"{at}/attachment", "not the bytes that custody ends with")


Items = Annotated[Sequence[EvidenceItem], Meta(min_length=1, max_length=200)]


def check_on_hold(content: Content) -> None:
    """Refuse a day of deletion, and a group as audience: evidence is kept, and passed on with consent alone."""
    if content.retention is not None:
        require(content.retention.delete_after is None, "/retention/delete_after", "evidence is under legal hold")
    require(content.handling.onward != "group", "/handling/onward", "evidence is passed on with consent at most")
