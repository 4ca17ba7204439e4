"""The files of `schemas/`: current, valid, and judged alike by the codec and an independent validator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from gateway.errors import CODES, Rejected
from gateway.message import KINDS, encode, read, read_message_file, spec
from gateway.message.export import CORPUS, documents, released, write
from gateway.resources import schemas_path
from tests.message.campaign import covered, mutations, reached_first
from tests.message.full import CANNOT_STAND, FULL, MORE
from tests.message.validators import (
    example_files,
    pointers,
    quick_pointers,
    quick_validator,
    schema_files,
    schema_of,
    validator,
)

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = documents()
EXAMPLES = {f"{path.parent.name}/{path.stem}": path for path in example_files()}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_what_is_checked_in_is_what_the_code_says(name: str) -> None:
    """Schemas, code lists, errors and the index of kinds are current; `python -m gateway.message.export` writes them."""
    assert (schemas_path() / name).read_bytes() == DOCUMENTS[name]


def test_the_generator_writes_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes the files that are checked in, and no other generated file lies about."""
    before = released()
    monkeypatch.setattr("gateway.message.export.schemas_path", lambda: tmp_path)
    write()
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {name for name in documents() if not name.startswith(CORPUS)}
    assert {str(path.relative_to(schemas_path())) for path in schema_files()} <= {*written, *before}


@pytest.mark.parametrize("path", schema_files(), ids=lambda path: path.stem)
def test_every_schema_is_a_schema(path: Path) -> None:
    """Schemas and code lists follow JSON Schema 2020-12, and their `$id` ends with their path."""
    schema = json.loads(path.read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f"/schemas/{path.relative_to(schemas_path())}")


def test_the_error_file_lists_every_code() -> None:
    """A client in another language finds each code with its branch, status, title and hint."""
    rows = json.loads((schemas_path() / "errors.json").read_bytes())
    assert [row["code"] for row in rows] == list(CODES)
    assert all(row["branch"] in {"rejected", "unavailable", "uncertain", "corrupt"} for row in rows)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_three_examples(kind: str) -> None:
    """Whoever starts with a kind finds three realistic messages to begin from."""
    assert sum(path.parent.name == kind for path in example_files()) >= 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_taken_by_both(name: str) -> None:
    """Each example passes the codec, its rules, and an independent validator, and holds nothing unread."""
    data = EXAMPLES[name].read_bytes()
    kind, content, wished = read_message_file(data)
    assert kind == EXAMPLES[name].parent.name
    assert content.unread_fields == ()
    assert encode(content) == data
    assert wished.handling == content.handling.code
    assert pointers(validator(kind).iter_errors(json.loads(data))) == set()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_fictional(name: str) -> None:
    """No example names a real country, domain or telephone number."""
    text = EXAMPLES[name].read_text()
    countries = set(_values(json.loads(text), {"country", "issuer", "nationalities"}))
    assert all(code[0] == "X" or (code[0] == "Q" and code[1] in "MNOPQRSTUVWXYZ") for code in countries)
    assert all(word.rstrip('",').endswith(".example") for word in text.split() if "@" in word and "." in word)


def _values(value: Any, names: set[str]) -> list[str]:
    """Return the texts that stand under these names, at any depth."""
    if isinstance(value, dict):
        own = [text for name in names & set(value) for text in ([value[name]] if isinstance(value[name], str) else value[name])]
        return own + [text for inner in value.values() for text in _values(inner, names)]
    return [text for inner in value for text in _values(inner, names)] if isinstance(value, list) else []


def resolver(kind: str) -> Any:
    """Return what resolves the references of a kind's schema."""
    schema = schema_of(kind)

    def resolve(ref: str) -> Any:
        name = ref.rpartition("/")[2]
        if ref.startswith("#/"):
            return schema["$defs"][name]
        return json.loads((schemas_path() / "codes" / name).read_bytes())

    return resolve


def full_places(kind: str) -> list[Any]:
    """Return every place of the full content of a kind; of further content only what is new there."""
    contents = [json.loads(encode(content)) for content in (FULL[kind], *MORE.get(kind, ()))]
    return reached_first(schema_of(kind), contents, resolver(kind))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_campaign_reaches_every_member(kind: str) -> None:
    """The content that is broken below has every member of the schema set, so none is left untested."""
    schema, set_members = schema_of(kind), covered(full_places(kind))
    refused = CANNOT_STAND.get(kind, frozenset())
    for part in [schema, *schema["$defs"].values()]:
        left_out = set(part.get("properties", {})) - set_members.get(part["title"], set())
        # a marking that a kind prescribes may be the default, which is not written
        prescribed = {"onward", "verify_before_action"} if part["title"] == "Handling" else set()
        unset = left_out - {"critical", "life", "public_extract", *prescribed, *refused}
        assert part["title"] in refused or not unset, part["title"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_single_defect_is_refused_at_its_place_by_both(kind: str) -> None:
    """Required members removed, bounds exceeded, codes misspelt, types swapped: codec and validator point alike."""
    wrong, tried = [], 0
    for mutation in mutations(full_places(kind)):
        tried += 1
        seen = refused_at(kind, mutation.content)
        independent = quick_pointers(quick_validator(kind).iter_errors(mutation.content))
        if seen != mutation.pointer or mutation.pointer not in independent:
            wrong.append((mutation.what, mutation.pointer, seen, independent))
    assert wrong == []
    assert tried > 150


def refused_at(kind: str, content: Any) -> str | None:
    """Return where the codec refuses content, or None."""
    try:
        read(kind, spec(kind).version, json.dumps(content).encode())
    except Rejected as exc:
        return exc.pointer
    return None
