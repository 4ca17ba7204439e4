"""
What a change of a schema is: words, a minor version, or a major one.

*Patch*: words. *Minor*: an optional member more, a newer version of an open list, a looser bound. *Major*: anything else; what
this module does not know is major too. Both schemas are of the form that `json_schema` makes: objects with members, arrays,
texts, numbers, choices, references. A gate in the build asks it about every pair of successive versions.
Spec: schemas/messages.md, "Code lists and versions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final, NamedTuple

__all__ = ["Change", "Level", "compare"]

Schema = dict[str, Any]

_WORDS: Final = frozenset({"title", "description", "$comment", "examples", "$id", "$schema", "$defs", "default"})
_UPPER: Final = frozenset({"maximum", "maxLength", "maxItems", "maxProperties"})  # loosened by growing
_LOWER: Final = frozenset({"minimum", "minLength", "minItems", "minProperties"})  # loosened by shrinking
_LIST: Final = re.compile(r"(.*/codes/[a-z0-9-]+)-([0-9]+)\.json")


class Level(IntEnum):
    """How much a change is, in the order of versions' parts."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


class Change(NamedTuple):
    """One change: how much it is, where in the content (`*` stands for any element), and in words."""

    level: Level
    place: str
    what: str


class _Pair(NamedTuple):
    """The same place in both documents."""

    old: Any
    new: Any
    place: str

    def at(self, name: str, step: str | None = None) -> _Pair:
        """Go down by a keyword, to a member or an element where it leads to one."""
        place = self.place if step is None else f"{self.place}/{step}"
        return _Pair(self.old[name], self.new[name], place)


def compare(old: Schema, new: Schema) -> list[Change]:
    """
    Return every change from one schema to the next, each place once.

    Args:
        old: The released one.
        new: The one that is to follow.
    """
    walk = _Walk(old.get("$defs", {}), new.get("$defs", {}))
    return list(walk.changes(_Pair(old, new, "")))


class _Walk:
    """Goes through both documents side by side."""

    def __init__(self, old_parts: Schema, new_parts: Schema) -> None:
        self._old_parts = old_parts
        self._new_parts = new_parts
        self._under_way: set[tuple[str, str]] = set()

    def changes(self, pair: _Pair) -> Iterator[Change]:
        refs = pair.old.get("$ref"), pair.new.get("$ref")
        if refs != (None, None):
            yield from self._referred(pair, *refs)
            return
        for name in sorted({*pair.old, *pair.new} - _WORDS):
            yield from self._keyword(pair, name)

    def _referred(self, pair: _Pair, old: str | None, new: str | None) -> Iterator[Change]:
        if old is None or new is None:
            yield Change(Level.MAJOR, pair.place, "another type")
        elif old.startswith("#/") and new.startswith("#/"):
            key = old, new
            if key in self._under_way:
                return
            self._under_way.add(key)
            yield from self.changes(_Pair(self._old_parts[_name(old)], self._new_parts[_name(new)], pair.place))
            self._under_way.discard(key)
        elif old != new:
            yield Change(_list_level(old, new), pair.place, "another code list, or another version of it")

    def _keyword(self, pair: _Pair, name: str) -> Iterator[Change]:
        if name == "properties":
            yield from self._members(pair)
        elif name == "required":
            yield from _required(pair)
        elif name not in pair.old or name not in pair.new:
            yield _bound_changed(pair, name)
        elif name == "items" and isinstance(pair.old[name], dict) and isinstance(pair.new[name], dict):
            yield from self.changes(pair.at(name, "*"))
        elif name in {"anyOf", "prefixItems"}:
            yield from self._alternatives(pair, name)
        elif name == "additionalProperties" and isinstance(pair.old[name], dict) and isinstance(pair.new[name], dict):
            yield from self.changes(pair.at(name, "*"))
        elif pair.old[name] != pair.new[name]:
            yield _bound_changed(pair, name)

    def _members(self, pair: _Pair) -> Iterator[Change]:
        old, new = pair.old.get("properties", {}), pair.new.get("properties", {})
        for name in [*old, *(name for name in new if name not in old)]:
            place = f"{pair.place}/{name}"
            if name not in new:
                yield Change(Level.MAJOR, place, "a member is gone")
            elif name not in old:
                needed = name in pair.new.get("required", ())
                yield Change(Level.MAJOR if needed else Level.MINOR, place, "a new member")
            else:
                yield from self.changes(_Pair(old[name], new[name], place))

    def _alternatives(self, pair: _Pair, name: str) -> Iterator[Change]:
        if len(pair.old[name]) != len(pair.new[name]):
            yield Change(Level.MAJOR, pair.place, "other alternatives")
            return
        for old, new in zip(pair.old[name], pair.new[name], strict=True):
            yield from self.changes(_Pair(old, new, pair.place))


def _required(pair: _Pair) -> Iterator[Change]:
    """A new required member is reported as a member; here is what was there before."""
    old, new = set(pair.old.get("required", ())), set(pair.new.get("required", ()))
    for name in sorted((new - old) & set(pair.old.get("properties", {}))):
        yield Change(Level.MAJOR, f"{pair.place}/{name}", "required now")
    for name in sorted((old - new) & set(pair.new.get("properties", {}))):
        yield Change(Level.MINOR, f"{pair.place}/{name}", "optional now")


def _bound_changed(pair: _Pair, name: str) -> Change:
    old, new = pair.old.get(name), pair.new.get(name)
    bound = name in _UPPER | _LOWER
    looser = bound and (new is None or (old is not None and (new > old if name in _UPPER else new < old)))
    return Change(Level.MINOR if looser else Level.MAJOR, pair.place, f"{name} is {'looser' if looser else 'other'}")


def _list_level(old: str, new: str) -> Level:
    """A later version of the same open list is minor."""
    before, after = _LIST.fullmatch(old), _LIST.fullmatch(new)
    same = before is not None and after is not None and before[1] == after[1] and int(before[2]) < int(after[2])
    return Level.MINOR if same else Level.MAJOR


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]
