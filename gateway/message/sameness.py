"""
What makes a message the same as another one: the text that two channels of one request have in common.

The row of a kind names the members that say what is asked (`same_by`); everything else may differ between two ways that it
came: contact, remarks, marking, urgency, spelling of JSON. Texts are compared as people read them: canonically composed,
without case, runs of white space as one. Lists keep their order, for answers count measures by it. This module makes the text
alone: the digest over it is keyed, and its key never leaves a home. Spec: schemas/messages.md, "The same request, two ways".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

import msgspec

from gateway.message.jcs import canonical
from gateway.message.registry import spec
from gateway.message.unread import known_at

if TYPE_CHECKING:
    from gateway.ids import Kind

__all__ = ["same_text"]


def same_text(kind: Kind, content: bytes) -> bytes | None:
    """
    Return the canonical JSON of what makes a message the same as another one of its kind.

    Args:
        kind: Of the registry.
        content: Valid content of that kind, as it was signed.

    Returns:
        An object of pointers and what stands there, null where nothing does; None for a kind that is never the same.
    """
    row = spec(kind)
    if not row.same_by:
        return None
    document = msgspec.json.decode(content)
    return canonical({pointer: _normal(_standing(document, row.content, pointer)) for pointer in row.same_by})


def _standing(document: object, type_: type[msgspec.Struct], pointer: str) -> object:
    """Return what stands at a pointer; for `*` a list with the place of every element, so that two lists cannot be mixed."""
    holder, star, rest = pointer.partition("/*")
    found = known_at(document, type_, holder)
    if not star:
        return found or None  # an empty list says as much as none
    elements = found if isinstance(found, list) else []
    return [known_at(document, type_, f"{holder}/{index}{rest}") for index in range(len(elements))]


def _normal(value: object) -> object:
    if isinstance(value, str):
        # Unicode, 3.13: a caseless match that no composition of marks escapes.
        return " ".join(normalize("NFC", normalize("NFD", value).casefold()).split())
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _normal(inner) for name, inner in value.items()}
    return value
