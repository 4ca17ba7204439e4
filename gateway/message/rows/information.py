"""Rows of the information and coordination centre: requests, answers, reports, evidence, cases, consent."""

from __future__ import annotations

from typing import Final

from gateway.message.handling import Handling
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.information.information_report import InformationReport
from gateway.message.information.request_response import RequestResponse
from gateway.message.kind_spec import ASKING, DAY_S, HOUR_S, NO_ANSWER, OPERATIONAL, YEAR_DAYS, KindSpec, answer_within

__all__ = ["ROWS"]

_REQUEST: Final = CooperationRequest.kind
_RESPONSE: Final = RequestResponse.kind
_REPORT: Final = InformationReport.kind
_BETWEEN_UNITS: Final = Handling(tlp="amber+strict", confidentiality="restricted", onward="unit")

ROWS: Final = (
    KindSpec(
        kind=_REQUEST,
        family="information",
        content=CooperationRequest,
        may_send=ASKING,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_RESPONSE, _REPORT}),
        respond_within_s=answer_within(flash_s=8 * HOUR_S, urgent_s=3 * DAY_S, normal_s=30 * DAY_S, routine_s=60 * DAY_S),
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        added={"1.1.0": ("/derived_from",)},
        same_by=(
            "/case_refs/*/scheme",
            "/case_refs/*/id",
            "/body/instrument",
            "/body/requesting_authority/country",
            "/body/requesting_authority/reference",
            "/body/facts",
            "/body/persons",
            "/body/measures/*/type",
            "/body/measures/*/description",
            "/body/measures/*/persons",
            "/body/measures/*/place",
            # What replaces or supplements an earlier request is another one, however much of its text it repeats.
            "/body/relation_to_earlier/*/relation",
        ),
        rules=(
            "`eio` from an authority that is no court, judge, prosecutor or tribunal needs `validating_authority`",
            "a measure of type AT.m needs at least one of `warrants`, and names at least one of `persons`",
            "`confidentiality` has a `reason` where `needed` is true",
            "each of `relation_to_earlier` has `message` or `reference`",
        ),
    ),
    KindSpec(
        kind=_RESPONSE,
        family="information",
        content=RequestResponse,
        may_send=OPERATIONAL,
        gateway_may_seal=True,
        needs_approval=False,
        replies=frozenset({_REQUEST}),
        respond_within_s=NO_ANSWER,
        retention_days=5 * YEAR_DAYS,
        default_handling=_BETWEEN_UNITS,
        added={"1.1.0": ("/derived_from",)},
        rules=(
            "refused and postponed need `reason_code` and `consulted`",
            "clarify needs `questions`",
            "partly-accepted and partly-executed need `per_measure`, where each index stands once and a refusal has its ground",
        ),
    ),
    KindSpec(
        kind=_REPORT,
        family="information",
        content=InformationReport,
        may_send=OPERATIONAL,
        gateway_may_seal=False,
        needs_approval=False,
        replies=frozenset({_REQUEST, _REPORT}),
        respond_within_s=NO_ANSWER,
        retention_days=3 * YEAR_DAYS,
        default_handling=Handling(
            tlp="amber+strict",
            confidentiality="restricted",
            restrictions=frozenset({"H1", "H2"}),
            evidential_use="lead-only",
        ),
        added={"1.1.0": ("/derived_from", "/body/entities", "/body/items/*/entities")},
        rules=(
            "`handling.restrictions` is not empty",
            "each item has its own evaluation; 4x4 and Admiralty are never converted on the wire",
        ),
    ),
)
