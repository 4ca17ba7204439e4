"""Vector cases of content that follows its schema and contradicts itself."""

from __future__ import annotations

from typing import Final

from tests.vectors.content_case import BODIES, INCIDENT, PERSON, REPORT, REQUEST, Json, body, marked, rule, text, whole

__all__ = ["RULES"]

ATTACHMENT: Final[Json] = {
    "attachment_id": "a-1",
    "sha256": "ab" * 32,
    "size_bytes": 1,
    "media_type": "application/pdf",
    "filename": "e.pdf",
    "role": "form",
}
PLACED: Final[Json] = {"type": "AT.b", "description": "x"}
WARRANT: Final[Json] = {"authority": "Court", "court_type": "national", "reference": "W1", "issued_on": "2098-04-01"}
POINT: Final[Json] = {"type": "Point", "coordinates": [12.5, 41.25]}
RULES: Final = [
    rule("h3-without-caveats", "H3 refers to caveats.", "/handling/caveats", marked(restrictions=["H3"])),
    rule("caveats-without-h3", "Caveats need H3.", "/handling/caveats", marked(caveats=["Not for the press."])),
    rule(
        "h1-in-court",
        "Not in court, and without restriction.",
        "/handling/evidential_use",
        marked(restrictions=["H1"], evidential_use="unrestricted"),
    ),
    rule("h2-group", "Not onward, and onward to the group.", "/handling/onward", marked(restrictions=["H2"], onward="group")),
    rule("red-without-officers", "Red names who may read it.", "/handling/officers", marked(tlp="red")),
    rule(
        "red-onward",
        "Red goes nowhere else.",
        "/handling/onward",
        marked(tlp="red", onward="unit", officers=["NCB-QN/officer-07"]),
    ),
    rule("officers-nobody", "Nobody may read it.", "/handling/officers", marked(officers=[])),
    rule("public-extract", "An extract of what is amber.", "/handling/public_extract", marked(public_extract=True)),
    rule(
        "witness-named",
        "A witness with a name, in content that does not protect.",
        "/body/persons/0/names",
        body(persons=[{**PERSON, "names": [{"full": "Ada Example"}]}]),
    ),
    rule(
        "witness-photo",
        "A witness with a photograph.",
        "/body/persons/0/photo",
        text({**whole(attachments=[ATTACHMENT]), "body": {**BODIES[REQUEST], "persons": [{**PERSON, "photo": "a-1"}]}}),
    ),
    rule(
        "person-nameless",
        "Neither names nor pseudonym.",
        "/body/persons/0/names",
        body(persons=[{"ref": "p-1", "status": ["suspect"]}]),
    ),
    rule("person-twice", "A local id twice.", "/body/persons/1/ref", body(persons=[PERSON, PERSON])),
    rule(
        "reference-to-nobody",
        "A measure about a person who is not there.",
        "/body/measures/0/persons/0",
        body(measures=[{**PLACED, "persons": ["p-2"]}], persons=[PERSON]),
    ),
    rule(
        "reference-to-an-incident",
        "The id is that of an incident.",
        "/body/measures/0/persons/0",
        body(measures=[{**PLACED, "persons": ["i-1"]}], incidents=[INCIDENT]),
    ),
    rule(
        "personal-data-denied",
        "Persons in the body, and `present` false.",
        "/personal_data/present",
        text({**whole(personal_data={"present": False}), "body": {**BODIES[REQUEST], "persons": [PERSON]}}),
    ),
    rule(
        "special-without-reason",
        "Special categories without justification.",
        "/personal_data/justification",
        text(whole(personal_data={"present": True, "special_categories": ["health"]})),
    ),
    rule(
        "retention",
        "Deleted before the review.",
        "/retention/delete_after",
        text(whole(retention={"review_on": "2100-01-02", "delete_after": "2100-01-01"})),
    ),
    rule(
        "geometry-without-precision",
        "A point of unknown precision.",
        "/body/measures/0/place/precision_m",
        body(measures=[{**PLACED, "place": {"name": "X", "geometry": POINT}}]),
    ),
    rule(
        "protected-place",
        "A protected place to 999 m.",
        "/body/measures/0/place/precision_m",
        body(measures=[{**PLACED, "place": {"name": "X", "geometry": POINT, "precision_m": 999, "sensitivity": "protected"}}]),
    ),
    rule(
        "conflict",
        "A crime of international conflicts in another one.",
        "/body/incidents/0/crimes/0",
        body(incidents=[{**INCIDENT, "conflict_type": "niac"}]),
    ),
    rule(
        "incitement",
        "Incitement without genocide.",
        "/body/incidents/0/modes_of_liability/0",
        body(incidents=[{**INCIDENT, "modes_of_liability": ["25.3.e"]}]),
    ),
    rule(
        "period",
        "The end is a year before the start.",
        "/body/incidents/0/end",
        body(incidents=[{**INCIDENT, "start": {"value": "2098-03-03"}, "end": {"value": "2097"}}]),
    ),
    rule(
        "victims",
        "At least two, at most one.",
        "/body/incidents/0/victims_max",
        body(incidents=[{**INCIDENT, "victims_min": 2, "victims_max": 1}]),
    ),
    rule(
        "penalty",
        "30 years and life.",
        "/body/warrants/0/life",
        body(warrants=[{**WARRANT, "life": True, "max_penalty_years": 30}]),
    ),
    rule(
        "sentence",
        "More remains than was imposed.",
        "/body/warrants/0/remaining_months",
        body(warrants=[{**WARRANT, "sentence_months": 5, "remaining_months": 6}]),
    ),
    rule(
        "sentence-unknown",
        "Something remains of what is not said.",
        "/body/warrants/0/remaining_months",
        body(warrants=[{**WARRANT, "remaining_months": 6}]),
    ),
    rule(
        "file-name",
        "Not in Unicode form NFC.",
        "/attachments/0/filename",
        text(whole(attachments=[{**ATTACHMENT, "filename": "e\u0301.pdf"}])),
    ),
    rule(
        "translation",
        "Of an attachment that is not there.",
        "/translations/0/attachment",
        text(whole(translations=[{"language": "fr", "attachment": "a-1"}])),
    ),
    rule(
        "arrest",
        "Arrest without a warrant.",
        "/body/warrants",
        body(measures=[{**PLACED, "type": "AT.m", "persons": ["p-1"]}], persons=[PERSON]),
    ),
    rule("secrecy", "Secret without reason.", "/body/confidentiality/reason", body(confidentiality={"needed": True})),
    rule("report", "A report without restriction.", "/handling/restrictions", text(whole(REPORT)), REPORT),
]
