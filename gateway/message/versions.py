"""
Minor versions of a kind: members that came later, and what an older version makes of them.

One type reads all minor versions: each only adds members. Content of an older version is read without the members that came
later, for there they mean nothing; they are unread like any unknown member. Whoever writes uses the newest version that all
recipients read, and is refused where the content says what that version cannot. Places are pointers in which `*` stands for
any element. Spec: schemas/messages.md, "Code lists and versions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.errors import Rejected
from gateway.message.pointers import make_pointer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gateway.message.kind_spec import KindSpec

__all__ = ["choose", "found_at", "without"]

Steps = tuple[str | int, ...]


def without(data: bytes, places: Collection[str]) -> bytes:
    """
    Return strict JSON without the members at these places, for a view; unchanged where it has none.

    Args:
        data: Passed `check_strict`.
        places: As in `KindSpec.added`.
    """
    tree = msgspec.json.decode(data)
    taken = False
    for place in places:
        for holder, name, _ in list(_found(tree, place.split("/")[1:], ())):
            del holder[name]
            taken = True
    return msgspec.json.encode(tree) if taken else data


def found_at(data: bytes, places: Collection[str]) -> tuple[str, ...]:
    """Return the pointers of the members that stand at these places."""
    tree = msgspec.json.decode(data)
    return tuple(make_pointer(steps) for place in places for _, _, steps in _found(tree, place.split("/")[1:], ()))


def choose(row: KindSpec, data: bytes, readers: Mapping[str, Collection[str]]) -> str:
    """
    Return the newest version that all readers read.

    Args:
        row: Of the kind.
        data: The content.
        readers: Versions that each recipient reads of this kind, by its name.

    Raises:
        Rejected: `schema-unknown`: there is none, or the content has a member that came after it, whose pointer is given.
    """
    common = [version for version in row.readable if all(version in reads for reads in readers.values())]
    if not common:
        raise Rejected(f"no version of {row.kind} is read by all: {_told(row, readers)}", code="schema-unknown")
    late = found_at(data, row.later(common[-1]))
    if late:
        raise Rejected(
            f"not known in {row.kind} {common[-1]}, the newest that all recipients read: {_told(row, readers)}",
            code="schema-unknown",
            pointer=late[0],
            hint="leave the member out, or write to those who read it apart",
        )
    return common[-1]


def _told(row: KindSpec, readers: Mapping[str, Collection[str]]) -> str:
    """Name the recipients that hold the version back, a few of them."""
    behind = [name for name, reads in readers.items() if row.version not in reads]
    return ", ".join(behind[:5]) + (", ..." if len(behind) > 5 else "")


def _found(value: Any, steps: list[str], at: Steps) -> Iterator[tuple[dict[str, Any], str, Steps]]:
    """Yield (object, name, steps) for every member that a place names."""
    step, *rest = steps
    if step == "*":
        for index, inner in enumerate(value if isinstance(value, list) else ()):
            yield from _found(inner, rest, (*at, index))
    elif isinstance(value, dict) and step in value:
        if not rest:
            yield value, step, (*at, step)
        else:
            yield from _found(value[step], rest, (*at, step))
