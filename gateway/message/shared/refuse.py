"""
Rules between fields: how they refuse, and what they may look at.

A schema says what each field may be; a rule says what fields may be together. Rules run on decoded content, raise
`content-rule` with the pointer of the field to mend, and stand beside the type that they concern, as `check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Surroundings", "require", "require_distinct", "require_known", "require_once"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What the rules of a part may look at besides the part.

    Args:
        protects: True when the marking is strict enough to name victims, witnesses and sources.
        attachments: Ids that an attachment reference may name.
    """

    protects: bool
    attachments: frozenset[str] = frozenset()


def require(holds: object, pointer: str, detail: str) -> None:
    """Refuse with `content-rule` unless the rule holds."""
    if not holds:
        raise Rejected(detail, code="content-rule", pointer=pointer)


def require_distinct(refs: Iterable[str], pointer: str, member: str) -> frozenset[str]:
    """Return local ids as a set; refuse one that stands twice."""
    seen: set[str] = set()
    for index, ref in enumerate(refs):
        if ref in seen:
            raise Rejected("the same id stands twice", code="content-rule", pointer=f"{pointer}/{index}/{member}")
        seen.add(ref)
    return frozenset(seen)


def require_known(refs: Iterable[str], known: frozenset[str], pointer: str) -> None:
    """Refuse a reference to something that this content does not hold."""
    for index, ref in enumerate(refs):
        if ref not in known:
            raise Rejected("refers to nothing in this content", code="content-rule", pointer=f"{pointer}/{index}")


def require_once(values: Iterable[str], pointer: str) -> frozenset[str]:
    """Return plain values as a set; refuse one that stands twice."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        require(value not in seen, f"{pointer}/{index}", "stands twice")
        seen.add(value)
    return frozenset(seen)
