"""Vector cases of content that is no strict JSON, and of content with several faults: which of them counts."""

from __future__ import annotations

from typing import Final

from tests.vectors.content_case import (
    EXT,
    HEADER,
    ContentCase,
    ending,
    extra,
    ordered,
    strict,
    text,
    whole,
)

__all__ = ["ORDER", "STRICT"]

MIB: Final = 1 << 20
DEEP: Final = 32
STRICT: Final = [
    ContentCase(
        "json-too-large", "A byte more than 1 MiB.", "too-large", "", [text(whole()), [" ", MIB + 1 - len(text(whole()))]]
    ),
    strict("byte-order-mark", "A byte order mark before it.", "", "\ufeff" + text(whole())),
    strict("not-utf8", "A byte that UTF-8 does not have.", "", b'{"x":"\xff"}'),
    strict("surrogate-in-utf8", "A surrogate written as UTF-8.", "", b'{"x":"\xed\xa0\x80"}'),
    strict("overlong", "A solidus in two bytes.", "", b'{"x":"\xc0\xaf"}'),
    strict("empty", "Nothing.", "", ""),
    strict("two-values", "A second value behind it.", "", text(whole()) + "{}"),
    strict("trailing-comma", "A comma before the end.", "", text(whole())[:-1] + ",}"),
    strict("comment", "A comment.", "", text(whole()) + " // no"),
    strict("leading-zero", "A number that begins with zero.", "", extra('"x":01')),
    strict("raw-control", "A line feed in a string, not escaped.", "", extra('"x":"a\nb"')),
    strict("values", "32,769 commas and brackets.", "", ["[0", [",0", 1 << 15], "]"]),
    strict("depth", "33 levels: the object, and 32 lists in it.", "/x" + "/0" * 31, extra('"x":' + "[" * DEEP + "]" * DEEP)),
    strict("name-twice", "A name twice.", "/purpose", extra('"purpose":["RPD10-a"]')),
    strict("name-twice-escaped", "A name twice, once with an escape.", "/purpose", extra('"p\\u0075rpose":["RPD10-a"]')),
    strict("name-twice-unknown", "A name twice in an object that no reader knows.", "/x/a~1b", extra('"x":{"a/b":1,"a/b":1}')),
    strict("null", "A member without value.", "/language", extra('"language":null')),
    strict("null-unknown", "A null below an unknown member.", "/x/0", extra('"x":[null]')),
    strict("nul", "U+0000 as an escape.", "/x", extra('"x":"a\\u0000"')),
    strict("nul-in-name", "U+0000 in a name.", "/a\0", extra('"a\\u0000":1')),
    strict("high-surrogate", "A high surrogate alone.", "/x", extra('"x":"\\ud83d"')),
    strict("low-surrogate", "A low surrogate alone.", "/x", extra('"x":"\\uDE00"')),
    strict("integer-above", "2^53.", "/x", extra('"x":9007199254740992')),
    strict("integer-below", "-2^53.", "/x", extra('"x":-9007199254740992')),
    strict("integer-coordinate", "2^53 in coordinates.", "/coordinates/0", extra('"coordinates":[9007199254740992]')),
    strict("fraction", "A fraction, though it is whole.", "/sequence", extra('"sequence":1.0')),
    strict("exponent", "An exponent.", "/sequence", extra('"sequence":1e2')),
    strict(
        "fraction-below-coordinates", "In an object in coordinates.", "/coordinates/0/x", extra('"coordinates":[{"x":1.5}]')
    ),
    strict("infinite", "A coordinate that is not finite.", "/coordinates/0", extra('"coordinates":[1e999]')),
    strict("not-a-number", "NaN, which JSON does not have.", "/x", extra('"x":NaN')),
    strict("infinity", "Infinity, which JSON does not have.", "/x", extra('"x":-Infinity')),
]
ORDER: Final = [
    ordered("order-first-in-document", "A null, and behind it another.", "/a", extra('"a":null,"b":null')),
    ordered(
        "order-name-before-inside",
        "A null, and behind it a name twice: names are compared before the object is entered.",
        "/b",
        '{"a":null,"b":1,"b":2}',
    ),
    ordered("order-not-json", "A null, and behind it what is no JSON at all.", "", '{"a":null,}'),
    ContentCase("order-json-before-schema", "No marking, and a null at the end.", "content-json", "/x", '{"x":null}'),
    ContentCase(
        "order-version-before-json", "An unknown version, and no JSON.", "schema-unknown", None, "{", schema_version="2.0.0"
    ),
    ContentCase(
        "order-kind-before-schema",
        "Another kind, and a fault behind it.",
        "content-header",
        "/kind",
        extra('"kind":"request.response","sequence":"1"'),
    ),
    ContentCase(
        "order-schema-before-kind",
        "A fault, and another kind behind it.",
        "content-schema",
        "/sequence",
        ending('"sequence":"1","kind":"request.response"'),
    ),
    ContentCase(
        "order-schema-before-critical",
        "A fault, and an extension that is not known.",
        "content-schema",
        "/sequence",
        text(whole(critical=["example.links"], ext=EXT, sequence="1")),
    ),
    ContentCase(
        "order-critical-before-rule",
        "An extension that is not known, and red without officers.",
        "must-understand",
        "/critical/0",
        text(whole(handling={"tlp": "red", "confidentiality": "restricted"}, critical=["example.links"], ext=EXT)),
    ),
    ContentCase(
        "order-rule-before-header",
        "Another sender, and red without officers.",
        "content-rule",
        "/handling/officers",
        text(whole(handling={"tlp": "red", "confidentiality": "restricted"}, sender="NCB-QN@icn")),
        header=HEADER,
    ),
]
