"""Notices and what belongs to them, sightings and requests for support, with every member set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.message import Author, CaseReference, PartialDate, Place
from gateway.message.operational.diffusion_circulate import DiffusionCirculate, DiffusionCirculateBody
from gateway.message.operational.notice_lifecycle import NoticeLifecycle, NoticeLifecycleBody, Patch
from gateway.message.operational.notice_publication import NoticePublication, NoticePublicationBody, PublicExtract
from gateway.message.operational.notice_request import NoticeRequest, NoticeRequestBody
from gateway.message.operational.notice_review import Finding, NoticeReview, NoticeReviewBody, Objection, Reviewer
from gateway.message.operational.notices import Notice
from gateway.message.operational.subject_located import SubjectLocated, SubjectLocatedBody
from gateway.message.operational.support_request import SupportRequest, SupportRequestBody
from gateway.message.operational.things_sought import SilverNotice
from gateway.message.shared.money import Money
from gateway.message.shared.period import Period
from tests.message.full_notices import COLOURS, DIFFUSED
from tests.message.full_parts import ATTACHMENT, AUTHORITY, CONTACT, HASH, INCIDENT, PERSON, PLACES, WHEN, frame

if TYPE_CHECKING:
    from gateway.message import Content

__all__ = ["FULL", "MORE"]

FRAME = frame()
# Notices of the other colours need no second full frame: what it says is broken once already.
SHORT = {
    "handling": FRAME["handling"],
    "purpose": ["RPD10-a"],
    "case_refs": [CaseReference(scheme="X", id="1")],
    "attachments": [ATTACHMENT],
    "disclosed_recipients": ["GN-QN@icn", "GS@icn"],
}
CODES = ("art2", "art3", "minimum-data", "seriousness", "penalty", "refugee", "core-crimes-2010", "duplicate", "public-extract")


def request(notice: Notice, around: dict[str, object]) -> NoticeRequest:
    """Ask for a notice; all but silver ones may be shown to the public."""
    body = NoticeRequestBody(
        notice=notice,
        public_extract_requested=not isinstance(notice, SilverNotice),
        visible_while_processed=True,
        languages=["ar", "en", "fr", "es"],
        contact=CONTACT,
    )
    return NoticeRequest(body=body, **around)  # type: ignore[arg-type]


def publication(notice: Notice, around: dict[str, object]) -> NoticePublication:
    """Publish a notice, with an extract where there may be one."""
    extract = PublicExtract(
        heading="Subject",
        text="Wanted.",
        birth=PartialDate(value="2061", qualifier="claimed"),
        nationalities=["QX"],
        charges=["War crimes."],
        photo="a-1",
    )
    body = NoticePublicationBody(
        notice_id="2099/17",
        notice=notice,
        owner="NCB-QM",
        issued_on="2099-05-02",
        languages=["en", "fr"],
        expires_on="2104-05-02",
        status="valid",
        request_ref=HASH,
        snapshot_sha256=HASH,
        public_extract=None if isinstance(notice, SilverNotice) else extract,
    )
    handling = msgspec.structs.replace(FRAME["handling"], verify_before_action=True)  # type: ignore[type-var]
    return NoticePublication(body=body, **{**around, "handling": handling})  # type: ignore[arg-type]


def lifecycle(notice: Notice, around: dict[str, object]) -> NoticeLifecycle:
    """Update a notice."""
    patch = Patch(changed=["/facts", "/subject/names/0/full"], notice=notice)
    body = NoticeLifecycleBody(notice_ref=HASH, action="update", effective_at=WHEN, notice_id="2099/17", patch=patch)
    return NoticeLifecycle(body=body, **around)  # type: ignore[arg-type]


def ended(**changes: object) -> NoticeLifecycle:
    """Do something else with a notice."""
    return NoticeLifecycle(body=NoticeLifecycleBody(notice_ref=HASH, effective_at=WHEN, **changes), **SHORT)  # type: ignore[arg-type]


def diffusion(notice: Notice, around: dict[str, object]) -> DiffusionCirculate:
    """Alert chosen participants."""
    body = DiffusionCirculateBody(
        notice=notice,  # type: ignore[arg-type]
        subject_to_review=True,
        region=["QN", "QP"],
        contact=CONTACT,
    )
    return DiffusionCirculate(body=body, **around)  # type: ignore[arg-type]


REVIEW = NoticeReviewBody(
    request_ref=HASH,
    step="final",
    outcome="approved-with-changes",
    tests=[Finding(code=code, result="pass", reason="Seen.") for code in CODES[:-1]]  # type: ignore[arg-type]
    + [Finding(code="public-extract", result="fail", reason="Names a child.")],
    reviewers=[
        Reviewer(officer="officer-02", function="legal", country="QP"),
        Reviewer(officer="officer-05", function="operational", country="QN"),
    ],
    requester_country="QM",
    changes=["Published without an extract."],
    objection=Objection(member="QX", window_ends="2099-06-01", reply="objects", supported_by="international-court"),
    explanation="In line.",
)
CLARIFY = msgspec.structs.replace(
    REVIEW, step="legal", outcome="clarify", changes=[], objection=None, questions=["Which court?"], tests=REVIEW.tests[:2]
)
LOCATED = SubjectLocatedBody(
    notice_ref=HASH,
    match_strength="confirmed",
    basis=["name", "document", "fingerprint", "dna", "face", "other"],
    place=PLACES[0],
    at="2099-05-01T07:00:00Z",
    action_taken="arrested",
    contact=CONTACT,
    notice_id="2099/17",
    person=PERSON,
    approved_by=Author(unit="Border police", officer="officer-44", role="supervisor"),
    next_steps="Hearing tomorrow.",
    custody_deadline="2099-05-03T07:00:00Z",
)
SUPPORT = SupportRequestBody(
    services=["AT.n", "AT.o", "AT.u", "AT.g"],
    scope="Examine the site and compare what is found.",
    period=Period(start="2099-06-01", end="2099-06-20"),
    authority_to_operate=AUTHORITY,
    host_consent=True,
    host="XA",
    place=PLACES[0],
    persons=[PERSON],
    incidents=[INCIDENT],
    experts=["forensic anthropologist"],
    budget=Money(amount="42000", currency="XTS"),
    languages=["fra"],
    security_brief="Mines beside the road.",
    approved_by=Author(unit="Unit", officer="officer-01", role="head"),
)
RED_MARK = msgspec.structs.replace(FRAME["handling"], tlp="red", onward="none")  # type: ignore[type-var]


def located(place: Place, around: dict[str, object]) -> SubjectLocated:
    """Report an arrest at a place."""
    body = msgspec.structs.replace(LOCATED, place=place)
    return SubjectLocated(body=body, **{**around, "urgency": "flash", "handling": RED_MARK})  # type: ignore[arg-type]


FULL: dict[str, Content] = {
    "notice.request": request(COLOURS[0], FRAME),
    "notice.review": NoticeReview(body=REVIEW, **FRAME),  # type: ignore[arg-type]
    "notice.publication": publication(COLOURS[0], FRAME),
    "diffusion.circulate": diffusion(COLOURS[0], {**FRAME, "disclosed_recipients": SHORT["disclosed_recipients"]}),
    "notice.lifecycle": lifecycle(COLOURS[0], FRAME),
    "subject.located": located(PLACES[0], FRAME),
    "support.request": SupportRequest(body=SUPPORT, **FRAME),  # type: ignore[arg-type]
}
MORE: dict[str, list[Content]] = {
    "notice.request": [request(notice, SHORT) for notice in COLOURS[1:]],
    "notice.review": [NoticeReview(body=CLARIFY, **{**SHORT, "disclosed_recipients": ["NCB-QM@icn"]})],  # type: ignore[arg-type]
    "notice.publication": [publication(notice, SHORT) for notice in COLOURS[1:]],
    "diffusion.circulate": [diffusion(notice, SHORT) for notice in DIFFUSED[1:]],
    "notice.lifecycle": [
        *(lifecycle(notice, SHORT) for notice in COLOURS[1:]),
        ended(action="extend", explanation="Still sought.", new_expiry="2104-05-01"),
        ended(action="cancel", reason="arrested"),
    ],
    "subject.located": [located(place, SHORT) for place in PLACES[1:]],
}
