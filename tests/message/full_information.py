"""Requests, answers and reports with every member set."""

from __future__ import annotations

from gateway.message import (
    Admiralty,
    CaseReference,
    Content,
    Entity,
    FourByFour,
    Identifier,
    Warrant,
)
from gateway.message.information.cooperation_request import (
    CooperationRequest,
    CooperationRequestBody,
    Deadline,
    EarlierRequest,
    Measure,
    Preservation,
    Secrecy,
    VideoLink,
)
from gateway.message.information.information_report import InformationReport, InformationReportBody, ReportItem
from gateway.message.information.request_response import MeasureState, RequestResponse, RequestResponseBody, Result
from tests.message.full_parts import AUTHORITY, HASH, INCIDENT, OFFENCE, PERSON, PLACES, WHEN, frame

__all__ = ["FULL"]

REQUEST_BODY = CooperationRequestBody(
    instrument="eio",
    requesting_authority=AUTHORITY,
    facts="What happened, as far as it is known.",
    purpose_use="Trial.",
    measures=[
        Measure(
            type="AT.m",
            description="Arrest.",
            persons=["p-1"],
            place=PLACES[0],
            formalities="None.",
            date_wanted="2099-06-01",
            presence_requested=True,
        )
    ],
    validating_authority=AUTHORITY,
    stage="trial",
    persons=[PERSON],
    incidents=[INCIDENT],
    provisions=[OFFENCE],
    warrants=[
        Warrant(
            authority="Court",
            court_type="national",
            reference="W1",
            issued_on="2099-04-01",
            offences=[OFFENCE],
            max_penalty_years=30,
            sentence_months=200,
            remaining_months=100,
            in_absentia=True,
            attachment="a-1",
        )
    ],
    confidentiality=Secrecy(needed=True, reason="Flight."),
    deadline=Deadline(by="2099-06-30", reason="Trial."),
    relation_to_earlier=[EarlierRequest(relation="confirms", message=HASH, reference="call")],
    assurances=["Speciality."],
    costs="Shared.",
    video_link=VideoLink(when=WHEN, duration_min=60, languages=["fra"], technical_contact="+999 1"),
    preservation=Preservation(until="2099-12-31", what="Site."),
    remarks="None.",
)
RESPONSE_BODY = RequestResponseBody(
    request_ref=HASH,
    state="refused",
    per_measure=[MeasureState(index=1, state="postponed", reason_code="incomplete", note="Later.")],
    reason_code="rs-93-4",
    consulted=True,
    conditions=["None."],
    questions=["Which?"],
    explanation="Because.",
    decided_by=AUTHORITY,
    expected_by="2099-07-01",
    results=[Result(message=HASH, note="First part.")],
    original_language_kept=False,
)
REPORT_BODY = InformationReportBody(
    trigger="reply",
    source_protection=True,
    items=[
        ReportItem(
            text="Seen.", evaluation=evaluation, persons=["p-1"], incidents=["i-1"], attachments=["a-1"], entities=["e-1"]
        )
        for evaluation in (
            FourByFour(source="X", information=4, evaluated_by="Desk", on="2099-05-01"),
            Admiralty(source="G", information=6, evaluated_by="Desk", on="2099-05-01"),
        )
    ],
    persons=[PERSON],
    incidents=[INCIDENT],
    entities=[
        Entity(
            ref="e-1",
            type="vehicle",
            name="Lorry",
            identifiers=[Identifier(scheme="plate", value="XA 1", authority="XA registry")],
            country="XA",
            description="Grey.",
        )
    ],
    use_conditions="Ask first.",
    links=[CaseReference(scheme="notice", id="2099/17", owner="NCB-QM")],
    graph="a-1",
)

FULL: dict[str, Content] = {
    "cooperation.request": CooperationRequest(body=REQUEST_BODY, **frame(schema_version="1.1.0")),  # type: ignore[arg-type]
    "request.response": RequestResponse(body=RESPONSE_BODY, **frame(schema_version="1.1.0")),  # type: ignore[arg-type]
    "information.report": InformationReport(body=REPORT_BODY, **frame(schema_version="1.1.0")),  # type: ignore[arg-type]
}
