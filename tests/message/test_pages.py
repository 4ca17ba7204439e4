"""The pages of the kinds: whole, linked, and made of text that cannot act."""

from __future__ import annotations

import json
import re
from posixpath import dirname, join, normpath
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.ids import Kind
from gateway.message import KINDS
from gateway.message.in_words import bounds_in_words, code, local_id_in_words, prose, type_in_words
from gateway.message.json_schema import kind_schema
from gateway.message.pages import INDEX, index_page, kind_page, page_path
from gateway.message.shared.basics import Ref
from gateway.resources import schemas_path
from tests.message.full import FULL
from tests.message.validators import example_files

PAGES = [(row, version) for row in KINDS.values() for version in row.readable]
NAMED = pytest.mark.parametrize(("row", "version"), PAGES, ids=lambda one: str(getattr(one, "kind", one)))
LOCAL = msgspec.json.schema(Ref)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MARKUP = st.text(st.sampled_from("ab 1.)-+=#*_[]()<>&;!|\\~:/\"'\u00e9"), max_size=30)


def plain(markdown: str) -> str:
    """Return the text that a reader of Markdown, HTML allowed, shows for one paragraph; fail where it is more than text."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in children} <= {"text", "code_inline", "text_special"}
    return "".join(child.content for child in children)


def links_of(path: str, text: str) -> list[tuple[str, str]]:
    """Return (path under `schemas/`, heading) of every link of a page."""
    found = [target.partition("#") for target in LINK.findall(re.sub("`[^`\\n]*`", "", text))]
    return [(normpath(join(dirname(path), file)) if file else path, name) for file, _, name in found]


def headings(path: str) -> set[str]:
    """Return the ids of the headings of a page."""
    lines = (schemas_path() / path).read_text().splitlines()
    titles = (line.lstrip("# ").lower() for line in lines if line.startswith("#"))
    return {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}


@NAMED
def test_every_member_of_the_schema_stands_on_the_page(row: Any, version: str) -> None:
    """An implementer who reads the page misses no member, and sees which are required."""
    schema = kind_schema(row, version)
    sections = re.split(r"^#{2,3} ", kind_page(row, version, []), flags=re.MULTILINE)
    tables = {section.partition("\n")[0]: section for section in sections}
    for name, part in {"Frame and its parts": schema, **schema["$defs"]}.items():
        rows = re.findall(r"^\| `([a-z_0-9A-Z]+)` \| .*? \| (yes|no)", tables[name], re.MULTILINE)
        assert {member for member, _ in rows} == set(part["properties"]), name
        assert {member for member, required in rows if required == "yes"} == set(part.get("required", ())), name


@NAMED
def test_every_rule_and_example_stands_on_the_page(row: Any, version: str) -> None:
    """What the schema cannot say is said in words, and every example is one click away."""
    text = (schemas_path() / page_path(row, version)).read_text()
    assert all(f"- {prose(rule)}\n" in text for rule in row.rules)
    examples = [path.name for path in example_files() if path.parent.name == row.kind]
    assert examples
    assert all(f"examples/{row.kind}/{name})" in text for name in examples)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_index_and_page_name_the_member_that_repeats_in_reply_to(kind: str) -> None:
    """An implementer knows of each kind where an answer names what it answers, and that other kinds do so nowhere."""
    listed = {row["kind"]: row for row in json.loads((schemas_path() / "kinds.json").read_text())["kinds"]}
    row, name, body = KINDS[Kind(kind)], listed[kind]["reply_member"], FULL[kind].body
    said = f"the body's `{name}` equals it" if name else "no member: an answer says it in the header alone"
    assert f"| Repeats `in_reply_to` | {said}" in (schemas_path() / page_path(row, row.version)).read_text()
    value = name and getattr(body, name)
    assert body.answers == ((f"/body/{name}", value) if value else None)
    assert not value or re.fullmatch("[0-9a-f]{64}", value)
    assert listed[kind]["added"] == {version: list(places) for version, places in row.added.items()}


def test_a_page_says_which_members_came_later() -> None:
    """Whoever writes for older readers sees what they do not know; the page of an older version does not speak of it."""
    row = KINDS[Kind("information.report")]
    tables = kind_page(row, "1.1.0", []).split("### ")
    found = {
        table.partition("\n")[0]: re.findall(r"^\| `(\w+)` .* \(since 1\.1\.0\) \|$", table, re.MULTILINE) for table in tables
    }
    assert {name: members for name, members in found.items() if members} == {
        "ReportItem": ["entities"],
        "InformationReportBody": ["entities"],
    } | {name: ["derived_from"] for name, members in found.items() if "derived_from" in members}
    assert sum("derived_from" in members for members in found.values()) == 1
    assert "since" not in kind_page(row, "1.0.0", [])


def test_a_page_says_what_a_reference_names() -> None:
    """A local id is told from a reference to one, and a name of another form from both."""
    text = local_id_in_words("photo", LOCAL, LOCAL["description"])
    assert text == "Names the `attachment_id` of an attachment of this content."
    assert (
        local_id_in_words("persons", {"type": "array", "items": LOCAL}, "Whom.")
        == "Whom. Each names a `ref` of the body's `persons`."
    )
    assert local_id_in_words("officer", LOCAL, "A pseudonym.") == "A pseudonym."
    assert local_id_in_words("persons", {"type": "string"}, "In words.") == "In words."
    with pytest.raises(KeyError):
        local_id_in_words("unheard_of", LOCAL, "")


def test_no_page_is_left_over() -> None:
    """A page of a kind or version that is gone does not lie about."""
    there = {path.relative_to(schemas_path()).as_posix() for path in schemas_path().glob("*/*/v*/*.md")}
    assert there == {page_path(row, version) for row, version in PAGES}


@pytest.mark.parametrize("path", [INDEX, *(page_path(row, version) for row, version in PAGES)])
def test_every_link_of_a_page_leads_somewhere(path: str) -> None:
    """No link of a page is broken, neither to a file nor to a heading."""
    found = links_of(path, (schemas_path() / path).read_text())
    assert found
    assert [file for file, _ in found if not (schemas_path() / file).exists()] == []
    assert [(file, name) for file, name in found if name and name not in headings(file)] == []


@pytest.mark.parametrize("path", [INDEX, *(page_path(row, version) for row, version in PAGES)])
def test_a_page_holds_no_html(path: str) -> None:
    """A reader that allows HTML in Markdown finds none."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse((schemas_path() / path).read_text())
    kinds = {child.type for token in tokens for child in (token, *(token.children or ()))}
    assert "table_open" in kinds
    assert kinds.isdisjoint({"html_block", "html_inline", "image", "code_block"})


