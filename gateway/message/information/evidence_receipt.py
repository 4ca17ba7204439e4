"""
`evidence.receipt`: what the recipient of a set found, item by item, and whether it takes custody.

It repeats the hash that the manifest gave beside the one that was computed, so that `match` can be checked without the
manifest. The custody event names `manifest_sha256` as the event before: the manifest covers the chain of every item, so one
event goes on from all.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from gateway.ids import Kind
from gateway.message.content import Body, Content
from gateway.message.information.evidence_item import EvidenceNumber, check_on_hold
from gateway.message.shared.basics import Hash256, Note, Wire
from gateway.message.shared.custody import CustodyEvent, Tool
from gateway.message.shared.refuse import Surroundings, require, require_distinct
from gateway.message.shared.times import Instant

__all__ = ["EvidenceReceipt", "EvidenceReceiptBody", "ItemCheck", "MalwareScan"]


class ItemCheck(Wire, frozen=True, kw_only=True):
    """
    What was found of one exhibit: hashes for bytes, the seal for a package.

    Args:
        match: True when both hashes are the same, or the seal is whole.
        sha256_expected: As the manifest gave it.
        size_ok: True when it has the size that was announced.
        opened_ok: True when it could be opened and read.
        seal_ok: True when the seal of the package is whole and has the number that was announced.
    """

    exhibit_no: EvidenceNumber
    match: bool
    sha256_expected: Hash256 | None = None
    sha256_computed: Hash256 | None = None
    size_ok: bool | None = None
    opened_ok: bool | None = None
    seal_ok: bool | None = None
    findings: Annotated[Sequence[Note], Meta(max_length=20)] = ()

    @property
    def is_sound(self) -> bool:
        """True when everything is as announced."""
        return self.match and self.size_ok is not False and self.opened_ok is not False

    def check(self, at: str) -> None:
        """Refuse a match that the hashes or the seal contradict, and a fault without words."""
        if self.seal_ok is not None:
            require(self.sha256_computed is None, f"{at}/sha256_computed", "either bytes or a package")
            require(self.match == self.seal_ok, f"{at}/match", "not what the seal says")
        else:
            require(self.sha256_computed, f"{at}/sha256_computed", "neither bytes nor a package")
            require(self.sha256_expected, f"{at}/sha256_expected", "the hash of the manifest stands beside it")
            require(self.match == (self.sha256_computed == self.sha256_expected), f"{at}/match", "not what the hashes say")
            require(self.size_ok is not None, f"{at}/size_ok", "say whether the size is right")
            require(self.opened_ok is not None, f"{at}/opened_ok", "say whether it could be opened")
            require(self.size_ok or not self.match, f"{at}/size_ok", "the same bytes have the same size")
        require(self.is_sound or self.findings, f"{at}/findings", "says what is wrong")


class MalwareScan(Wire, frozen=True, kw_only=True):
    """A look for malicious code, before anything was opened."""

    tool: Tool
    at: Instant
    result: Literal["clean", "found", "not-possible"]


class EvidenceReceiptBody(Body, frozen=True, kw_only=True):
    """
    Whether the set was accepted, and what was found.

    Args:
        set_ref: Envelope hash of the manifest; the header's `in_reply_to` is the same.
        custody_event: How it was received, with `manifest_sha256` as `prev_event_hash`.
        reason: Why the set is rejected.
        transcript_refs: Envelope hashes of transcripts and translations that were made of it.
    """

    reply_member: ClassVar[str | None] = "set_ref"

    set_ref: Hash256
    result: Literal["accepted", "accepted-with-findings", "rejected"]
    per_item: Annotated[Sequence[ItemCheck], Meta(min_length=1, max_length=200)]
    custody_event: CustodyEvent
    reason: Note | None = None
    malware_scan: MalwareScan | None = None
    transcript_refs: Annotated[Sequence[Hash256], Meta(max_length=50)] = ()

    def check(self, at: str, around: Surroundings) -> None:
        """Refuse a result that the items contradict, and custody that does not go on from the manifest."""
        del around  # nothing here refers to it
        require_distinct((item.exhibit_no for item in self.per_item), f"{at}/per_item", "exhibit_no")
        for index, item in enumerate(self.per_item):
            item.check(f"{at}/per_item/{index}")
        self._check_result(f"{at}/result")
        require(self.result != "rejected" or self.reason, f"{at}/reason", "says why it is rejected")
        event, here = self.custody_event, f"{at}/custody_event"
        event.check(here)
        require(event.type == "received", f"{here}/type", "a receipt says how the set was received")
        require(event.prev_event_hash, f"{here}/prev_event_hash", "names the hash of the manifest")

    def _check_result(self, at: str) -> None:
        sound = all(item.is_sound for item in self.per_item)
        infected = self.malware_scan is not None and self.malware_scan.result == "found"
        found = infected or not sound or any(item.findings for item in self.per_item)
        if self.result == "accepted":
            require(sound and not infected, at, "accepted, and something is wrong with an item")
        elif self.result == "accepted-with-findings":
            require(found, at, "names no finding")
            require(any(item.match for item in self.per_item), at, "no item is what was announced")


class EvidenceReceipt(Content, frozen=True, kw_only=True, tag="evidence.receipt"):
    """Content of `evidence.receipt`."""

    kind: ClassVar[Kind] = Kind("evidence.receipt")

    body: EvidenceReceiptBody

    def check(self, understood: frozenset[str] = frozenset()) -> None:
        """Keep evidence on hold, besides every other rule."""
        super().check(understood)
        check_on_hold(self)
