"""The mapping tables name members that exist, and leave none out of what they promise to map."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from gateway.interop import STIX_KINDS
from gateway.interop.stix import LOST
from gateway.interop.stix_parts import EXTENSION
from gateway.message import KINDS, spec
from gateway.message.json_schema import kind_schema
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = sorted(one for one in (schemas_path() / "mappings").glob("*.md") if one.name != "README.md")
HEADING = re.compile(r"^## (Frame|(?:Type )?`([A-Za-z.]+)`)$", re.MULTILINE)
MEMBER = re.compile(r"`([^`]+)`")
Schema = dict[str, Any]


def sections(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (heading, name in it, members of the first column) of every section of a page."""
    found = list(HEADING.finditer(text))
    for one, after in zip(found, [*found[1:], None], strict=True):
        rows = text[one.end() : after.start() if after else len(text)].splitlines()
        cells = [row.split("|")[1] for row in rows if row.startswith("|")][2:]
        yield one[1], one[2] or "", [member for cell in cells for member in MEMBER.findall(cell)]


def below(root: Schema, schema: Schema, steps: list[str]) -> list[Schema]:
    """Return what may stand at the end of some steps, through every alternative."""
    if "$ref" in schema:
        schema = root["$defs"].get(schema["$ref"].rpartition("/")[2], {})
    if "anyOf" in schema:
        return [found for one in schema["anyOf"] for found in below(root, one, steps)]
    if not steps:
        return [schema]
    inner = schema.get("items") if steps[0] == "*" else schema.get("properties", {}).get(steps[0])
    return below(root, inner, steps[1:]) if isinstance(inner, dict) else []


@cache
def schema_of(kind: str) -> Schema:
    """Return the newest schema of a kind, made once."""
    return kind_schema(spec(kind))


@cache
def types() -> dict[str, set[str]]:
    """Return the members of every type of every kind."""
    found: dict[str, set[str]] = {}
    for row in KINDS.values():
        for part in schema_of(row.kind)["$defs"].values():
            found.setdefault(part["title"], set()).update(part.get("properties", ()))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_member_of_a_table_exists(page: Any) -> None:
    """Whoever follows a table to our schemas finds each member."""
    wrong = []
    for heading, name, members in sections(page.read_text()):
        for member in members:
            if heading.startswith("Type"):
                fits = member in types()[name]
            else:
                root = schema_of(name or "information.report")
                fits = bool(below(root, root, member.split("/")[1:]))
            if not fits:
                wrong.append((heading, member))
    assert wrong == []
    assert list(sections(page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_member_is_left_out(page: Any) -> None:
    """A table of a type has all its members, and a table of a kind every member of its body."""
    forgotten = []
    for heading, name, members in sections(page.read_text()):
        if heading.startswith("Type"):
            forgotten += [(heading, one) for one in types()[name] - set(members)]
        elif name:
            root = schema_of(name)
            body = below(root, root, ["body"])[0]["properties"]
            forgotten += [(heading, one) for one in set(body) - {one.split("/")[2] for one in members if "/body/" in one}]
    assert forgotten == []


def test_the_page_of_stix_says_what_the_export_does() -> None:
    """Every kind that goes out has a table, every member of the frame a row, and the losses are the ones told."""
    text = (schemas_path() / "mappings" / "stix.md").read_text()
    found = {name or heading: members for heading, name, members in sections(text)}
    assert set(STIX_KINDS) <= set(found)
    frame = {one.split("/")[1] for one in found["Frame"]}
    assert frame == set(schema_of("information.report")["properties"]) - {"kind", "body"}
    assert {place.split("/")[1] for place in LOST} <= {*frame, "body"}
    assert EXTENSION in text