@given(MARKUP)
def test_words_of_a_docstring_are_shown_as_they_are(text: str) -> None:
    """Whatever stands in a description or rule is text on the page: no HTML, no link, no list, no table."""
    assert plain(prose(text)) == " ".join(text.split())


def test_code_in_words_stays_code() -> None:
    """Names of members are code, in tables too."""
    assert prose("`a_b` is *not* `<c>`") == "`a_b` is \\*not\\* `<c>`"
    assert code("a|b") == "`a\\|b`"


@pytest.mark.parametrize(
    ("part", "type_", "bounds"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 200}, "text", "1 to 200 characters"),
        ({"type": "string", "format": "date", "pattern": "^(?:x)(?!\\n)$"}, "date", ""),
        ({"type": "string", "pattern": "^(?:[a-z]{3})(?!\\n)$"}, "text", "matches `[a-z]{3}`"),
        ({"type": "array", "items": {"type": "integer", "maximum": 3}}, "list: integer", "each: at most 3"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, "list: integer", "at least 2 elements"),
        ({"const": "a"}, "always `a`", ""),
        ({"enum": [0, 1, 2, 9]}, "integer, one of `0`, `1`, `2`, `9` ([sex-1](codes/sex-1.json))", ""),
        ({"enum": ["b", "a"]}, "one of `b`, `a`", ""),
        ({"$ref": "../../../codes/purposes-1.json"}, "code of [purposes-1](codes/purposes-1.json)", ""),
        ({"anyOf": [{"$ref": "#/$defs/Point"}, {"$ref": "#/$defs/Polygon"}]}, "[Point](#point) or [Polygon](#polygon)", ""),
    ],
)  # fmt: skip
def test_a_place_in_words(part: dict[str, Any], type_: str, bounds: str) -> None:
    """Types and bounds are said as people say them."""
    assert (type_in_words(part, ""), bounds_in_words(part)) == (type_, bounds)


def test_a_closed_list_is_named_and_keeps_its_order() -> None:
    """A schema has the codes by name; people read them from lax to strict."""
    levels = {"enum": ["red", "clear", "amber", "green", "amber+strict"]}
    said = "one of `clear`, `green`, `amber`, `amber+strict`, `red` ([tlp-1](../codes/tlp-1.json))"
    assert type_in_words(levels, "../") == said


def test_a_form_that_is_not_known_fails() -> None:
    """A schema that says something new does not lose it on the page: the generator fails."""
    with pytest.raises(KeyError):
        type_in_words({"not": {"type": "string"}}, "")


def test_the_index_names_every_kind_once() -> None:
    """Whoever looks for a kind finds it under its family."""
    pages = re.findall(r"^\| \[([a-z.-]+)\]", index_page(), re.MULTILINE)
    assert sorted(pages) == sorted(KINDS)


def test_the_page_says_what_the_row_says() -> None:
    """Deadlines, sealing and answers stand in words."""
    row = KINDS[next(kind for kind in KINDS if kind == "cooperation.request")]
    text = kind_page(row, row.version, ["a-b.json"])
    assert "| Answer due | flash 8 hours; urgent 3 days; normal 30 days; routine 60 days |" in text
    assert "| Sealed by | its author alone |" in text
    assert "| Kept | 5 years, unless the content says otherwise |" in text
    assert "- [A b](../../../examples/cooperation.request/a-b.json)" in text
