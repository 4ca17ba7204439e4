"""Rows of operational support: notices and their life, diffusions, sightings, requests for support."""

from __future__ import annotations

from typing import Final

from gateway.message.handling import Handling
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.information.information_report import InformationReport
from gateway.message.information.request_response import RequestResponse
from gateway.message.kind_spec import (
    ASKING,
    COORDINATION,
    DAY_S,
    HOUR_S,
    NO_ANSWER,
    YEAR_DAYS,
    KindSpec,
    Role,
    answer_within,
)
from gateway.message.operational.diffusion_circulate import DiffusionCirculate
from gateway.message.operational.notice_lifecycle import NoticeLifecycle
from gateway.message.operational.notice_publication import NoticePublication
from gateway.message.operational.notice_request import NoticeRequest
from gateway.message.operational.notice_review import NoticeReview
from gateway.message.operational.subject_located import SubjectLocated
from gateway.message.operational.support_request import SupportRequest

__all__ = ["ROWS"]

_REQUEST: Final = NoticeRequest.kind
_REVIEW: Final = NoticeReview.kind
_PUBLICATION: Final = NoticePublication.kind
_DIFFUSION: Final = DiffusionCirculate.kind
_LIFECYCLE: Final = NoticeLifecycle.kind
_LOCATED: Final = SubjectLocated.kind
_SUPPORT: Final = SupportRequest.kind
_OWNERS: Final[frozenset[Role]] = frozenset({"ncb", "tribunal"})  # who may have a notice published or circulate a diffusion
_POLICE: Final = Handling(tlp="amber", confidentiality="restricted", onward="organisation")
_REQUESTER: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="unit")
_DECIDE_S: Final = 10 * DAY_S  # to answer the questions of a review

# The same for every kind that holds a notice.
_BY_COLOUR: Final = (
    "red: the subject is wanted, and convicted where a sentence is to be served; not deceased",
    "red without a photograph: family and given name, sex, birth, and a description, document, fingerprints or DNA",
    "red with a photograph: a name, mark, document, fingerprints or DNA",
    "red: each incident has `start` and `places`, each warrant an offence",
    "red for prosecution: a warrant, or an offence in one, has `life` true or `max_penalty_years` of 2 or more",
    "red for sentence: a warrant has `sentence_months` of 6 or more, or has none and `life` true",
    "red: either `extradition_from`, no country twice, or `extradition_from_all`",
    "red: `assurance_extradition` is true; `purpose` has RPD10-a",
    "red: with `refugee_check` protected, a warrant of an international or hybrid court",
    "red, blue, green, yellow: `refugee_check` of the subject is not none",
    "blue: `case_refs` is not empty, and nothing is asked twice",
    "green: `past_offences` or `assessment_basis`; the subject is not deceased",
    "yellow: the subject is missing or unidentified, and not wanted; not reported before last seen",
    "black: described by looks, marks or biometrics; `age_max` is not below `age_min`",
    "orange: a threat by a person names one; `valid_until` is not before `created`",
    "un-special, silver: a party is either a person or an entity; no measure twice; a travel ban is for persons",
    "no person has the local id of another in the notice",
)
# A notice is what it says of its subject: not a word of it may differ. Who answers for it, and for whom it is, may.
_SAME_NOTICE: Final = ("/case_refs/*/scheme", "/case_refs/*/id", "/body/notice")
_PUBLIC: Final = "a public extract: always for un-special, never for silver, never of a victim, witness or source"

