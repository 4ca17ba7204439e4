"""Protection, evidence, cases and consent with every member set."""

from __future__ import annotations

import json
from typing import Final

from gateway.message import Author, Content, Handling, PartialDateTime, Place, Retention, encode, read
from gateway.message.information.case_index import CaseIndex, CaseIndexBody, CaseToken
from gateway.message.information.case_match import CaseMatch, CaseMatchBody, Overlap, ProposedMeeting
from gateway.message.information.evidence_item import EvidenceItem, PhysicalItem
from gateway.message.information.evidence_manifest import EvidenceManifest, EvidenceManifestBody, ReleaseBasis, manifest_hash
from gateway.message.information.evidence_receipt import EvidenceReceipt, EvidenceReceiptBody, ItemCheck, MalwareScan
from gateway.message.information.protection_measure import ProtectedPerson, ProtectionMeasure, ProtectionMeasureBody
from gateway.message.information.sharing_consent import (
    Downgrade,
    Evidential,
    Onward,
    Public,
    SharingConsent,
    SharingConsentBody,
)
from gateway.message.shared.custody import CustodyEvent, CustodySignature, Tool, linked
from gateway.message.shared.period import Period
from tests.message.full_parts import AUTHORITY, CONTACT, HASH, ID, INCIDENT, PLACES, WHEN, frame

__all__ = ["CANNOT_STAND", "FULL", "ITEMS"]

OTHER_HASH: Final = "2b" * 32
UNIT_HEAD: Final = Author(unit="Unit", officer="officer-01", role="head")
PLACE: Final = Place(name="Tal Varo", country="XA")
TOOL: Final = Tool(name="Capture", version="3.1")
_NAMES_A_CASE: Final = frozenset(
    {"case_refs", "attachments", "translations", "CaseReference", "Attachment", "Encryption", "Translation"}
)
# Members, and types of which no value can stand, because a rule refuses them in this kind.
CANNOT_STAND: Final[dict[str, frozenset[str]]] = {
    "evidence.manifest": frozenset({"delete_after"}),
    "evidence.receipt": frozenset({"delete_after", "MultiPoint", "LineString", "Polygon"}),  # it has one place alone
    "case.index": _NAMES_A_CASE,
    "case.match": _NAMES_A_CASE,
}


def _spelt(content: Content) -> Content:
    """Return content that says `onward` none, which is left out when it is written here."""
    said = json.loads(encode(content))
    said["handling"]["onward"] = "none"
    return read(content.kind, "1.0.0", json.dumps(said).encode())


def _strict(tlp: str) -> Handling:
    return Handling(
        tlp=tlp,  # type: ignore[arg-type]
        confidentiality="confidential",
        restrictions={"H2", "H3"},
        caveats={"Ask first."},
        evidential_use="lead-only",
        verify_before_action=False,
        originators={"NCB-QM@icn"},
        officers={"NCB-QM/officer-07"},
    )


CUSTODY: Final = linked(
    [
        CustodyEvent(
            seq=1,
            type="collected",
            at="2098-03-15T10:00:00Z",
            purpose="Preserve.",
            to_custodian="collector-3",
            tool=TOOL,
            sha256_after=HASH,
        ),
        CustodyEvent(seq=1, type="examined", at="2098-03-15T10:00:00Z", purpose="Look.", sha256_before=HASH),
        CustodyEvent(
            seq=1,
            type="transferred",
            at="2098-03-16T10:00:00.5Z",
            purpose="Keep.",
            from_custodian="collector-3",
            to_custodian="NCB-QM/officer-07",
            sha256_before=HASH,
            sha256_after=HASH,
            signature=CustodySignature(algorithm="ed25519", key_ref="k-1", value="AAAA"),
        ),
        CustodyEvent(
            seq=1,
            type="converted",
            at="2098-03-17T10:00:00Z",
            purpose="Read.",
            tool=TOOL,
            place=PLACE,
            sha256_before=HASH,
            sha256_after=OTHER_HASH,
        ),
    ]
)
ITEMS: Final = [
    EvidenceItem(
        exhibit_no="QM-99/1",
        type="digital-capture",
        description="Video.",
        collected_at=PartialDateTime(value="2098-03-15", qualifier="approximate"),
        collected_by="collector-3",
        collection_method="Capture.",
        tool=TOOL,
        source_url="https://video.example/1",
        place=PLACE,
        evidentiary_copy=False,
        attachment="a-1",
        incidents=["i-1"],
        consent_of_person="no",
        custody=CUSTODY,
        notes="On a court's order.",
    ),
    EvidenceItem(
        exhibit_no="QM-99/1.1",
        root_exhibit_no="QM-99/1",
        type="physical",
        description="Print.",
        collected_at=PartialDateTime(value="2098"),
        collected_by="officer-07",
        collection_method="Printed.",
        evidentiary_copy=False,
        physical=PhysicalItem(seal_no="S-1", package="Bag"),
        consent_of_person="n/a",
        custody=linked([CustodyEvent(seq=1, type="derived", at="2098-03-18T10:00:00Z", purpose="Show.")]),
    ),
    EvidenceItem(
        exhibit_no="QM-99/2",
        root_exhibit_no="QX-7",
        root_external=True,
        type="statement",
        description="Statement of W-14.",
        collected_at=PartialDateTime(value="2098-04"),
        collected_by="officer-07",
        collection_method="Interview.",
        evidentiary_copy=False,
        attachment="a-1",
        consent_of_person="yes",
        custody=linked(
            [CustodyEvent(seq=1, type="received", at="2098-05-01T10:00:00Z", purpose="Trial.", to_custodian="officer-07")]
        ),
    ),
]
_ON_HOLD: Final = frame(retention=Retention(review_on="2100-01-01", basis="law"))
_NAMELESS: Final = frame(handling=_strict("amber+strict"), attachments=(), translations=(), case_refs=())

