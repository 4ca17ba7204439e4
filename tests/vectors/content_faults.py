"""Vector cases of content against its schema, of unknown kinds and versions, of extensions, and of another header."""

from __future__ import annotations

from typing import Final

from tests.vectors.content_case import (
    ANSWERED,
    AUTHORITY,
    EXT,
    FRAME,
    HEADER,
    RECALL,
    REPORT,
    RESPONSE,
    ContentCase,
    body,
    header,
    marked,
    schema,
    text,
    whole,
    without,
)

__all__ = ["EXTENSIONS", "HEADERS", "SCHEMA", "VERSIONS"]

SCHEMA: Final = [
    schema("no-object", "A list.", "", "[]"),
    schema("no-handling", "The marking is left out.", "/handling", without("handling")),
    schema("no-facts", "What happened is left out.", "/body/facts", without("body", "facts")),
    schema("purpose-empty", "No purpose.", "/purpose", text(whole(purpose=[]))),
    schema("purpose-unknown", "A code that the list does not have.", "/purpose/0", text(whole(purpose=["RPD10-z"]))),
    schema("tlp-unknown", "A level that the list does not have.", "/handling/tlp", marked(tlp="white")),
    schema("text-for-integer", "A number in quotes.", "/sequence", text(whole(sequence="1"))),
    schema("facts-short", "Nineteen characters.", "/body/facts", body(facts="x" * 19)),
    schema("line-long", "201 characters, of more bytes.", "/author/unit", text(whole(author={"unit": "é" * 201}))),
    schema("instant-offset", "An offset, though it is UTC.", "/created", text(whole(created="2099-01-01T00:00:00+00:00"))),
    schema("instant-small", "A small letter.", "/created", text(whole(created="2099-01-01t00:00:00Z"))),
    schema("instant-leap-second", "A leap second.", "/created", text(whole(created="2098-12-31T23:59:60Z"))),
    schema("instant-decimals", "Seven decimals.", "/created", text(whole(created="2099-01-01T00:00:00.0000000Z"))),
    schema(
        "day-that-is-not",
        "29 February of a year that has none.",
        "/body/deadline/by",
        body(deadline={"by": "2099-02-29", "reason": "x"}),
    ),
    schema(
        "line-feed",
        "A line feed behind a pattern.",
        "/body/requesting_authority/country",
        body(requesting_authority={**AUTHORITY, "country": "QM\n"}),
    ),
    schema(
        "id-upper-case", "A UUID in capitals.", "/message_id", text(whole(message_id="0197A2C0-0000-7000-8000-000000000001"))
    ),
    schema(
        "information-text",
        "A code of integers as text.",
        "/body/items/0/evaluation/information",
        body(REPORT, items=[{"text": "x", "evaluation": {"scheme": "4x4", "source": "B", "information": "2"}}]),
        REPORT,
    ),
    schema(
        "scheme-unknown",
        "No shape of an evaluation.",
        "/body/items/0/evaluation/scheme",
        body(REPORT, items=[{"text": "x", "evaluation": {"scheme": "5x5", "source": "B", "information": 2}}]),
        REPORT,
    ),
    schema(
        "other-shape",
        "A code of Admiralty in an evaluation 4x4.",
        "/body/items/0/evaluation/information",
        body(REPORT, items=[{"text": "x", "evaluation": {"scheme": "4x4", "source": "B", "information": 6}}]),
        REPORT,
    ),
    schema(
        "longitude",
        "East of everything.",
        "/body/measures/0/place/geometry/coordinates/0",
        body(
            measures=[
                {
                    "type": "AT.b",
                    "description": "x",
                    "place": {"name": "X", "precision_m": 5, "geometry": {"type": "Point", "coordinates": [181, 0]}},
                }
            ]
        ),
    ),
    schema(
        "extension-name",
        "A name in `ext` that is no domain; the pointer is that of the map.",
        "/ext",
        text(whole(ext={"links": {}})),
    ),
]
VERSIONS: Final = [
    ContentCase("kind-unknown", "A kind that nobody knows.", "kind-unknown", None, text(whole()), "notice.unknown"),
    ContentCase(
        "schema-unknown",
        "A newer minor version than the reader lists.",
        "schema-unknown",
        None,
        text(whole()),
        schema_version="1.9999.0",
    ),
    ContentCase(
        "schema-unknown-major", "Another major version.", "schema-unknown", None, text(whole()), schema_version="2.0.0"
    ),
]
EXTENSIONS: Final = [
    ContentCase(
        "critical-unknown",
        "An extension that must be understood.",
        "must-understand",
        "/critical/0",
        text(whole(critical=["example.links"], ext=EXT)),
    ),
    ContentCase(
        "critical-second",
        "The second is not known.",
        "must-understand",
        "/critical/1",
        text(whole(critical=["example.links", "example.more"], ext={**EXT, "example.more": {}})),
        understood=["example.links"],
    ),
    ContentCase(
        "critical-absent",
        "Known, and not there.",
        "content-rule",
        "/critical/0",
        text(whole(critical=["example.links"])),
        understood=["example.links"],
    ),
    ContentCase(
        "order-critical-unknown-and-absent",
        "Neither known nor there: whether it is known is asked first.",
        "must-understand",
        "/critical/0",
        text(whole(critical=["example.links"])),
    ),
    ContentCase(
        "order-critical-in-turn",
        "The first is known and not there, the second is not known.",
        "content-rule",
        "/critical/0",
        text(whole(critical=["example.links", "example.more"])),
        understood=["example.links"],
    ),
]
REPLY: Final = whole(REPORT, handling={**FRAME["handling"], "restrictions": ["H0"]})
HEADERS: Final = [
    header("kind", "The content says another kind; no schema fault.", "/kind", whole(kind=RESPONSE)),
    header("kind-no-text", "A kind that is a number.", "/kind", whole(kind=1)),
    header("handling", "Another marking.", "/handling", whole(), handling="green/restricted"),
    header("schema-version", "Another version.", "/schema_version", whole(schema_version="1.1.0")),
    header("message-id", "Another message.", "/message_id", whole(message_id="0197a2c0-0000-7000-8000-000000000009")),
    header("sender", "Another sender.", "/sender", whole(sender="NCB-QN@icn")),
    header("created", "A second later.", "/created", whole(created="2099-01-01T00:00:01Z")),
    header("created-fraction", "Not a whole second.", "/created", whole(created="2099-01-01T00:00:00.5Z")),
    header("expires", "Another end.", "/expires", whole(expires="2099-01-02T00:00:00Z")),
    header("urgency", "Another urgency.", "/urgency", whole(urgency="flash")),
    header("respond-by", "The header asks for no answer.", "/respond_by", whole(respond_by="2099-01-02T00:00:00Z")),
    header(
        "conversation-id",
        "Another conversation.",
        "/conversation_id",
        whole(conversation_id="0197a2c0-0000-7000-8000-000000000009"),
    ),
    header("in-reply-to", "The header answers nothing.", "/in_reply_to", whole(in_reply_to=ANSWERED)),
    header("request-ref", "Another request.", "/body/request_ref", whole(RESPONSE), RESPONSE, in_reply_to="5f" * 32),
    header("request-ref-alone", "The header answers nothing.", "/body/request_ref", whole(RESPONSE), RESPONSE),
    header("reply-to-nothing", "A reply, and the header answers nothing.", "/body", REPLY, REPORT),
    ContentCase(
        "header-confirm-by",
        "More than 72 hours after `created`.",
        "content-rule",
        "/body/confirm_by",
        body(RECALL, confirm_by="2099-01-04T00:00:01Z"),
        RECALL,
        header={**HEADER, "in_reply_to": ANSWERED},
    ),
]
