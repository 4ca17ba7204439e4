"""
What could stand at a place: told to an author whose value was refused.

Only the types are asked, never the value, so a hint holds no content. Where a place may hold one of several objects, what any
of them takes there is told.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["expected_at"]

MAX_VALUES: Final = 40  # longer lists are looked up
_FORMS: Final = {"date": "written as 2099-05-01", "date-time": "written as 2099-05-01T12:00:00Z"}


def expected_at(type_: Any, pointer: str) -> str | None:
    """
    Say what is taken at a place.

    Args:
        type_: What the document was to be decoded into.
        pointer: Of the refused value.

    Returns:
        The values of its list, or its form; None where there is nothing short to say.
    """
    places = [_type_info(type_)]
    for step in pointer.split("/")[1:]:
        places = [inner for place in places for inner in _below(place, step)]
    return next((words for place in places for option in _options(place) if (words := _words(option))), None)


@cache
def _type_info(type_: Any) -> inspect.Type:
    return inspect.type_info(type_)


def _options(known: inspect.Type) -> Iterator[inspect.Type]:
    """Yield the alternatives of a type, an annotation before what it annotates."""
    if isinstance(known, inspect.UnionType):
        for inner in known.types:
            yield from _options(inner)
        return
    yield known
    if isinstance(known, inspect.Metadata):
        yield from _options(known.type)


def _below(known: inspect.Type, step: str) -> Iterator[inspect.Type]:
    for option in _options(known):
        if isinstance(option, inspect.StructType):
            yield from (field.type for field in option.fields if field.encode_name == step)
        elif isinstance(option, inspect.CollectionType):
            yield option.item_type


def _words(option: inspect.Type) -> str | None:
    if isinstance(option, inspect.LiteralType):
        values = [str(value) for value in option.values]
    elif isinstance(option, inspect.EnumType):
        values = [str(member.value) for member in option.cls]
    elif isinstance(option, inspect.Metadata) and option.extra_json_schema:
        form = option.extra_json_schema.get("format")
        return _FORMS.get(form) if form else option.extra_json_schema.get("description")
    else:
        return None
    more = "" if len(values) <= MAX_VALUES else f" and {len(values) - MAX_VALUES} more: see schemas/codes"
    return f"one of {', '.join(values[:MAX_VALUES])}{more}"
