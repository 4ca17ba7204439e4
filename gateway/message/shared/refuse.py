"""
Rules between fields: how they refuse, and what they may look at.

A schema says what each field may be; a rule says what fields may be together. Rules run on decoded content, raise
`content-rule` with the pointer of the field to mend, and stand beside the type that they concern, as `check`.
Whoever wants to know every fault runs them inside `collecting`: there a refusal is noted and the rules go on.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Surroundings", "collecting", "refuse", "require", "require_distinct", "require_known", "require_once"]

_COLLECTED: Final[ContextVar[list[Rejected] | None]] = ContextVar("collected", default=None)


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


@contextmanager
def collecting() -> Iterator[list[Rejected]]:
    """
    Give a list into which `refuse` and `require` put refusals instead of raising them, in this task or thread alone.

    A rule that comes after a broken one may meet values that it rightly thought impossible: the caller expects any error
    once the list has an element, and then knows that the rules behind it were not looked at.
    """
    found: list[Rejected] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def refuse(refusal: Rejected) -> None:
    """Raise a refusal, or note it where every one is collected."""
    found = _COLLECTED.get()
    if found is None:
        raise refusal
    found.append(refusal)


def require(holds: object, pointer: str, detail: str) -> None:
    """Refuse with `content-rule` unless the rule holds."""
    if not holds:
        refuse(Rejected(detail, code="content-rule", pointer=pointer))


def require_distinct(refs: Iterable[str], pointer: str, member: str) -> frozenset[str]:
    """Return local ids as a set; refuse one that stands twice."""
    seen: set[str] = set()
    for index, ref in enumerate(refs):
        if ref in seen:
            refuse(Rejected("the same id stands twice", code="content-rule", pointer=f"{pointer}/{index}/{member}"))
        seen.add(ref)
    return frozenset(seen)


def require_known(refs: Iterable[str], known: frozenset[str], pointer: str) -> None:
    """Refuse a reference to something that this content does not hold."""
    for index, ref in enumerate(refs):
        if ref not in known:
            refuse(Rejected("refers to nothing in this content", code="content-rule", pointer=f"{pointer}/{index}"))


def require_once(values: Iterable[str], pointer: str) -> frozenset[str]:
    """Return plain values as a set; refuse one that stands twice."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        require(value not in seen, f"{pointer}/{index}", "stands twice")
        seen.add(value)
    return frozenset(seen)
