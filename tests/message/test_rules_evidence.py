"""Rules of evidence: custody that is a chain, hashes that fit what was received, results that the items bear out."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from gateway.message import Attachment, read
from gateway.message.information.evidence_item import EvidenceItem
from gateway.message.information.evidence_manifest import EvidenceManifest, ReleaseBasis, make_manifest
from gateway.message.jcs import jcs_sha256
from gateway.message.reading import encode
from gateway.message.shared.custody import CustodyEvent, linked
from gateway.message.shared.times import PartialDateTime
from tests.message.full_evidence import UNIT_HEAD
from tests.message.full_parts import HASH, frame
from tests.message.test_rules import at, changed, refusal, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST, RECEIPT = "evidence.manifest", "evidence.receipt"
OTHER = "2b" * 32
Json = dict[str, Any]


def hashed(content: Json) -> None:
    """Make the hash of the manifest right again."""
    content["body"]["manifest_sha256"] = jcs_sha256(content["body"]["items"])


def relinked(content: Json) -> None:
    """Make the chain of the first item and the hash of the manifest right again."""
    events = content["body"]["items"][0]["custody"]
    for before, event in pairwise(events):
        event["prev_event_hash"] = jcs_sha256(before)
    hashed(content)


FIRST, SECOND, THIRD = "/body/items/0", "/body/items/1", "/body/items/2"
ITEMS: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "an exhibit twice": ([at(f"{SECOND}/exhibit_no", "QM-99/1")], f"{SECOND}/exhibit_no"),
    "an attachment of nothing": ([at(f"{FIRST}/attachment", "a-9")], f"{FIRST}/attachment"),
    "an attachment and a package": ([at(f"{FIRST}/physical", {"seal_no": "S", "package": "Bag"})], f"{FIRST}/physical"),
    "neither attachment nor package": ([at(f"{FIRST}/attachment", None)], f"{FIRST}/attachment"),
    "a physical item as bytes": (
        [at(f"{SECOND}/physical", None), at(f"{SECOND}/attachment", "a-1")],
        f"{SECOND}/physical",
    ),
    "a capture without its tool": ([at(f"{FIRST}/tool", None)], f"{FIRST}/tool"),
    "a capture without its source": ([at(f"{FIRST}/source_url", None)], f"{FIRST}/source_url"),
    "a statement of nobody": ([at(f"{THIRD}/consent_of_person", "n/a")], f"{THIRD}/consent_of_person"),
    "no consent and no ground": ([at(f"{FIRST}/notes", None)], f"{FIRST}/notes"),
    "collected after its custody began": ([at(f"{FIRST}/collected_at/value", "2098-03-16")], f"{FIRST}/collected_at"),
    "an incident of nothing": ([at(f"{FIRST}/incidents", ["i-9"])], f"{FIRST}/incidents/0"),
    "a place too fine": (
        [
            at(
                f"{FIRST}/place",
                {"name": "House", "sensitivity": "protected", "geometry": {"type": "Point", "coordinates": [1, 2]}},
            )
        ],
        f"{FIRST}/place/precision_m",
    ),
    "a root that is not there": ([at(f"{SECOND}/root_exhibit_no", "QM-98/1")], f"{SECOND}/root_exhibit_no"),
    "an external root that is there": ([at(f"{SECOND}/root_external", value=True)], f"{SECOND}/root_exhibit_no"),
    "its own root": ([at(f"{SECOND}/root_exhibit_no", "QM-99/1.1")], f"{SECOND}/root_exhibit_no"),
    "a root with a root": ([at(f"{SECOND}/root_exhibit_no", "QM-99/2")], f"{SECOND}/root_exhibit_no"),
    "derived from nothing": ([at(f"{SECOND}/root_exhibit_no", None)], f"{SECOND}/root_exhibit_no"),
    "an external root of nothing": ([at(f"{THIRD}/root_exhibit_no", None)], f"{THIRD}/root_external"),
    "a working copy that is kept as evidence": ([at(f"{FIRST}/evidentiary_copy", value=True)], f"{FIRST}/evidentiary_copy"),
    "evidence in the role of a working copy": ([at("/attachments/0/role", "evidentiary")], f"{FIRST}/evidentiary_copy"),
    "other bytes than custody ends with": ([at("/attachments/0/encryption", None)], f"{FIRST}/attachment"),
    "a release on no message": ([at("/body/release_basis/release_ref", None)], "/body/release_basis/release_ref"),
    "a release on no order": (
        [at("/body/release_basis", {"type": "order", "release_ref": HASH})],
        "/body/release_basis/reference",
    ),
    "a sidecar of nothing": ([at("/body/sidecar", "a-9")], "/body/sidecar"),
    "a web archive of nothing": ([at("/body/captures", ["a-9"])], "/body/captures/0"),
    "an incident twice": ([repeated("/body/incidents")], "/body/incidents/1/ref"),
    "a day of deletion": ([at("/retention/delete_after", "2105-01-01")], "/retention/delete_after"),
    "a group as audience": ([at("/handling/onward", "group")], "/handling/onward"),
}
CHAIN = f"{FIRST}/custody"
CUSTODY: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "a number left out": ([at(f"{CHAIN}/1/seq", 3)], f"{CHAIN}/1/seq"),
    "a chain from two": ([at(f"{CHAIN}/0/seq", 2)], f"{CHAIN}/0/seq"),
    "something before the first": ([at(f"{CHAIN}/0/prev_event_hash", HASH)], f"{CHAIN}/0/prev_event_hash"),
    "begun with a transfer": (
        [at(f"{CHAIN}/0/type", "transferred"), at(f"{CHAIN}/0/from_custodian", "collector-3")],
        f"{CHAIN}/0/type",
    ),
    "collected twice": ([at(f"{CHAIN}/1/type", "collected")], f"{CHAIN}/1/type"),
    "derived later": ([at(f"{CHAIN}/1/type", "derived")], f"{CHAIN}/1/type"),
    "a time before": ([at(f"{CHAIN}/2/at", "2098-03-15T09:59:59.999999Z")], f"{CHAIN}/2/at"),
    "given by nobody": ([at(f"{CHAIN}/2/from_custodian", None)], f"{CHAIN}/2/from_custodian"),
    "given to nobody": ([at(f"{CHAIN}/2/to_custodian", None)], f"{CHAIN}/2/to_custodian"),
    "received by nobody": ([at(f"{CHAIN}/1/type", "received")], f"{CHAIN}/1/to_custodian"),
    "bytes that changed on the way": ([at(f"{CHAIN}/2/sha256_after", OTHER)], f"{CHAIN}/2/sha256_after"),
    "bytes that changed between": ([at(f"{CHAIN}/1/sha256_before", OTHER)], f"{CHAIN}/1/sha256_before"),
    "a conversion that changes nothing": ([at(f"{CHAIN}/3/sha256_after", HASH)], f"{CHAIN}/3/sha256_after"),
    "a conversion into nothing": ([at(f"{CHAIN}/3/sha256_after", None)], f"{CHAIN}/3/sha256_after"),
    "a conversion of nothing": ([at(f"{CHAIN}/3/sha256_before", None)], f"{CHAIN}/3/sha256_before"),
    "a place without precision": (
        [at(f"{CHAIN}/1/place", {"name": "Road", "geometry": {"type": "Point", "coordinates": [1, 2]}})],
        f"{CHAIN}/1/place/precision_m",
    ),
}
ONE, TWO, EVENT = "/body/per_item/0", "/body/per_item/1", "/body/custody_event"
SOUND: Json = {
    "exhibit_no": "QM-99/1",
    "match": True,
    "sha256_expected": HASH,
    "sha256_computed": HASH,
    "size_ok": True,
    "opened_ok": True,
}
RECEIPTS: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "an exhibit twice": ([at(f"{TWO}/exhibit_no", "QM-99/1")], f"{TWO}/exhibit_no"),
    "a match of two hashes": ([at(f"{ONE}/match", value=True)], f"{ONE}/match"),
    "no match of one hash": ([at(ONE, {**SOUND, "match": False})], f"{ONE}/match"),
    "a match with a broken seal": ([at(f"{TWO}/seal_ok", value=False)], f"{TWO}/match"),
    "bytes in a sealed package": ([at(f"{TWO}/sha256_computed", HASH)], f"{TWO}/sha256_computed"),
    "neither bytes nor a package": ([at(f"{ONE}/sha256_computed", None)], f"{ONE}/sha256_computed"),
    "a hash beside nothing": ([at(f"{ONE}/sha256_expected", None)], f"{ONE}/sha256_expected"),
    "a size not looked at": ([at(f"{ONE}/size_ok", None)], f"{ONE}/size_ok"),
    "a file not opened": ([at(f"{ONE}/opened_ok", None)], f"{ONE}/opened_ok"),
    "the same bytes of another size": ([at(ONE, {**SOUND, "size_ok": False})], f"{ONE}/size_ok"),
    "a fault without words": ([at(f"{ONE}/findings", None)], f"{ONE}/findings"),
    "a file that does not open, without words": ([at(ONE, {**SOUND, "opened_ok": False})], f"{ONE}/findings"),
    "accepted with a fault": ([at("/body/result", "accepted")], "/body/result"),
    "accepted with malware": (
        [at("/body/result", "accepted"), at(ONE, SOUND), at("/body/malware_scan/result", "found")],
        "/body/result",
    ),
    "findings that are not there": ([at(ONE, SOUND)], "/body/result"),
    "accepted, and nothing matches": (
        [at(TWO, {"exhibit_no": "QM-99/1.1", "match": False, "seal_ok": False, "findings": ["Torn."]})],
        "/body/result",
    ),
    "rejected without reason": ([at("/body/result", "rejected"), at("/body/reason", None)], "/body/reason"),
    "custody that was not received": ([at(f"{EVENT}/type", "stored")], f"{EVENT}/type"),
    "custody of nobody": ([at(f"{EVENT}/to_custodian", None)], f"{EVENT}/to_custodian"),
    "custody that goes on from nothing": ([at(f"{EVENT}/prev_event_hash", None)], f"{EVENT}/prev_event_hash"),
    "a day of deletion": ([at("/retention/delete_after", "2105-01-01")], "/retention/delete_after"),
    "a group as audience": ([at("/handling/onward", "group")], "/handling/onward"),
}


@pytest.mark.parametrize("name", ITEMS)
def test_a_manifest_that_contradicts_itself_is_refused(name: str) -> None:
    """Exhibits, roots, packages, consent and the ground of release agree with each other."""
    changes, pointer = ITEMS[name]
    assert refusal(MANIFEST, changed(MANIFEST, *changes, hashed)) == ("content-rule", pointer)


@pytest.mark.parametrize("name", CUSTODY)
def test_a_broken_chain_of_custody_is_refused(name: str) -> None:
    """Even with every hash made anew, a chain that could not have happened is refused where it breaks."""
    changes, pointer = CUSTODY[name]
    assert refusal(MANIFEST, changed(MANIFEST, *changes, relinked)) == ("content-rule", pointer)


@pytest.mark.parametrize("member", ["purpose", "to_custodian", "note_of_a_later_version"])
def test_an_event_that_was_rewritten_is_found_in_the_next(member: str) -> None:
    """Whatever is changed or added in an event, known here or not, the hash in the next event no longer fits."""
    data = changed(MANIFEST, at(f"{CHAIN}/0/{member}", "collector-4"), hashed)
    assert refusal(MANIFEST, data) == ("content-rule", f"{CHAIN}/1/prev_event_hash")


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_that_contradicts_itself_is_refused(name: str) -> None:
    """Result, matches, hashes, seals and findings agree with each other."""
    changes, pointer = RECEIPTS[name]
    assert refusal(RECEIPT, changed(RECEIPT, *changes)) == ("content-rule", pointer)


def test_a_set_can_be_accepted_or_rejected_whole() -> None:
    """Without a fault it is accepted; a fault and a reason reject it, a match of other items notwithstanding."""
    for changes in ([at("/body/result", "accepted"), at(ONE, SOUND)], [at("/body/result", "rejected")]):
        data = changed(RECEIPT, *changes)
        assert read(RECEIPT, "1.0.0", data).raw == data


@pytest.mark.parametrize("member", ["description", "member_of_a_later_version"])
def test_a_wrong_hash_of_the_manifest_is_refused(member: str) -> None:
    """One changed or added member of one item is enough, whether this version knows the member or not."""
    data = changed(MANIFEST, at(f"{THIRD}/{member}", "Other."))
    assert refusal(MANIFEST, data) == ("content-rule", "/body/manifest_sha256")
    whole = changed(MANIFEST, at(f"{THIRD}/{member}", "Other."), hashed)
    assert read(MANIFEST, "1.0.0", whole).raw == whole


def test_spelling_does_not_change_the_hash_of_a_manifest() -> None:
    """Spaces, escapes and the order of members are no part of the evidence."""
    content = json.loads(changed(MANIFEST))
    content["body"]["items"] = [dict(reversed(item.items())) for item in content["body"]["items"]]
    data = json.dumps(content, indent=3, ensure_ascii=True).encode()
    assert read(MANIFEST, "1.0.0", data).raw == data


def test_the_sdk_makes_a_manifest_that_is_taken() -> None:
    """Items and what happened to them are all that an author has to know; numbers and hashes are made for him."""
    custody = linked(
        [
            CustodyEvent(seq=1, type="collected", at="2099-05-01T08:00:00Z", purpose="Evidence.", sha256_after=HASH),
            CustodyEvent(seq=1, type="stored", at="2099-05-01T09:00:00Z", purpose="Keep.", sha256_before=HASH),
        ]
    )
    items = [
        EvidenceItem(
            exhibit_no="1",
            type="document",
            description="Order of the day.",
            collected_at=PartialDateTime(value="2099-05-01"),
            collected_by="officer-07",
            collection_method="Handed over.",
            evidentiary_copy=True,
            consent_of_person="n/a",
            attachment="a-1",
            custody=custody,
        )
    ]
    kept = Attachment(
        attachment_id="a-1", sha256=HASH, size_bytes=7, media_type="text/plain", filename="order.txt", role="evidentiary"
    )
    manifest = EvidenceManifest(
        body=make_manifest(
            items, set_id="S-1", release_basis=ReleaseBasis(type="order", reference="O-1"), approved_by=UNIT_HEAD
        ),
        **frame(attachments=[kept], retention=None),  # type: ignore[arg-type]
    )
    assert [event.seq for event in custody] == [1, 2]
    assert read(MANIFEST, "1.0.0", encode(manifest)).body == manifest.body
