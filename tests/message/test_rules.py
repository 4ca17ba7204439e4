"""Rules between fields: each contradiction is refused at the member to mend."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from gateway.message import encode, read
from gateway.message.shared.person import IDENTIFYING, PROTECTED_STATUS
from tests.message.full import FULL

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST, RESPONSE, REPORT = "cooperation.request", "request.response", "information.report"
Json = dict[str, Any]


def at(pointer: str, value: object) -> Callable[[Json], None]:
    """Return a change that sets one member, or drops it for None."""
    *path, last = [int(step) if step.isdigit() else step for step in pointer[1:].split("/")]

    def change(content: Json) -> None:
        place: Any = content
        for step in path:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


def repeated(pointer: str) -> Callable[[Json], None]:
    """Return a change that makes the first element of a list stand twice."""

    def change(content: Json) -> None:
        place: Any = content
        for step in pointer[1:].split("/"):
            place = place[step]
        place.append(copy.deepcopy(place[0]))

    return change


WARRANT: Json = {"authority": "Court", "court_type": "national", "reference": "W1", "issued_on": "2099-04-01"}
OFFENCE: Json = {"country": "QO", "statute": "Code", "provision": "7"}
BOTH: Json = {"life": True, "max_penalty_years": 30}
BROKEN: dict[str, tuple[str, list[Callable[[Json], None]], str]] = {
    "an attachment twice": (REQUEST, [repeated("/attachments")], "/attachments/1/attachment_id"),
    "a file name not in NFC": (REQUEST, [at("/attachments/0/filename", "e\u0301.pdf")], "/attachments/0/filename"),
    "a translation of nothing": (REQUEST, [at("/translations/0/attachment", "a-9")], "/translations/0/attachment"),
    "special categories without reason": (REQUEST, [at("/personal_data/justification", None)], "/personal_data/justification"),
    "personal data denied": (REQUEST, [at("/personal_data", {"present": False})], "/personal_data/present"),
    "deletion before review": (REQUEST, [at("/retention/delete_after", "2099-01-01")], "/retention/delete_after"),
    "a person twice": (REQUEST, [repeated("/body/persons")], "/body/persons/1/ref"),
    "a person without name": (
        REQUEST,
        [at("/body/persons/0/names", None), at("/body/persons/0/pseudonym", None)],
        "/body/persons/0/names",
    ),
    "a photo of nothing": (REQUEST, [at("/body/persons/0/photo", "a-9")], "/body/persons/0/photo"),
    "biometrics of nothing": (
        REQUEST,
        [at("/body/persons/0/biometrics/0/attachment", "a-9")],
        "/body/persons/0/biometrics/0/attachment",
    ),
    "a geometry without precision": (
        REQUEST,
        [at("/body/measures/0/place/precision_m", None)],
        "/body/measures/0/place/precision_m",
    ),
    "a protected place to the metre": (
        REQUEST,
        [at("/body/persons/0/birth_place/precision_m", 10)],
        "/body/persons/0/birth_place/precision_m",
    ),
    "an international crime in an internal conflict": (
        REQUEST,
        [at("/body/incidents/0/crimes", ["RS.6.a", "RS.8.2.b.i"])],
        "/body/incidents/0/crimes/1",
    ),
    "an internal crime in an international conflict": (
        REQUEST,
        [at("/body/incidents/0/conflict_type", "iac")],
        "/body/incidents/0/crimes/1",
    ),
    "a war crime without a conflict": (
        REQUEST,
        [at("/body/incidents/0/conflict_type", "none")],
        "/body/incidents/0/crimes/1",
    ),
    "incitement without genocide": (
        REQUEST,
        [at("/body/incidents/0/crimes", ["RS.7.1.a"])],
        "/body/incidents/0/modes_of_liability/0",
    ),
    "an end before the start": (REQUEST, [at("/body/incidents/0/end/value", "2097")], "/body/incidents/0/end"),
    "fewer victims at most than at least": (REQUEST, [at("/body/incidents/0/victims_max", 0)], "/body/incidents/0/victims_max"),
    "an incident twice": (REQUEST, [repeated("/body/incidents")], "/body/incidents/1/ref"),
    "years and life": (REQUEST, [at("/body/provisions/0", {**OFFENCE, **BOTH})], "/body/provisions/0/life"),
    "a warrant of years and life": (REQUEST, [at("/body/warrants/0", {**WARRANT, **BOTH})], "/body/warrants/0/life"),
    "more left than imposed": (REQUEST, [at("/body/warrants/0/remaining_months", 900)], "/body/warrants/0/remaining_months"),
    "a warrant that is not attached": (REQUEST, [at("/body/warrants/0/attachment", "a-9")], "/body/warrants/0/attachment"),
    "arrest without warrant": (REQUEST, [at("/body/warrants", None)], "/body/warrants"),
    "arrest of nobody": (REQUEST, [at("/body/measures/0/persons", None)], "/body/measures/0/persons"),
    "a measure about nobody known": (REQUEST, [at("/body/measures/0/persons", ["p-9"])], "/body/measures/0/persons/0"),
    "a police order without validation": (
        REQUEST,
        [at("/body/validating_authority", None), at("/body/requesting_authority/type", "police")],
        "/body/validating_authority",
    ),
    "a contact that ends before it begins": (
        REQUEST,
        [at("/body/requesting_authority/contact/valid_until", "2098-01-01")],
        "/body/requesting_authority/contact/valid_until",
    ),
    "an earlier request without name": (
        REQUEST,
        [at("/body/relation_to_earlier/0", {"relation": "repeats"})],
        "/body/relation_to_earlier/0/reference",
    ),
    "secrecy without reason": (REQUEST, [at("/body/confidentiality/reason", None)], "/body/confidentiality/reason"),
    "a refusal without ground": (RESPONSE, [at("/body/reason_code", None)], "/body/reason_code"),
    "a refusal that does not say whether it was discussed": (RESPONSE, [at("/body/consulted", None)], "/body/consulted"),
    "a question without words": (
        RESPONSE,
        [at("/body/state", "clarify"), at("/body/questions", None)],
        "/body/questions",
    ),
    "partly, but which part": (
        RESPONSE,
        [at("/body/state", "partly-executed"), at("/body/per_measure", None)],
        "/body/per_measure",
    ),
    "a measure answered twice": (RESPONSE, [repeated("/body/per_measure")], "/body/per_measure/1/index"),
    "a measure refused without ground": (
        RESPONSE,
        [at("/body/per_measure/0/reason_code", None)],
        "/body/per_measure/0/reason_code",
    ),
    "a report without restriction": (
        REPORT,
        [at("/handling/restrictions", None), at("/handling/caveats", None)],
        "/handling/restrictions",
    ),
    "an item about nobody known": (REPORT, [at("/body/items/1/persons", ["p-9"])], "/body/items/1/persons/0"),
    "an item about no known incident": (REPORT, [at("/body/items/0/incidents", ["i-9"])], "/body/items/0/incidents/0"),
    "an item with nothing attached": (REPORT, [at("/body/items/0/attachments", ["a-9"])], "/body/items/0/attachments/0"),
    "a graph of nothing": (REPORT, [at("/body/graph", "a-9")], "/body/graph"),
    "red without officers": (
        REPORT,
        [at("/handling/tlp", "red"), at("/handling/officers", None), at("/handling/onward", "none")],
        "/handling/officers",
    ),
}


def changed(kind: str, *changes: Callable[[Json], None]) -> bytes:
    """Return the full content of a kind with changes."""
    content = json.loads(encode(FULL[kind]))
    for change in changes:
        change(content)
    return json.dumps(content).encode()


def refusal(kind: str, data: bytes) -> tuple[str, str | None]:
    """Return the code and pointer with which content is refused."""
    with pytest.raises(Rejected) as refused:
        read(kind, "1.0.0", data)
    return refused.value.code, refused.value.pointer


@pytest.mark.parametrize("name", BROKEN)
def test_contradictions_are_refused(name: str) -> None:
    """What follows the schema and still makes no sense is refused as content-rule."""
    kind, changes, pointer = BROKEN[name]
    assert refusal(kind, changed(kind, *changes)) == ("content-rule", pointer)


@pytest.mark.parametrize("status", sorted(PROTECTED_STATUS))
@pytest.mark.parametrize("member", IDENTIFYING)
def test_victims_witnesses_and_sources_stay_unnamed(status: str, member: str) -> None:
    """Outside confidential content nothing that identifies a protected person may be written."""
    person = json.loads(encode(FULL[REPORT]))["body"]["persons"][0]
    protected = {"ref": "p-1", "status": ["suspect", status], "pseudonym": "W-1", "languages": ["fra"], "minor": True}
    lower = at("/handling/confidentiality", "restricted")
    hidden = changed(REPORT, lower, at("/body/persons/0", protected))
    assert read(REPORT, "1.0.0", hidden).raw == hidden
    named = changed(REPORT, lower, at("/body/persons/0", {**protected, member: person[member]}))
    assert refusal(REPORT, named) == ("content-rule", f"/body/persons/0/{member}")


@pytest.mark.parametrize(("tlp", "named"), [("amber", False), ("amber+strict", True), ("red", True)])
def test_protected_persons_are_named_under_strict_marking_alone(tlp: str, *, named: bool) -> None:
    """Confidential content of amber+strict or red may name a witness; amber may not."""
    data = changed(REPORT, at("/handling/tlp", tlp), at("/handling/onward", "none"), at("/body/persons/0/status", ["witness"]))
    if named:
        assert read(REPORT, "1.0.0", data).raw == data
    else:
        assert refusal(REPORT, data)[0] == "content-rule"
