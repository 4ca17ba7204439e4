"""Rows of the information and coordination centre, continued: protection, evidence, cases that match, consent."""

from __future__ import annotations

from typing import Final

from gateway.ids import Kind
from gateway.message.handling import Handling
from gateway.message.information.case_index import CaseIndex
from gateway.message.information.case_match import CaseMatch
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.information.evidence_manifest import EvidenceManifest
from gateway.message.information.evidence_receipt import EvidenceReceipt
from gateway.message.information.protection_measure import ProtectionMeasure
from gateway.message.information.request_response import RequestResponse
from gateway.message.information.sharing_consent import SharingConsent
from gateway.message.kind_spec import (
    COORDINATION,
    DAY_S,
    HOUR_S,
    NO_ANSWER,
    OPERATIONAL,
    YEAR_DAYS,
    KindSpec,
    Role,
    answer_within,
)

__all__ = ["ROWS"]

_MEASURE: Final = ProtectionMeasure.kind
_MANIFEST: Final = EvidenceManifest.kind
_RECEIPT: Final = EvidenceReceipt.kind
_INDEX: Final = CaseIndex.kind
_MATCH: Final = CaseMatch.kind
_CONSENT: Final = SharingConsent.kind
_REQUEST: Final = CooperationRequest.kind
_RESPONSE: Final = RequestResponse.kind
_PROPOSAL: Final = Kind("jit.proposal")

_OWNERS: Final[frozenset[Role]] = frozenset({"unit", "tribunal"})
_PROTECTING: Final[frozenset[Role]] = _OWNERS | {"judicial", "central-authority", "contact-point"}
_BETWEEN_UNITS: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="unit")
_NAMELESS: Final = Handling(tlp="amber+strict", confidentiality="restricted")
# Red names who may read it, so a start needs somebody; the author writes the officers in his place.
_RED: Final = Handling(tlp="red", confidentiality="confidential", officers=frozenset({"GS/duty-officer"}))
_ON_HOLD: Final = "`retention.delete_after` is left out, for evidence is under legal hold; `handling.onward` is not group"

ROWS: Final = (
    KindSpec(
        kind=_MEASURE,
        family="information",
        content=ProtectionMeasure,
        may_send=_PROTECTING,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_RESPONSE}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=7 * DAY_S, routine_s=7 * DAY_S),
        retention_days=10 * YEAR_DAYS,
        default_handling=_RED,
        rules=(
            "`handling` is red and confidential, so it names officers",
            "declare, vary and lift need `measures`, `ordered_by`, `order_ref`, `in_force_from`; declare has no `measure_ref`",
            "query-prior-interviews, vary and breach-alert need `account`",
            "breach-alert names `measures`, and its `urgency`, which it repeats, is flash or urgent",
            "each measure stands once, and does not end before it starts",
            "`reasons` is an attachment with `encryption`",
        ),
    ),
    KindSpec(
        kind=_MANIFEST,
        family="information",
        content=EvidenceManifest,
        may_send=OPERATIONAL,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_RECEIPT, _RESPONSE}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=7 * DAY_S, routine_s=30 * DAY_S),
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        on_hold=True,
        same_by=("/body/set_id", "/body/manifest_sha256"),
        rules=(
            "`manifest_sha256` is SHA-256 over the JCS form (RFC 8785) of `items` as received, unknown members included",
            "exhibit numbers are distinct; a root is another exhibit of the set that has no root, or `root_external`",
            "an item has an attachment or `physical`, not both; type physical has `physical`",
            "a digital capture names `tool` and `source_url`",
            "a statement or medical item says yes or no to consent; no needs `notes`",
            "custody begins with collected, derived (which needs a root) or received; collected and derived are never later",
            "custody: `seq` counts from 1; times do not go back; the item was not collected after the first event",
            "custody: `prev_event_hash` is SHA-256 over the JCS form of the event before in the bytes; the first has none",
            "custody: transferred and returned name both custodians, received the new one",
            "custody: `sha256_before` is what the event before left; converted alone changes it, and names both",
            "an attachment has the role evidentiary exactly for an evidentiary copy",
            "unless it is encrypted, an attachment's `sha256` is the last one that custody names",
            "a request, response or consent as ground is named by `release_ref`, an order by `reference`",
            _ON_HOLD,
        ),
    ),
    KindSpec(
        kind=_RECEIPT,
        family="information",
        content=EvidenceReceipt,
        may_send=OPERATIONAL,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_MANIFEST, _RESPONSE}),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        on_hold=True,
        rules=(
            "each exhibit stands once, with `seal_ok`, or with both hashes, `size_ok` and `opened_ok`",
            "`match` says what the hashes or the seal say; the same bytes have the same size; a fault needs `findings`",
            "accepted: no fault, no malware",
            "accepted-with-findings: a fault, a finding or malware, and at least one item that matches",
            "rejected needs `reason`",
            "`custody_event` is received, names who has the set, and its `prev_event_hash` is `manifest_sha256`",
            _ON_HOLD,
        ),
    ),
    KindSpec(
        kind=_INDEX,
        family="information",
        content=CaseIndex,
        may_send=_OWNERS,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_MATCH}),
        respond_within_s=NO_ANSWER,
        retention_days=2 * YEAR_DAYS,
        default_handling=_NAMELESS,
        rules=(
            "`handling` is amber+strict or red, and onward none; there are no `case_refs` and no `attachments`",
            "register and update have tokens, each once; withdraw has none, and a `reason`",
            "`owner` is the sender or `on_behalf_of`, where the content says its sender",
            "the period does not end before it starts",
        ),
    ),
    KindSpec(
        kind=_MATCH,
        family="information",
        content=CaseMatch,
        may_send=_OWNERS | COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_MATCH, _REQUEST, _PROPOSAL}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=3 * DAY_S, routine_s=3 * DAY_S),
        retention_days=YEAR_DAYS,
        default_handling=_NAMELESS,
        rules=(
            "`handling` is amber+strict or red, and onward none or unit; there are no `case_refs` and no `attachments`",
            "hit needs `overlap`, each type once, and `score`; no-hit has neither",
            "every phase but hit and no-hit has `hit_ref`",
            "`contact` and `meeting` stand in reveal-offer and reveal alone; reveal needs `contact`",
            "decline and false-positive need `reason`",
            "each owner gets a hit of its own: `case_token` never names the other's case",
        ),
    ),
    KindSpec(
        kind=_CONSENT,
        family="information",
        content=SharingConsent,
        may_send=OPERATIONAL,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_CONSENT}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=15 * DAY_S, routine_s=15 * DAY_S),
        retention_days=10 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        rules=(
            "grant, refuse and revoke name `decided_by`; ask has neither that nor `ask_ref`",
            "grant needs `conditions` and `valid_until`, no day before that of the content's `created`",
            "only a grant has `agreed_by`",
            "refuse needs `ask_ref` and `reason`; revoke needs `earlier_refs` and `reason`",
            "each type of `wanted` stands once; onward names addresses; evidential use is not none",
            "silence means no",
        ),
    ),
)
