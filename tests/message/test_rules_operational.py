"""Rules of reviews, publications, diffusions, changes, sightings and requests for support: each is broken once."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest

from gateway.message import encode, read
from tests.message.full import FULL, MORE
from tests.message.test_rules import Json, at, changed, refusal, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

REVIEW, PUBLICATION, DIFFUSION, LIFECYCLE, LOCATED, SUPPORT = (
    "notice.review",
    "notice.publication",
    "diffusion.circulate",
    "notice.lifecycle",
    "subject.located",
    "support.request",
)
FAILED = {"code": "art3", "result": "fail", "reason": "Political."}
PASSED = {"code": "art3", "result": "pass"}
WINDOW = {"member": "QX", "window_ends": "2099-06-01"}


def body(**members: object) -> Callable[[Json], None]:
    """Return a change of several members of the body; None drops one if it is there."""

    def change(content: Json) -> None:
        for name, value in members.items():
            content["body"].pop(name, None)
            if value is not None:
                content["body"][name] = copy.deepcopy(value)

    return change


CLARIFY = body(step="legal", outcome="clarify", changes=None, objection=None, questions=["Which court?"], tests=[PASSED])
OPEN = body(step="objection", outcome="objection-opened", changes=None, objection=WINDOW, tests=[PASSED])
SUSPEND = body(action="suspend", reason="ccf-decision", patch=None)
EXTEND = body(action="extend", explanation="Still sought.", new_expiry="2104-05-01", patch=None)
EXPIRE = body(action="expire", reason="expired", patch=None)
SEEN = body(action_taken="discreet", custody_deadline=None, approved_by=None)
BROKEN: dict[str, tuple[str, list[Callable[[Json], None]], str]] = {
    "a reviewer twice": (REVIEW, [at("/body/reviewers/1/officer", "officer-02")], "/body/reviewers/1/officer"),
    "a reviewer of the requester's country": (REVIEW, [at("/body/reviewers/1/country", "QM")], "/body/reviewers/1/country"),
    "no lawyer": (REVIEW, [at("/body/reviewers/0/function", "operational")], "/body/reviewers"),
    "a test twice": (REVIEW, [at("/body/tests/1/code", "art2")], "/body/tests/1/code"),
    "a failure without reason": (REVIEW, [at("/body/tests/8/reason", None)], "/body/tests/8/reason"),
    "a test left out without reason": (
        REVIEW,
        [at("/body/tests/7", {"code": "duplicate", "result": "n/a"})],
        "/body/tests/7/reason",
    ),
    "a test left out that is always asked": (REVIEW, [at("/body/tests/1/result", "n/a")], "/body/tests/1/result"),
    "a final step with a test missing": (
        REVIEW,
        [at("/body/tests/8", None), body(outcome="approved", changes=None)],
        "/body/tests",
    ),
    "approved though a test failed": (REVIEW, [body(outcome="approved", changes=None)], "/body/outcome"),
    "changed though no change mends it": (REVIEW, [at("/body/tests/1/result", "fail")], "/body/outcome"),
    "refused though every test passed": (REVIEW, [CLARIFY, body(outcome="refused", questions=None)], "/body/outcome"),
    "nothing to clarify": (REVIEW, [CLARIFY, body(questions=None)], "/body/questions"),
    "questions with a decision": (REVIEW, [body(questions=["Which court?"])], "/body/questions"),
    "changed, but what": (REVIEW, [body(changes=None)], "/body/changes"),
    "changes of what was refused": (REVIEW, [CLARIFY, body(changes=["No extract."])], "/body/changes"),
    "an objection opened at the wrong step": (REVIEW, [OPEN, body(step="legal")], "/body/outcome"),
    "a step of objections without member": (REVIEW, [OPEN, body(objection=None)], "/body/objection"),
    "a window against an international court": (REVIEW, [OPEN, body(requester_country=None)], "/body/objection"),
    "a requester that objects to itself": (REVIEW, [OPEN, at("/body/objection/member", "QM")], "/body/objection/member"),
    "a reply before the window is open": (REVIEW, [OPEN, at("/body/objection/reply", "silent")], "/body/objection/reply"),
    "approved while the window is open": (
        REVIEW,
        [OPEN, body(outcome="approved")],
        "/body/objection/reply",
    ),
    "approved against an objection": (REVIEW, [at("/body/objection/supported_by", None)], "/body/objection/supported_by"),
    "reasons for many": (REVIEW, [at("/handling/tlp", "amber"), at("/body/explanation", "No name.")], "/handling/tlp"),
    "reasons to be passed on": (REVIEW, [at("/handling/onward", "consent")], "/handling/onward"),
    "reasons to two recipients": (
        REVIEW,
        [at("/disclosed_recipients", ["NCB-QM@icn", "NCB-QP@icn"])],
        "/disclosed_recipients",
    ),
    "published without verification": (
        PUBLICATION,
        [at("/handling/verify_before_action", value=False)],
        "/handling/verify_before_action",
    ),
    "published for everybody": (PUBLICATION, [at("/handling/tlp", "green")], "/handling/tlp"),
    "over before it is issued": (PUBLICATION, [at("/body/expires_on", "2099-05-02")], "/body/expires_on"),
    "valid for too long": (PUBLICATION, [at("/body/expires_on", "2104-05-03")], "/body/expires_on"),
    "published twice in a language": (PUBLICATION, [at("/body/languages", ["en", "en"])], "/body/languages/1"),
    "a request without what it said": (PUBLICATION, [at("/body/snapshot_sha256", None)], "/body/snapshot_sha256"),
    "a public photograph of nothing": (
        PUBLICATION,
        [at("/body/public_extract/photo", "a-9")],
        "/body/public_extract/photo",
    ),
    "a witness for the public": (
        PUBLICATION,
        [at("/body/notice/subject/status", ["wanted", "witness"])],
        "/body/public_extract",
    ),
    "a diffusion that is not reviewed": (
        DIFFUSION,
        [at("/body/subject_to_review", value=False)],
        "/body/subject_to_review",
    ),
    "a diffusion that cannot be recalled": (DIFFUSION, [at("/disclosed_recipients", None)], "/disclosed_recipients"),
    "a recipient twice": (DIFFUSION, [at("/disclosed_recipients", ["GS@icn", "GS@icn"])], "/disclosed_recipients/1"),
    "a country twice": (DIFFUSION, [at("/body/region", ["QN", "QN"])], "/body/region/1"),
    "a diffusion for everybody": (DIFFUSION, [at("/handling/tlp", "green")], "/handling/tlp"),
    "a contact that ends early": (
        DIFFUSION,
        [at("/body/contact/valid_until", "2098-01-01")],
        "/body/contact/valid_until",
    ),
    "suspended without reason": (LIFECYCLE, [SUSPEND, body(reason=None)], "/body/reason"),
    "cancelled without reason": (LIFECYCLE, [SUSPEND, body(action="cancel", reason=None)], "/body/reason"),
    "an update because of an arrest": (LIFECYCLE, [body(reason="arrested")], "/body/reason"),
    "cancelled because it expired": (LIFECYCLE, [EXPIRE, body(action="cancel")], "/body/reason"),
    "expired because of an arrest": (LIFECYCLE, [EXPIRE, body(reason="arrested")], "/body/reason"),
    "extended without reason": (LIFECYCLE, [EXTEND, body(explanation=None)], "/body/explanation"),
    "reinstated without reason": (LIFECYCLE, [body(action="reinstate", patch=None)], "/body/explanation"),
    "extended until when": (LIFECYCLE, [EXTEND, body(new_expiry=None)], "/body/new_expiry"),
    "a new end of a suspended notice": (LIFECYCLE, [SUSPEND, body(new_expiry="2104-05-01")], "/body/new_expiry"),
    "extended into the past": (LIFECYCLE, [EXTEND, body(new_expiry="2099-04-30")], "/body/new_expiry"),
    "extended for too long": (LIFECYCLE, [EXTEND, body(new_expiry="2104-05-02")], "/body/new_expiry"),
    "updated with nothing": (LIFECYCLE, [body(patch=None)], "/body/patch"),
    "a notice changed by its extension": (
        LIFECYCLE,
        [body(action="extend", explanation="Still sought.", new_expiry="2104-05-01")],
        "/body/patch",
    ),
    "a basis twice": (LOCATED, [at("/body/basis", ["dna", "dna"])], "/body/basis/1"),
    "a name as proof": (LOCATED, [at("/body/basis", ["name", "other"])], "/body/match_strength"),
    "seen to the metre": (LOCATED, [at("/body/place/precision_m", 5)], "/body/place/precision_m"),
    "a contact that is over": (LOCATED, [at("/body/contact/valid_until", "2098-01-01")], "/body/contact/valid_until"),
    "a person without name": (
        LOCATED,
        [at("/body/person/names", None), at("/body/person/pseudonym", None)],
        "/body/person/names",
    ),
    "custody of nobody": (LOCATED, [SEEN, body(custody_deadline="2099-05-03T07:00:00Z")], "/body/custody_deadline"),
    "custody without supervisor": (LOCATED, [body(approved_by=None)], "/body/approved_by"),
    "arrested on a guess": (LOCATED, [body(match_strength="probable")], "/body/match_strength"),
    "arrested until when": (LOCATED, [body(custody_deadline=None)], "/body/custody_deadline"),
    "custody that ended before it began": (
        LOCATED,
        [body(custody_deadline="2099-05-01T06:00:00Z")],
        "/body/custody_deadline",
    ),
    "a sighting for many": (LOCATED, [at("/handling/tlp", "amber+strict")], "/handling/tlp"),
    "an arrest that can wait": (LOCATED, [at("/urgency", "normal")], "/urgency"),
    "a detention of unsaid urgency": (LOCATED, [body(action_taken="detained"), at("/urgency", None)], "/urgency"),
    "a service twice": (SUPPORT, [at("/body/services", ["AT.n", "AT.n"])], "/body/services/1"),
    "a period the wrong way round": (SUPPORT, [at("/body/period/end", "2099-05-31")], "/body/period/end"),
    "an authority that cannot be reached": (
        SUPPORT,
        [at("/body/authority_to_operate/contact/valid_until", "2098-01-01")],
        "/body/authority_to_operate/contact/valid_until",
    ),
    "work at a place to the metre": (SUPPORT, [at("/body/place/precision_m", 5)], "/body/place/precision_m"),
    "a check of a person twice": (SUPPORT, [repeated("/body/persons")], "/body/persons/1/ref"),
    "an incident twice": (SUPPORT, [repeated("/body/incidents")], "/body/incidents/1/ref"),
    "a deployment to nowhere": (SUPPORT, [body(host=None)], "/body/host"),
    "a deployment without consent": (SUPPORT, [body(host_consent=False)], "/body/host_consent"),
    "forensic help of unsaid consent": (SUPPORT, [body(services=["AT.g"], host_consent=None)], "/body/host_consent"),
    "experts who know no danger": (SUPPORT, [body(security_brief=None)], "/body/security_brief"),
    "support for everybody": (SUPPORT, [at("/handling/tlp", "green")], "/handling/tlp"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_contradictions_are_refused(name: str) -> None:
    """What follows the schema and still makes no sense is refused as content-rule."""
    kind, changes, pointer = BROKEN[name]
    assert refusal(kind, changed(kind, *changes)) == ("content-rule", pointer)


GOOD: dict[str, tuple[str, list[Callable[[Json], None]]]] = {
    "a question": (REVIEW, [CLARIFY]),
    "a window that opens": (REVIEW, [OPEN]),
    "a refusal": (REVIEW, [at("/body/tests/1", FAILED), body(outcome="refused", changes=None)]),
    "a member that does not object": (REVIEW, [body(objection={**WINDOW, "reply": "does-not-object"})]),
    "a request of a court": (REVIEW, [body(requester_country=None, objection=None)]),
    "a notice of the centre's own": (PUBLICATION, [body(request_ref=None, snapshot_sha256=None)]),
    "a suspension": (LIFECYCLE, [SUSPEND]),
    "an extension": (LIFECYCLE, [EXTEND]),
    "an end": (LIFECYCLE, [EXPIRE]),
    "a sighting that can wait": (LOCATED, [SEEN, at("/urgency", None), body(match_strength="possible", basis=["name"])]),
    "a detention on a probable match": (
        LOCATED,
        [body(action_taken="detained", match_strength="probable", custody_deadline=None)],
    ),
    "a check of databases": (SUPPORT, [body(services=["AT.n"], host=None, host_consent=None, security_brief=None)]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_makes_sense_is_taken(name: str) -> None:
    """The rules leave room for every step that practice knows."""
    kind, changes = GOOD[name]
    data = changed(kind, *changes)
    assert read(kind, "1.0.0", data).raw == data


def test_a_notice_of_the_security_council_may_be_clear() -> None:
    """What the world is to know is marked so; its extract for the public may not be missing."""
    listed = next(one for one in MORE[PUBLICATION] if b'"un-special"' in encode(one))
    content = json.loads(encode(listed))
    content["handling"] = {"tlp": "clear", "confidentiality": "official-use-only"}
    assert read(PUBLICATION, "1.0.0", json.dumps(content).encode()).handling.tlp == "clear"
    del content["body"]["public_extract"]
    assert refusal(PUBLICATION, json.dumps(content).encode()) == ("content-rule", "/body/public_extract")


@pytest.mark.parametrize("kind", [REVIEW, LIFECYCLE, LOCATED])
def test_answers_name_what_they_answer(kind: str) -> None:
    """A review, a change and a sighting belong to one message, which the header names too."""
    pointer, hash_ = FULL[kind].body.answers or ("", "")
    assert pointer in {"/body/request_ref", "/body/notice_ref"}
    assert len(hash_) == 64


@pytest.mark.parametrize("kind", ["notice.request", PUBLICATION, DIFFUSION, LIFECYCLE, LOCATED, SUPPORT])
def test_personal_data_cannot_be_denied(kind: str) -> None:
    """Content that describes persons, or says where one is, holds personal data."""
    data = changed(kind, at("/personal_data", {"present": False}))
    assert refusal(kind, data) == ("content-rule", "/personal_data/present")