FULL: Final[dict[str, Content]] = {
    "protection.measure": _spelt(
        ProtectionMeasure(
            body=ProtectionMeasureBody(
                action="vary",
                person=ProtectedPerson(
                    pseudonym="Witness W-14", status="witness", languages=["fra"], minor=True, deceased=True
                ),
                measures=["face", "voice"],
                ordered_by=AUTHORITY,
                order_ref="O-1",
                in_force_from="2099-05-01",
                in_force_until="2100-05-01",
                measure_ref=HASH,
                account="The voice too.",
                reasons="a-1",
            ),
            **frame(handling=_strict("red")),  # type: ignore[arg-type]
        )
    ),
    "evidence.manifest": EvidenceManifest(
        body=EvidenceManifestBody(
            set_id="QM-99",
            release_basis=ReleaseBasis(type="request", release_ref=HASH, reference="1/99"),
            approved_by=UNIT_HEAD,
            items=ITEMS,
            manifest_sha256=manifest_hash(ITEMS),
            incidents=[INCIDENT],
            timestamp_token="AAAA",
            sidecar="a-1",
            captures=["a-1"],
        ),
        **_ON_HOLD,  # type: ignore[arg-type]
    ),
    "evidence.receipt": EvidenceReceipt(
        body=EvidenceReceiptBody(
            set_ref=HASH,
            result="accepted-with-findings",
            per_item=[
                ItemCheck(
                    exhibit_no="QM-99/1",
                    match=False,
                    sha256_expected=HASH,
                    sha256_computed=OTHER_HASH,
                    size_ok=False,
                    opened_ok=True,
                    findings=["Cut off."],
                ),
                ItemCheck(exhibit_no="QM-99/1.1", match=True, seal_ok=True),
            ],
            custody_event=CustodyEvent(
                seq=1,
                type="received",
                at=WHEN,
                purpose="Trial.",
                from_custodian="NCB-QM/officer-07",
                to_custodian="GN-QN/officer-31",
                place=PLACES[0],
                tool=TOOL,
                sha256_before=HASH,
                sha256_after=HASH,
                prev_event_hash=manifest_hash(ITEMS),
                signature=CustodySignature(algorithm="ed25519", key_ref="k-1", value="AAAA"),
            ),
            reason="None.",
            malware_scan=MalwareScan(tool=TOOL, at=WHEN, result="clean"),
            transcript_refs=[HASH],
        ),
        **_ON_HOLD,  # type: ignore[arg-type]
    ),
    "case.index": _spelt(
        CaseIndex(
            body=CaseIndexBody(
                action="register",
                case_token=HASH,
                owner="NCB-QM",
                stage="investigation",
                situation="XA-2098",
                crimes=["RS.7.1.a"],
                period=Period(start="2098-03-01", end="2098-04-30"),
                areas=["XA-04"],
                contact="duty analyst",
                approved_by=UNIT_HEAD,
                tokens=[CaseToken(type="person", hmac=HASH, normaliser_version="1.0.0", strength="strong")],
                parameter_set="p-2099",
                key_epoch=7,
                reason="None.",
            ),
            **_NAMELESS,  # type: ignore[arg-type]
        )
    ),
    "case.match": _spelt(
        CaseMatch(
            body=CaseMatchBody(
                match_id=ID,
                phase="reveal",
                case_token=HASH,
                overlap=[Overlap(type="person", count=2)],
                score=80,
                hit_ref=HASH,
                contact=CONTACT,
                meeting=ProposedMeeting(start=WHEN, format="online"),
                reason="None.",
            ),
            **_NAMELESS,  # type: ignore[arg-type]
        )
    ),
    "sharing.consent": SharingConsent(
        body=SharingConsentBody(
            target=HASH,
            action="grant",
            wanted=[
                Onward(to=["GN-QN@icn"]),
                Evidential(use="with-consent", proceedings="Trial."),
                Public(extract="The place."),
                Downgrade(tlp="green", confidentiality="restricted"),
            ],
            purpose="Trial.",
            items=["QM-99/1"],
            ask_ref=HASH,
            decided_by=AUTHORITY,
            agreed_by=["NCB-QO@icn"],
            conditions=["Closed session."],
            valid_until="2100-05-01",
            reason_code="incomplete",
            reason="None.",
            earlier_refs=[HASH],
        ),
        **frame(),  # type: ignore[arg-type]
    ),
}