ROWS: Final = (
    KindSpec(
        kind=_REQUEST,
        family="operational",
        content=NoticeRequest,
        may_send=_OWNERS,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=True,
        replies=frozenset({_REVIEW}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=DAY_S, normal_s=DAY_S, routine_s=DAY_S),
        retention_days=5 * YEAR_DAYS,
        default_handling=_POLICE,
        same_by=_SAME_NOTICE,
        rules=("amber or stricter, restricted or stricter; no language twice", _PUBLIC, *_BY_COLOUR),
    ),
    KindSpec(
        kind=_REVIEW,
        family="operational",
        content=NoticeReview,
        may_send=COORDINATION,
        gateway_may_seal=False,
        needs_approval=True,
        replies=frozenset({_REQUEST, _DIFFUSION, InformationReport.kind}),
        respond_within_s=answer_within(flash_s=DAY_S, urgent_s=_DECIDE_S, normal_s=_DECIDE_S, routine_s=_DECIDE_S),
        retention_days=10 * YEAR_DAYS,
        default_handling=_REQUESTER,
        rules=(
            "amber+strict or red, `onward` neither consent nor group, at most one of `disclosed_recipients`: the requester",
            "no reviewer twice or of the requester's country; a legal and an operational one",
            "no test twice; fail and n/a have a reason; art2, art3, minimum-data are never n/a; the final step has all nine",
            "approved: no test failed; approved-with-changes: none but public-extract; refused: at least one",
            "clarify and `questions` need each other, approved-with-changes and `changes` too",
            "the step objection has `objection`; objection-opened stands at that step alone, without `reply`",
            "an international requester (no `requester_country`) meets no objection; no requester objects to itself",
            "approved in spite of `reply` objects needs `supported_by`; with an objection nothing is approved before a reply",
        ),
    ),
    KindSpec(
        kind=_PUBLICATION,
        family="operational",
        content=NoticePublication,
        may_send=COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_LOCATED, _LIFECYCLE}),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_POLICE,
        recalled_by_desk=True,
        rules=(
            "`verify_before_action` is true; amber or stricter but for un-special",
            "`expires_on` is after `issued_on`, by five years at most; no language twice",
            "`request_ref` and `snapshot_sha256` need each other",
            _PUBLIC,
            *_BY_COLOUR,
        ),
    ),
    KindSpec(
        kind=_DIFFUSION,
        family="operational",
        content=DiffusionCirculate,
        may_send=_OWNERS,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=True,
        replies=frozenset({_LOCATED, _LIFECYCLE, _REVIEW}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=3 * DAY_S, routine_s=3 * DAY_S),
        retention_days=5 * YEAR_DAYS,
        default_handling=_POLICE,
        recalled_by_desk=True,
        same_by=_SAME_NOTICE,
        rules=(
            "`subject_to_review` is true",
            "`disclosed_recipients` lists everybody, nobody twice: a refused diffusion is recalled from each",
            "`region` has no country twice",
            "amber or stricter, restricted or stricter",
            *_BY_COLOUR,
        ),
    ),
    KindSpec(
        kind=_LIFECYCLE,
        family="operational",
        content=NoticeLifecycle,
        may_send=_OWNERS | COORDINATION,
        gateway_may_seal=False,
        needs_approval=True,
        replies=frozenset({_REVIEW}),
        respond_within_s=NO_ANSWER,
        retention_days=10 * YEAR_DAYS,
        default_handling=_POLICE,
        recalled_by_desk=True,
        opened_is_told=True,
        rules=(
            "suspend, cancel and expire have a `reason`, no other action has; expire and the reason expired need each other",
            "extend and reinstate have an `explanation`",
            "extend and `new_expiry` need each other: after `effective_at`, by five years at most",
            "update and `patch` need each other; the notice in it is whole",
            *_BY_COLOUR,
        ),
    ),
    KindSpec(
        kind=_LOCATED,
        family="operational",
        content=SubjectLocated,
        may_send=ASKING,
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_LIFECYCLE, CooperationRequest.kind, InformationReport.kind}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=8 * HOUR_S, normal_s=7 * DAY_S, routine_s=7 * DAY_S),
        retention_days=YEAR_DAYS,
        default_handling=Handling(tlp="red", confidentiality="restricted", officers=frozenset({"GS/duty"})),
        rules=(
            "red: for named officers of the owner and the coordination centre",
            "no basis twice; confirmed rests on more than a name or `other`",
            "detained and arrested have `approved_by`, and `urgency` is flash; arrested needs confirmed and `custody_deadline`",
            "`custody_deadline` stands with custody alone, and is not before `at`",
        ),
    ),
    KindSpec(
        kind=_SUPPORT,
        family="operational",
        content=SupportRequest,
        may_send=frozenset({"ncb", "unit", "tribunal"}),
        must_reach=COORDINATION,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({RequestResponse.kind}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=7 * DAY_S, routine_s=30 * DAY_S),
        retention_days=2 * YEAR_DAYS,
        default_handling=Handling(tlp="amber", confidentiality="restricted", onward="unit"),
        same_by=(
            "/case_refs/*/scheme",
            "/case_refs/*/id",
            "/body/services",
            "/body/scope",
            "/body/period",
            "/body/authority_to_operate/country",
            "/body/authority_to_operate/reference",
            "/body/host",
            "/body/place",
            "/body/persons",
        ),
        rules=(
            "amber or stricter; no service twice; the period is not reversed",
            "AT.u and AT.g have `host`, and `host_consent` is true; AT.u has `security_brief`",
        ),
    ),
)
