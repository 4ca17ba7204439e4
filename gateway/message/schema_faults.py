"""
Every fault of a value against the schema of its kind, each with what is wanted and how to mend it.

The codec stops at the first fault; an author wants all. This walks the schema that `gateway.message.json_schema` makes and
knows the few words of JSON Schema that stand in it; an independent validator confirms its findings in the tests. One fault
for each place. Members that no reader of this version knows are told too, as `unread`. Texts quote no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from gateway.message.codes import CODE_LISTS

__all__ = ["SchemaFault", "Walk", "words_for"]

Schema = dict[str, Any]
Steps = tuple[str | int, ...]
MAX_SHOWN: Final = 16  # codes in one line; longer lists are looked up
_LONGEST: Final = 64  # characters of a name or code that are compared: none of ours is as long
_FORMS: Final = {"date": "a day, 2099-05-01", "date-time": "an instant, 2099-05-01T12:00:00Z", "uuid": "a UUID in lower case"}
_LISTS: Final[dict[str, Schema]] = {
    one.file_name: {"type": "string", "enum": list(one.codes), "description": f"codes/{one.file_name}"} for one in CODE_LISTS
}


class SchemaFault(NamedTuple):
    """A fault: where, what the schema wants there, how to mend it; `unread` when it is only that nobody reads it."""

    steps: Steps
    rule: str
    remedy: str
    unread: bool = False


_IS: Final[dict[str, tuple[str, Callable[[object], bool]]]] = {
    "object": ("an object, { }", lambda value: isinstance(value, dict)),
    "array": ("a list, [ ]", lambda value: isinstance(value, list)),
    "string": ("text in quotes", lambda value: isinstance(value, str)),
    "integer": ("a whole number without quotes", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("a number without quotes", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "boolean": ("true or false, without quotes", lambda value: isinstance(value, bool)),
}


class Walk:
    """
    Compares values with one schema.

    Args:
        root: A schema of `kind_schema`.
    """

    def __init__(self, root: Schema) -> None:
        self._root = root

    def faults(self, value: object) -> Iterator[SchemaFault]:
        """Yield every fault, in the order of the document."""
        return self._faults(self._root, value, ())

    def resolved(self, schema: Schema) -> Schema:
        """Return a schema with the reference that it consists of followed."""
        ref = schema.get("$ref")
        if ref is None:
            return schema
        name = ref.rpartition("/")[2]
        found: Schema = self._root["$defs"][name] if ref.startswith("#/") else _LISTS[name]
        return self.resolved(found)

    def _faults(self, schema: Schema, value: object, at: Steps) -> Iterator[SchemaFault]:
        schema = self.resolved(schema)
        if "anyOf" in schema:
            yield from self._alternatives([self.resolved(one) for one in schema["anyOf"]], value, at)
            return
        fault = _own_fault(schema, value)
        if fault is not None:
            yield SchemaFault(at, *fault)
        if isinstance(value, dict) and "properties" in schema:
            yield from self._members(schema, value, at)
        elif isinstance(value, dict) and schema.get("type") == "object":
            yield from self._entries(schema, value, at)
        elif isinstance(value, list) and schema.get("type") == "array":
            first, rest = schema.get("prefixItems", []), schema.get("items")
            for index, inner in enumerate(value):
                item = first[index] if index < len(first) else rest
                if item:
                    yield from self._faults(item, inner, (*at, index))

    def _members(self, schema: Schema, value: dict[str, object], at: Steps) -> Iterator[SchemaFault]:
        """Compare an object of ours: what is missing, what is wrong, what nobody reads."""
        known: dict[str, Schema] = schema["properties"]
        strange = [name for name in value if name not in known]
        for name in schema.get("required", ()):
            if name not in value:
                meant = next((one for one in strange if nearest(one, [name])), None)
                remedy = (
                    "the misspelt member beside it is probably this one" if meant else f"add it: {words_for(known[name], self)}"
                )
                yield SchemaFault((*at, name), f"required in {schema['title']}", remedy)
        for name, inner in value.items():
            if name in known:
                yield from self._faults(known[name], inner, (*at, name))
            else:
                meant = nearest(name, list(known))
                remedy = f"write `{meant}`" if meant else "correct or remove it; an extension goes into `ext`"
                yield SchemaFault((*at, name), f"no reader of this version knows it in {schema['title']}", remedy, unread=True)

    def _entries(self, schema: Schema, value: dict[str, object], at: Steps) -> Iterator[SchemaFault]:
        """Compare a map, whose names follow a pattern; like the codec, point at the map for a name."""
        names = schema.get("propertyNames", {})
        wrong = next((fault for name in value if (fault := _own_fault(names, name))), None)
        if wrong is not None:
            yield SchemaFault(at, f"names in it: {wrong[0]}", wrong[1])
        if isinstance(inner := schema.get("additionalProperties"), dict):
            for name, one in value.items():
                yield from self._faults(inner, one, (*at, name))

    def _alternatives(self, options: list[Schema], value: object, at: Steps) -> Iterator[SchemaFault]:
        """Compare with the alternative that the tag names, or that has the right type."""
        tag = tag_of(options)
        if tag is None:
            found = [list(self._faults(one, value, at)) for one in options]
            yield from min(found, key=lambda faults: (any(fault.steps == at for fault in faults), len(faults)))
        elif not isinstance(value, dict):
            yield SchemaFault(at, "an object, { }", f"write one with `{tag}`: {_listed(tags(options, tag))}")
        elif tag not in value:
            yield SchemaFault((*at, tag), "says which of several forms it has", f"add it: {_listed(tags(options, tag))}")
        else:
            fit = [one for one in options if value[tag] in one["properties"][tag]["enum"]]
            if fit:
                yield from self._faults(fit[0], value, at)
            else:
                yield SchemaFault((*at, tag), *_not_listed(tags(options, tag), value[tag]))


def tag_of(options: list[Schema]) -> str | None:
    """Return the member that tells the alternatives of a union of objects apart."""
    if not all("properties" in one for one in options):
        return None
    names = [{name for name, inner in one["properties"].items() if len(inner.get("enum", ())) == 1} for one in options]
    return next((name for name in options[0]["properties"] if all(name in one for one in names)), None)


def tags(options: list[Schema], tag: str) -> list[Any]:
    """Return the tags of a union, in its order."""
    return [one["properties"][tag]["enum"][0] for one in options]


def nearest(text: object, known: list[Any]) -> str | None:
    """Return the known text that is most like a text, if any is."""
    if not isinstance(text, str):
        return None
    return next(iter(get_close_matches(text[:_LONGEST], [str(one) for one in known], n=1, cutoff=0.75)), None)


def words_for(schema: Schema, walk: Walk) -> str:
    """Say in a line what may stand at a place."""
    schema = {**walk.resolved(schema), **{key: value for key, value in schema.items() if key != "$ref"}}
    if "anyOf" in schema:
        options = [walk.resolved(one) for one in schema["anyOf"]]
        tag = tag_of(options)
        return f"an object with `{tag}`: {_listed(tags(options, tag))}" if tag else words_for(options[0], walk)
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return f"one of {_listed(schema['enum'])}"
    if schema.get("type") == "object" and schema.get("required"):
        return f"an object with {', '.join(f'`{name}`' for name in schema['required'])}"
    if schema.get("type") == "string":
        return _FORMS.get(schema.get("format", "")) or " ".join(
            filter(None, ("text,", _size(schema), schema.get("description")))
        )
    said = _IS[schema["type"]][0] if "type" in schema else "any value"
    return " ".join(filter(None, (said, _size(schema))))


def _own_fault(schema: Schema, value: object) -> tuple[str, str] | None:
    """Return (rule, remedy) when the value itself is not what the schema says; its inside is not looked at."""
    if "const" in schema and (value != schema["const"] or isinstance(value, bool) != isinstance(schema["const"], bool)):
        return f"is {_literal(schema['const'])}", f"write {_literal(schema['const'])}"
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in schema["enum"]):
        return _not_listed(schema["enum"], value)
    said, is_type = _IS.get(schema.get("type", ""), ("", lambda _: True))
    if not is_type(value):
        return said, f"write {said}"
    return _size_fault(schema, value) or _form_fault(schema, value)


def _size_fault(schema: Schema, value: object) -> tuple[str, str] | None:
    if isinstance(value, str):
        size, least, most, unit = len(value), "minLength", "maxLength", "characters"
    elif isinstance(value, list):
        size, least, most, unit = len(value), "minItems", "maxItems", "elements"
    elif isinstance(value, dict):
        size, least, most, unit = len(value), "minProperties", "maxProperties", "members"
    elif isinstance(value, int | float):
        fits = schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return None if fits else (_size(schema), f"write a number {_size(schema)}")
    else:
        return None
    if schema.get(least, size) <= size <= schema.get(most, size):
        return None
    more = "add to it" if size < schema.get(least, size) else "shorten it"
    return f"{_size(schema)} {unit}", f"has {size}: {more}"


def _form_fault(schema: Schema, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str) or "pattern" not in schema or re.search(schema["pattern"], value):
        return None
    form = _FORMS.get(schema.get("format", "")) or schema.get("description") or f"the form {schema['pattern']}"
    return f"text of a fixed form: {form}", "write it in this form, with nothing before or after"


def _size(schema: Schema) -> str:
    """Write the bounds of a value, e.g. `1 to 200`, or "" where there are none."""
    for least, most in (
        ("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minimum", "maximum")
    ):  # fmt: skip
        low, high = schema.get(least), schema.get(most)
        if low is not None and high is not None:
            return f"{low} to {high}"
        if low is not None or high is not None:
            return f"at least {low}" if high is None else f"at most {high}"
    return ""


def _not_listed(codes: list[Any], value: object) -> tuple[str, str]:
    meant = nearest(value, codes)
    return f"one of {_listed(codes)}", f"write {meant}" if meant else "choose one of them"


def _listed(codes: list[Any]) -> str:
    more = "" if len(codes) <= MAX_SHOWN else f" and {len(codes) - MAX_SHOWN} more: see schemas/codes"
    return ", ".join(_literal(one) for one in codes[:MAX_SHOWN]) + more


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
