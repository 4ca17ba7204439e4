"""
A message file to begin with: every required member of a kind, filled with something fictional of the right form.

Made from the schema of the kind, so a new kind needs nothing here. Text that a person must write begins with `EDIT`; codes are
the first of their list, unions the first of their alternatives, unless the author chooses; the marking is the default of the
kind. A form (a pattern) is shown by the example in backticks of its description, or by the first of `_SAMPLES` that fits. What
no rule between fields allows yet is named by `gateway.message.find_faults`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.errors import Rejected
from gateway.message.codec import encode_json
from gateway.message.json_schema import kind_schema
from gateway.message.pointers import make_pointer
from gateway.message.schema_faults import Walk, tag_of, tags

if TYPE_CHECKING:
    from gateway.message.kind_spec import KindSpec

__all__ = ["EDIT", "Skeleton", "skeleton"]

EDIT: Final = "EDIT"
_LEFT_OUT: Final = frozenset({"critical", "ext"})  # names of other people's making, even where everything is wanted
_EXAMPLE: Final = re.compile(r"`([^`]+)`")
_SAMPLES: Final = (
    "p-1",  # first, so that every reference fits every local id
    "2099-05-01",
    "2099-05-01T12:00:00Z",
    "01890a5d-ac96-774b-bcce-b302099a8057",
    "0" * 64,
    "0" * 128,
    "1.0.0",
    "QM",
    "QM-01",
    "QMABC",
    "SUHH",
    "eng",
    "en",
    "Latn",
    "NCB-QM",
    "NCB-QM@icn",
    "NCB-QM/officer-1",
    "example.network.case-links",
    "application/pdf",
    "edit.pdf",
    "2099/1",
    "1",
    "1000.00",
    "EUR",
    "12:00",
    "Etc/UTC",
    "+999 1",
    "https://gateway.example/",
    "1000",
    "A1",
    "/body",
    "A-1",
)


@dataclass(slots=True)
class Skeleton:
    """
    A message file to edit.

    Args:
        data: The file.
        edit: Pointers of the texts that a person must write.
        check: Pointers of codes, numbers and forms that are good for the schema and say nothing of the case yet.
        optional: Pointers of members that were left out.
    """

    data: bytes = b""
    edit: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)


def skeleton(row: KindSpec, choices: Mapping[str, str], *, everything: bool = False) -> Skeleton:
    """
    Make a message file of a kind.

    Args:
        row: Of the kind.
        choices: Codes and tags by pointer, e.g. `/body/colour` to `yellow`.
        everything: True to put in optional members too.

    Raises:
        Rejected: `bad-request`: a choice that is not in its list, or whose place has nothing to choose.
    """
    maker = _Maker(row, choices, everything=everything)
    tree = maker.make()
    unused = next((pointer for pointer in choices if pointer not in maker.chosen), None)
    if unused is not None:
        raise Rejected("nothing to choose there", code="bad-request", pointer=unused, hint="name the member with its code")
    maker.found.data = (json.dumps(tree, indent=2, ensure_ascii=False) + "\n").encode()
    return maker.found


class _Maker:
    """Makes one skeleton, and notes what is to be edited and what was left out."""

    def __init__(self, row: KindSpec, choices: Mapping[str, str], *, everything: bool) -> None:
        self._row = row
        self._schema = kind_schema(row)
        self._walk = Walk(self._schema)
        self._choices = choices
        self._everything = everything
        self.chosen: set[str] = set()
        self.found = Skeleton()

    def make(self) -> dict[str, Any]:
        """Return the whole content, the members that everybody looks for first."""
        marking = msgspec.json.decode(encode_json(self._row.default_handling))
        made = self._members(self._schema, (), {"handling": marking})
        return {"kind": self._row.kind, "handling": made.pop("handling"), "purpose": made.pop("purpose"), **_body_last(made)}

    def _value(self, schema: dict[str, Any], at: tuple[str | int, ...], number: int = 0) -> Any:
        """Return a value; `number` counts the elements of a list, so that they can differ."""
        words = schema.get("description", "")
        schema = self._walk.resolved(schema)
        if "anyOf" in schema:
            return self._alternative([self._walk.resolved(one) for one in schema["anyOf"]], at)
        if "const" in schema or "enum" in schema:
            return self._code(schema.get("enum") or [schema["const"]], at, number)
        match schema.get("type"):
            case "object":
                return self._members(schema, at, {}) if "properties" in schema else {}
            case "array":
                return self._elements(schema, at)
            case "string":
                return self._text(schema, at, words, number)
        self.found.check.append(make_pointer(at))
        return False if schema.get("type") == "boolean" else max(schema.get("minimum", 1), min(1, schema.get("maximum", 1)))

    def _members(self, schema: dict[str, Any], at: tuple[str | int, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        required = schema.get("required", ())
        made = {}
        for name, inner in schema["properties"].items():
            if name in given:
                made[name] = given[name]
            elif name in required or (self._wanted(name, (*at, name)) and name != "kind"):
                made[name] = self._value(inner, (*at, name))
            elif name != "kind":
                self.found.optional.append(make_pointer((*at, name)))
        return made

    def _wanted(self, name: str, at: tuple[str | int, ...]) -> bool:
        """Say whether an optional member is put in: everything is, or the author chooses something in it."""
        pointer = make_pointer(at)
        inside = any(one == pointer or one.startswith(f"{pointer}/") for one in self._choices)
        return inside or (self._everything and name not in _LEFT_OUT)

    def _elements(self, schema: dict[str, Any], at: tuple[str | int, ...]) -> list[Any]:
        if "prefixItems" in schema:
            return [self._value(one, (*at, index)) for index, one in enumerate(schema["prefixItems"])]
        return [self._value(schema["items"], (*at, index), index) for index in range(max(1, schema.get("minItems", 1)))]

    def _alternative(self, options: list[dict[str, Any]], at: tuple[str | int, ...]) -> Any:
        tag = tag_of(options)
        if tag is None:
            return self._value(options[0], at)
        known = tags(options, tag)
        chosen = options[known.index(self._code(known, (*at, tag), 0))]
        return self._members(chosen, at, {tag: chosen["properties"][tag]["enum"][0]})

    def _code(self, codes: list[Any], at: tuple[str | int, ...], number: int) -> Any:
        pointer = make_pointer(at)
        if pointer not in self._choices:
            if len(codes) > 1:
                self.found.check.append(pointer)
            return codes[number % len(codes)]
        self.chosen.add(pointer)
        found = next((one for one in codes if str(one) == self._choices[pointer]), None)
        if found is None:
            hint = f"one of {', '.join(map(str, codes))}"
            raise Rejected("not a value of this list", code="bad-request", pointer=pointer, hint=hint)
        return found

    def _text(self, schema: dict[str, Any], at: tuple[str | int, ...], words: str, number: int) -> str:
        if "pattern" in schema:
            return self._form(schema, at, number)
        self.found.edit.append(make_pointer(at))
        name = next((str(step) for step in reversed(at) if isinstance(step, str)), "").replace("_", " ")
        text = f"{EDIT}: {words or name}"
        while len(text) < schema.get("minLength", 0):
            text += f" {text}"
        return text[: schema.get("maxLength", len(text))]

    def _form(self, schema: dict[str, Any], at: tuple[str | int, ...], number: int) -> str:
        """Return an example of a pattern; a later element of a list gets the next number or letter."""
        fits = re.compile(schema["pattern"]).search
        known = [*_EXAMPLE.findall(schema.get("description", "")), *_SAMPLES]
        sample = next((one for one in known if fits(one)), None)
        if sample is None:
            self.found.edit.append(make_pointer(at))
            return EDIT
        self.found.check.append(make_pointer(at))
        other = f"{sample[:-1]}{chr(ord(sample[-1]) + number)}"
        return other if fits(other) else sample


def _body_last(made: dict[str, Any]) -> dict[str, Any]:
    """Put the long part behind the short ones."""
    body = made.pop("body")
    return {**made, "body": body}
