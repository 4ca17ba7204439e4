"""What counts as a minor change of a schema, and what is refused as a major one."""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from gateway.message import KINDS, spec
from gateway.message.compat import Level, compare
from gateway.message.export import CORPUS, RELEASED, ReleasedChangedError, released, write
from gateway.resources import schemas_path
from tests.message.validators import released_schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KIND = "cooperation.request"


def body(schema: dict[str, Any]) -> Any:
    """Return the part of the schema that describes the body."""
    return schema["$defs"]["CooperationRequestBody"]


MINOR: dict[str, Callable[[dict[str, Any]], object]] = {
    "an optional member": lambda schema: body(schema)["properties"].update(region={"type": "string"}),
    "a longer text": lambda schema: body(schema)["properties"]["facts"].update(maxLength=30_000),
    "a shorter text is enough": lambda schema: body(schema)["properties"]["facts"].update(minLength=10),
    "no bound any more": lambda schema: body(schema)["properties"]["facts"].pop("maxLength"),
    "a member that may be left out": lambda schema: body(schema)["required"].remove("purpose_use"),
    "a newer open list": lambda schema: body(schema)["properties"]["instrument"].update(
        {"$ref": body(schema)["properties"]["instrument"]["$ref"].replace("-1.json", "-2.json")}
    ),
}
MAJOR: dict[str, Callable[[dict[str, Any]], object]] = {
    "a member that must be there": lambda schema: (
        body(schema)["properties"].update(region={"type": "string"}),
        body(schema)["required"].append("region"),
    ),
    "a member is gone": lambda schema: body(schema)["properties"].pop("remarks"),
    "a member must be there now": lambda schema: body(schema)["required"].append("remarks"),
    "another type": lambda schema: body(schema)["properties"].update(facts={"type": "array", "items": {"type": "string"}}),
    "a shorter text": lambda schema: body(schema)["properties"]["facts"].update(maxLength=100),
    "a longer text is asked for": lambda schema: body(schema)["properties"]["facts"].update(minLength=100),
    "a pattern": lambda schema: body(schema)["properties"]["facts"].update(pattern="^A"),
    "fewer elements": lambda schema: body(schema)["properties"]["measures"].update(maxItems=2),
    "a closed list has one more": lambda schema: schema["properties"]["urgency"]["enum"].append("soon"),
    "a closed list has one less": lambda schema: schema["properties"]["urgency"]["enum"].pop(),
    "another list": lambda schema: body(schema)["properties"]["instrument"].update({"$ref": "../../../codes/purposes-1.json"}),
    "an older list": lambda schema: body(schema)["properties"]["instrument"].update(
        {"$ref": body(schema)["properties"]["instrument"]["$ref"].replace("-1.json", "-0.json")}
    ),
    "one alternative less": lambda schema: schema["$defs"]["Place"]["properties"]["geometry"]["anyOf"].pop(),
    "a keyword that nobody knows": lambda schema: body(schema)["properties"]["facts"].update(contentEncoding="base64"),
}


def edited(edit: Callable[[dict[str, Any]], object]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the released schema, and it with one edit."""
    old = released_schema(KIND, "1.0.0")
    new = copy.deepcopy(old)
    edit(new)
    return old, new


@pytest.mark.parametrize("what", MINOR)
def test_what_old_readers_can_live_with_is_minor(what: str) -> None:
    """An addition or a looser bound may come with a minor version."""
    assert {change.level for change in compare(*edited(MINOR[what]))} == {Level.MINOR}


@pytest.mark.parametrize("what", MAJOR)
def test_everything_else_is_major(what: str) -> None:
    """A change that could break a reader is found, at its place, and cannot pass as a minor version."""
    changes = compare(*edited(MAJOR[what]))
    assert max(change.level for change in changes) is Level.MAJOR
    assert all(change.place for change in changes)


def test_words_are_a_patch() -> None:
    """A clearer description changes nothing for readers."""
    old = released_schema(KIND, "1.0.0")
    new = copy.deepcopy(old)
    new["description"] = body(new)["description"] = "Clearer words."
    assert compare(old, new) == []


@pytest.mark.parametrize("name", sorted(released()))
def test_what_was_released_is_as_it_was(name: str) -> None:
    """Every released schema, list and corpus has the hash that was noted when it was released."""
    assert sha256((schemas_path() / name).read_bytes()).hexdigest() == released()[name]


def test_everything_that_is_read_is_released() -> None:
    """No version is in use whose schema, lists and corpus could still change."""
    folder = schemas_path()
    used = [*folder.rglob("*.schema.json"), *folder.glob("codes/*.json"), *folder.glob(f"{CORPUS}/*/*/*.json")]
    assert {path.relative_to(folder).as_posix() for path in used} == set(released())
    assert {row.path_of(version) for row in KINDS.values() for version in row.readable} <= set(released())


def test_a_major_change_of_a_released_schema_is_refused_by_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a member required in a released version gets no schema written, and reads which."""
    for name in (RELEASED, spec(KIND).schema_path):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((schemas_path() / name).read_bytes())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    changed = json.loads((tmp_path / spec(KIND).schema_path).read_bytes())
    body(changed)["required"].append("remarks")
    monkeypatch.setattr("gateway.message.export.schemas_path", lambda: tmp_path)
    monkeypatch.setattr("gateway.message.export.kind_schema", lambda _row: changed)
    with pytest.raises(ReleasedChangedError, match=KIND):
        write()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
