"""Courses: what follows the schema of a call, nomination or outcome and still makes no sense is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.message import read
from tests.message.test_rules import at, changed, refusal, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], None]

CALL, NOMINATION, OUTCOME = "training.announcement", "training.nomination", "training.outcome"
ENGLISH = {"language": "eng", "level": "B2"}
DECLINED = {
    "course_ref": "b1" * 32,
    "nomination_ref": "b2" * 32,
    "nominee_ref": "officer-1",
    "status": "declined",
    "at": "2099-07-30T09:00:00Z",
    "reason": "No seat.",
}
NOBODY_NEEDS = [at("/body/nominees/0/needs", None), at("/body/nominees/1/needs", None)]

BROKEN: dict[str, tuple[str, list[Change], str]] = {
    "a call that may not go around": (
        CALL,
        [at("/handling/tlp", "amber"), at("/handling/public_extract", None)],
        "/handling/tlp",
    ),
    "an end before the start": (CALL, [at("/body/dates/end", "2099-09-06")], "/body/dates/end"),
    "a course of more than a year": (CALL, [at("/body/dates/end", "2100-09-16")], "/body/dates/end"),
    "a course of 93 days": (CALL, [at("/body/dates/end", "2099-12-08")], "/body/dates/end"),
    "nominations on the first day": (CALL, [at("/body/nominations_close", "2099-09-07")], "/body/nominations_close"),
    "an answer after nominations close": (CALL, [at("/respond_by", "2099-07-25T00:00:00Z")], "/respond_by"),
    "a course that is nowhere": (CALL, [at("/body/place", None), at("/body/online", None)], "/body/place"),
    "a place without precision": (CALL, [at("/body/place/precision_m", None)], "/body/place/precision_m"),
    "a language twice": (CALL, [repeated("/body/languages")], "/body/languages/1"),
    "a topic twice": (CALL, [repeated("/body/topics")], "/body/topics/1"),
    "an agenda of nothing": (CALL, [at("/body/agenda", "a-9")], "/body/agenda"),
    "reading of nothing": (CALL, [at("/body/reading", ["a-1", "a-9"])], "/body/reading/1"),
    "a contact that ends before it begins": (
        CALL,
        [at("/body/contact/valid_until", "2098-01-01")],
        "/body/contact/valid_until",
    ),
    "evidence as reading": (CALL, [at("/attachments/0/role", "evidentiary")], "/attachments/0/role"),
    "a warrant as reading": (CALL, [at("/attachments/0/role", "warrant")], "/attachments/0/role"),
    "data of staff for the community": (NOMINATION, [at("/handling/tlp", "amber")], "/handling/tlp"),
    "a nominee twice": (NOMINATION, [at("/body/nominees/1/officer", "officer-12")], "/body/nominees/1/officer"),
    "a rank twice": (NOMINATION, [at("/body/nominees/1/rank", 2)], "/body/nominees/1/rank"),
    "a rank below the last": (NOMINATION, [at("/body/nominees/0/rank", 3)], "/body/nominees/0/rank"),
    "a language of a nominee twice": (
        NOMINATION,
        [at("/body/nominees/0/languages", [ENGLISH, ENGLISH])],
        "/body/nominees/0/languages/1/language",
    ),
    "a curriculum vitae of nothing": (NOMINATION, [at("/body/nominees/1/cv", "a-9")], "/body/nominees/1/cv"),
    "a head who nominates himself": (
        NOMINATION,
        [at("/body/approved_by/officer", "officer-11")],
        "/body/approved_by/officer",
    ),
    "nominees denied": (NOMINATION, [at("/personal_data", {"present": False}), *NOBODY_NEEDS], "/personal_data/present"),
    "needs without justification": (NOMINATION, [at("/personal_data/justification", None)], "/personal_data/justification"),
    "needs without category": (
        NOMINATION,
        [at("/personal_data/special_categories", None)],
        "/personal_data/special_categories",
    ),
    "needs without declaration": (NOMINATION, [at("/personal_data", None)], "/personal_data/special_categories"),
    "health without needs": (NOMINATION, NOBODY_NEEDS, "/personal_data/special_categories/0"),
    "ethnicity of a nominee": (
        NOMINATION,
        [at("/personal_data/special_categories", ["health", "ethnicity"])],
        "/personal_data/special_categories/1",
    ),
    "an outcome for the community": (OUTCOME, [at("/handling/tlp", "amber")], "/handling/tlp"),
    "an outcome beyond the unit": (OUTCOME, [at("/handling/onward", "organisation")], "/handling/onward"),
    "declined without reason": (
        OUTCOME,
        [at("/body/status", "declined"), at("/body/reason", None)],
        "/body/reason",
    ),
    "a certificate for sitting there": (OUTCOME, [at("/body/status", "attended")], "/body/certificate_sha256"),
    "a score before the course": (
        OUTCOME,
        [at("/body/status", "accepted"), at("/body/certificate_sha256", None)],
        "/body/score",
    ),
    "feedback for nobody": (
        OUTCOME,
        [at("/body/status", "no-show"), at("/body/certificate_sha256", None), at("/body/score", None)],
        "/body/feedback",
    ),
    "feedback without retention": (OUTCOME, [at("/retention", None)], "/retention/review_on"),
    "feedback without review": (OUTCOME, [at("/retention/review_on", None)], "/retention/review_on"),
    "feedback for longer than two years": (
        OUTCOME,
        [at("/retention", {"review_on": "2101-05-02"})],
        "/retention/review_on",
    ),
}
GOOD: dict[str, tuple[str, list[Change]]] = {
    "a course at a place": (CALL, [at("/body/online", None)]),
    "a course online": (CALL, [at("/body/place", None)]),
    "a course of 92 days": (CALL, [at("/body/dates/end", "2099-12-07")]),
    "a call for everybody": (CALL, [at("/handling/tlp", "clear")]),
    "nominations until the day before": (CALL, [at("/body/nominations_close", "2099-09-06")]),
    "an answer on the last day": (CALL, [at("/respond_by", "2099-07-24T23:59:59Z")]),
    "nothing asked of nominees": (CALL, [at("/body/prerequisites", [])]),
    "a nomination for named officers": (NOMINATION, [at("/handling/tlp", "red"), at("/handling/onward", "none")]),
    "a nomination without needs": (NOMINATION, [*NOBODY_NEEDS, at("/personal_data", None)]),
    "declined with a reason": (OUTCOME, [at("/body", DECLINED)]),
    "attended with a score": (OUTCOME, [at("/body/status", "attended"), at("/body/certificate_sha256", None)]),
    "feedback for two years": (OUTCOME, [at("/retention", {"review_on": "2101-05-01"})]),
    "no feedback, no review": (OUTCOME, [at("/body/feedback", None), at("/retention", None)]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_contradictions_about_courses_are_refused(name: str) -> None:
    """A call, nomination or outcome that contradicts itself is refused as content-rule, at the member to mend."""
    kind, changes, pointer = BROKEN[name]
    assert refusal(kind, changed(kind, *changes)) == ("content-rule", pointer)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_usual_about_courses_is_taken(name: str) -> None:
    """What an organiser or a nominator would write is taken as it is."""
    kind, changes = GOOD[name]
    data = changed(kind, *changes)
    assert read(kind, "1.0.0", data).raw == data


@pytest.mark.parametrize(("kind", "member"), [(NOMINATION, "course_ref"), (OUTCOME, "nomination_ref")])
def test_nominations_and_outcomes_are_answers(kind: str, member: str) -> None:
    """A nomination answers its call, an outcome its nomination: the header must name the same message."""
    assert read(kind, "1.0.0", changed(kind, at(f"/body/{member}", "5e" * 32))).body.answers == (f"/body/{member}", "5e" * 32)


@pytest.mark.parametrize(("seats", "taken"), [(0, False), (1, True), (500, True), (501, False)])
def test_no_course_has_more_than_500_seats(seats: int, *, taken: bool) -> None:
    """A course has between one and 500 seats."""
    data = changed(CALL, at("/body/seats", seats))
    if taken:
        assert read(CALL, "1.0.0", data).raw == data
    else:
        assert refusal(CALL, data) == ("content-schema", "/body/seats")
