"""
JSON Schemas (2020-12) of the kinds, made from the types that read them.

What msgspec writes is brought into the form that other implementations should have: `null` is no value of ours, open
code lists are referenced and closed ones stand inline, docstrings become descriptions, unknown members are allowed
everywhere. Rules between fields are no part of a schema: they stand in schemas/messages.md.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.message.codes import CODE_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.message.content import Content
    from gateway.message.kind_spec import KindSpec

__all__ = ["BASE", "DIALECT", "kind_schema"]

BASE: Final = "https://gateway.example/schemas/"  # names only: nothing is fetched from there
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]  # a JSON Schema is open by nature
_OPEN_LISTS: Final = {frozenset(one.codes): one.file_name for one in CODE_LISTS if not one.closed}
_ARGUMENT = re.compile(r"^ {4}(\w+): ")


def kind_schema(row: KindSpec, version: str = "") -> Schema:
    """
    Return the schema of a kind's content.

    Args:
        row: Of the kind.
        version: One that we read; without members that came later. Empty is the newest.
    """
    version = version or row.version
    (_, parts) = msgspec.json.schema_components((row.content,), ref_template="#/$defs/{name}")
    structs = _structs(row.content)
    parts = {name: _documented(_tidy(part, row), structs[name]) for name, part in sorted(parts.items())}
    top = parts.pop(row.content.__name__)
    top["properties"]["kind"] = {"const": row.kind}
    top["required"].remove("kind")  # content may leave it out: the header has it
    for place in row.later(version):
        _remove(top, parts, place.split("/")[1:])
    used = {name: parts[name] for name in sorted(_used(top, parts, set()))}
    return {"$schema": DIALECT, "$id": BASE + row.path_of(version), **top, "$defs": used}


def _remove(top: Schema, parts: Schema, steps: list[str]) -> None:
    """Take a member out of the object that the steps lead to."""
    place: Any = top
    for step in steps[:-1]:
        place = place["items"] if step == "*" else place["properties"][step]
        place = parts[place["$ref"].rpartition("/")[2]] if "$ref" in place else place
    del place["properties"][steps[-1]]


def _used(part: Any, parts: Schema, found: set[str]) -> set[str]:
    """Return the names of the parts that a piece of schema leads to, through others too."""
    for name in _refs(part):
        if name not in found:
            found.add(name)
            _used(parts[name], parts, found)
    return found


def _refs(part: Any) -> Iterator[str]:
    """Yield the names of the parts that a piece of schema refers to itself."""
    if isinstance(part, dict):
        if part.get("$ref", "").startswith("#/"):
            yield part["$ref"].rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _refs(one)


def _tidy(part: Any, row: KindSpec) -> Any:
    """Return a piece of schema in our form."""
    if isinstance(part, list):
        return [_tidy(one, row) for one in part]
    if not isinstance(part, dict):
        return part
    part = dict(part)
    if "default" in part and part["default"] is None:
        del part["default"]
    if "anyOf" in part:
        part["anyOf"] = [one for one in part["anyOf"] if one != {"type": "null"}]
        if len(part["anyOf"]) == 1:
            part = {**part.pop("anyOf")[0], **part}
    for extra in ("discriminator", "uniqueItems"):  # OpenAPI's; and a repeat in a set counts once
        part.pop(extra, None)
    if "enum" in part and (file_name := _OPEN_LISTS.get(frozenset(part["enum"]))):
        del part["enum"]
        part["$ref"] = "../" * (row.schema_path.count("/")) + f"codes/{file_name}"
    return {key: _tidy(value, row) for key, value in part.items()}


def _structs(content: type[Content]) -> dict[str, type]:
    """Return every struct that a content is made of, by name."""
    found: dict[str, type] = {}
    waiting = [msgspec.inspect.type_info(content)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.StructType):
            if one.cls.__name__ not in found:
                found[one.cls.__name__] = one.cls
                waiting += [field.type for field in one.fields]
        else:
            waiting += _inner(one)
    return found


def _inner(one: Any) -> list[msgspec.inspect.Type]:
    """Return the types inside a type that is no struct."""
    if isinstance(one, msgspec.inspect.Metadata):
        return [one.type]
    if isinstance(one, msgspec.inspect.UnionType):
        return list(one.types)
    if isinstance(one, msgspec.inspect.CollectionType):
        return [one.item_type]
    return []


def _documented(schema: Schema, struct: type) -> Schema:
    """Put the docstring where it belongs: its first part on the object, its `Args` on the members."""
    text, _, arguments = inspect.cleandoc(struct.__doc__ or "").partition("\nArgs:\n")
    schema["description"] = " ".join(text.split())
    for base in reversed(struct.__mro__):
        _, _, inherited = inspect.cleandoc(base.__doc__ or "").partition("\nArgs:\n")
        for name, words in _arguments(inherited if base is not struct else arguments):
            if name in schema["properties"]:
                schema["properties"][name]["description"] = words
    return schema


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, words) of the `Args` section of a docstring."""
    name, words = "", ""
    for line in text.splitlines():
        if start := _ARGUMENT.match(line):
            if name:
                yield name, words
            name, words = start[1], line[start.end() :]
        else:
            words += f" {line.strip()}"
    if name:
        yield name, words.strip()
