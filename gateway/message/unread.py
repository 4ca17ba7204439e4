"""
Members that this version does not know: found by laying the received JSON beside the type.

They are kept in the raw bytes and ignored by the view; an operator should see that something was not read. What stands
below an unknown member is not listed again, and maps (extensions) are known whole.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from gateway.message.pointers import make_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_UNREAD", "Unread", "known_at", "unread_fields", "unread_members"]

MAX_UNREAD: Final = 256  # pointers shown; hostile content could hold a thousand times as many
_LONGEST: Final = 64  # characters of a name that are compared: no member of ours is as long

Steps = tuple[str | int, ...]


class Unread(NamedTuple):
    """A member that is not read: its pointer, and the known member that it may be meant for, or None."""

    pointer: str
    meant: str | None


def unread_fields(raw: bytes, type_: type[msgspec.Struct]) -> tuple[str, ...]:
    """
    Return the pointers of unknown members, in document order, at most `MAX_UNREAD`.

    Args:
        raw: Bytes that were decoded into `type_`.
        type_: The struct that they were decoded into.
    """
    return tuple(make_pointer(steps) for steps, _ in _first(raw, type_))


def unread_members(raw: bytes, type_: type[msgspec.Struct]) -> tuple[Unread, ...]:
    """Return the same with what was probably meant, for an author who can still mend it."""
    return tuple(Unread(make_pointer(steps), _meant(str(steps[-1]), known)) for steps, known in _first(raw, type_))


def known_at(document: object, type_: type[msgspec.Struct], pointer: str) -> object:
    """
    Return what stands at a place that the type knows; None where it knows no such place, or nothing stands there.

    Args:
        document: JSON that was decoded into `type_` too.
        type_: The struct that it was decoded into.
        pointer: RFC 6901, without escapes; an element of a list by its index.
    """
    value, known = document, _type_info(type_)
    for name in pointer.split("/")[1:]:
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value, known = value[int(name)], _item_of(known)
            continue
        if not isinstance(value, dict) or name not in value:
            return None
        struct = _struct_of(value, known)
        field = None if struct is None else _fields(struct.cls).get(name)
        if field is None:
            return None
        value, known = value[name], field
    return value


def _first(raw: bytes, type_: type[msgspec.Struct]) -> list[tuple[Steps, frozenset[str]]]:
    return list(islice(_unread(msgspec.json.decode(raw), _type_info(type_), ()), MAX_UNREAD))


def _meant(name: str, known: frozenset[str]) -> str | None:
    return next(iter(get_close_matches(name[:_LONGEST], sorted(known), n=1, cutoff=0.75)), None)


@cache
def _type_info(type_: Any) -> inspect.Type:
    return inspect.type_info(type_)


@cache
def _fields(struct: type) -> dict[str, inspect.Type]:
    """Return the types of a struct's members by their names in JSON."""
    known = _type_info(struct)
    assert isinstance(known, inspect.StructType)
    return {field.encode_name: field.type for field in known.fields}


def _unread(value: object, known: inspect.Type, at: Steps) -> Iterator[tuple[Steps, frozenset[str]]]:
    if isinstance(value, dict):
        struct = _struct_of(value, known)
        if struct is None:
            return
        fields = _fields(struct.cls)
        for key, inner in value.items():
            if key in fields:
                yield from _unread(inner, fields[key], (*at, key))
            elif key != struct.tag_field:
                yield (*at, key), frozenset(fields)
    elif isinstance(value, list):
        item = _item_of(known)
        for index, inner in enumerate(value):
            yield from _unread(inner, item, (*at, index))


def _options(known: inspect.Type) -> tuple[inspect.Type, ...]:
    """Return the alternatives of a type, annotations taken off."""
    if isinstance(known, inspect.Metadata):
        return _options(known.type)
    if isinstance(known, inspect.UnionType):
        return tuple(option for inner in known.types for option in _options(inner))
    return (known,)


def _struct_of(value: dict[str, object], known: inspect.Type) -> inspect.StructType | None:
    """Return the struct that a JSON object was read as, by its tag where there are several."""
    structs = [option for option in _options(known) if isinstance(option, inspect.StructType)]
    if len(structs) == 1:
        return structs[0]
    return next((struct for struct in structs if value.get(struct.tag_field or "") == struct.tag), None)


def _item_of(known: inspect.Type) -> inspect.Type:
    """Return the type of an array's elements; positions and maps have nothing below that could be unknown."""
    for option in _options(known):
        if isinstance(option, inspect.CollectionType):
            return option.item_type
    return inspect.AnyType()
