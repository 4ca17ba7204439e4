"""
Every way to break a schema once: required members removed, bounds exceeded, codes misspelt, types swapped.

Walks a schema along content that has every member set. Each mutation says where it must be found; both the codec and an
independent validator have to find it there.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Mutation", "covered", "mutations", "reached", "reached_first"]

Schema = dict[str, Any]


class Mutation(NamedTuple):
    """Broken content: what was done, where it must be found, the content."""

    what: str
    pointer: str
    content: Any


class _Place(NamedTuple):
    """A value in the content and the schema that it must follow."""

    schema: Schema
    steps: tuple[str | int, ...]
    value: Any
    root: Any  # the whole content


def reached(schema: Schema, content: Any, resolve: Callable[[str], Schema]) -> Iterator[_Place]:
    """Yield every place of the content with its schema, references and alternatives resolved."""
    yield from _reached(_Place(schema, (), content, content), resolve)


def reached_first(schema: Schema, contents: list[Any], resolve: Callable[[str], Schema]) -> list[_Place]:
    """Return the places of several contents; those that an earlier content had under the same schema are left out."""
    places: dict[tuple[object, ...], _Place] = {}
    for content in contents:
        for place in reached(schema, content, resolve):
            known = (place.steps, str(place.schema), tuple(place.value) if isinstance(place.value, dict) else ())
            places.setdefault(known, place)
    return list(places.values())


def _reached(place: _Place, resolve: Callable[[str], Schema]) -> Iterator[_Place]:
    schema = place.schema
    if "$ref" in schema:
        schema = resolve(schema["$ref"])
    if "anyOf" in schema:
        options = [resolve(one["$ref"]) for one in schema["anyOf"]]
        schema = next(one for one in options if _tagged(one, place.value))
    place = place._replace(schema=schema)
    yield place
    if isinstance(place.value, dict):
        for name, inner in place.value.items():
            if name in schema.get("properties", {}):
                yield from _reached(_Place(schema["properties"][name], (*place.steps, name), inner, place.root), resolve)
    elif isinstance(place.value, list):
        for index, inner in enumerate(place.value):
            prefixed = schema.get("prefixItems", [])
            item = prefixed[index] if index < len(prefixed) else schema["items"]
            yield from _reached(_Place(item, (*place.steps, index), inner, place.root), resolve)


def _tagged(schema: Schema, value: dict[str, Any]) -> bool:
    """Say whether a value carries the tag of this alternative."""
    return any(one.get("enum") == [value.get(name)] for name, one in schema["properties"].items())


def covered(places: list[_Place]) -> dict[str, set[str]]:
    """Return which members of each titled object the content has set."""
    found: dict[str, set[str]] = {}
    for place in places:
        if "properties" in place.schema:
            found.setdefault(place.schema["title"], set()).update(place.value)
    return found


def mutations(places: list[_Place]) -> Iterator[Mutation]:
    """Yield every mutation of the content whose places these are."""
    for place in places:
        root = place.root
        for what, value in _wrong_values(place.schema, place.value):
            yield Mutation(what, _pointer(place.steps), _replaced(root, place.steps, value))
        for name in place.schema.get("required", ()):
            inner = {key: value for key, value in place.value.items() if key != name}
            yield Mutation("required", _pointer((*place.steps, name)), _replaced(root, place.steps, inner))


def _wrong_values(schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (what is broken, value) for everything that a schema says about one value."""
    yield from _wrong_codes(schema, value)
    if "pattern" in schema:
        yield "pattern", f"{value}\n"
        yield "pattern", "\x01"
    if "minLength" in schema:
        yield "minLength", "x" * (schema["minLength"] - 1)
    if "maxLength" in schema:
        yield "maxLength", "x" * (schema["maxLength"] + 1)
    if "minimum" in schema and schema["type"] == "integer":
        yield "minimum", schema["minimum"] - 1
    if "maximum" in schema:
        # beyond the integers that JSON readers share, a bound is the codec's own
        yield "maximum", schema["maximum"] + 1 if schema["maximum"] < 2**53 - 1 else "many"
    if schema.get("minItems"):
        yield "minItems", value[: schema["minItems"] - 1]
    if "maxItems" in schema:
        yield "maxItems", (value * (schema["maxItems"] // len(value) + 1))[: schema["maxItems"] + 1]
    if "type" in schema:
        yield "type", {"array": {}, "object": [], "string": 7, "integer": "7", "number": "7", "boolean": 1}[schema["type"]]


def _wrong_codes(schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    if "const" in schema:
        yield "const", not value if isinstance(value, bool) else f"{value}x"
    if "enum" in schema:
        yield "enum", f"{value}x" if isinstance(value, str) else 99


def _pointer(steps: tuple[str | int, ...]) -> str:
    return "".join(f"/{step}" for step in steps)


def _replaced(root: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    """Return the content with one value replaced."""
    if not steps:
        return value
    changed = copy.deepcopy(root)
    place = changed
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return changed
