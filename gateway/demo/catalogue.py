"""
Every example that the story does not tell: who sends it and to whom, from its registry row and its marking alone.

An example that the cast cannot send or read stops the demonstration, so that the catalogue stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.demo.script import Line, content_of
from gateway.demo.stage import CAST
from gateway.errors import Rejected
from gateway.message.registry import KINDS
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.demo.stage import Member
    from gateway.message import Content
    from gateway.message.kind_spec import KindSpec

__all__ = ["lines_beside"]


def lines_beside(told: Collection[str]) -> list[Line]:
    """Return a line for every example but those that are told already, in the order of the registry."""
    found = []
    for kind, row in KINDS.items():
        for path in sorted((schemas_path() / "examples" / kind).glob("*.json")):
            example = f"{kind}/{path.stem}"
            if example not in told:
                found.append(_line(example, row))
    return found


def _line(example: str, row: KindSpec) -> Line:
    content = content_of(Line(example, "", ()), {}, 0.0)
    sender = _sender(example, row, content)
    return Line(example, sender, _readers(row, content, sender))


def _sender(example: str, row: KindSpec, content: Content) -> str:
    """Return the sender that the content names, else the first of the cast that may send it."""
    if content.sender is not None:
        return content.sender.partition("@")[0]
    for member in CAST:
        if member.role in row.may_send:
            return member.participant
    raise Rejected(f"{example}: nobody of the cast may send it", code="kind-not-allowed")


def _readers(row: KindSpec, content: Content, sender: str) -> tuple[str, ...]:
    """Return whose officers the marking names; else one other participant, and whom the kind must reach."""
    others = [member for member in CAST if member.participant != sender]
    officers = content.handling.officers
    if officers is not None:
        named = {officer.partition("/")[0] for officer in officers}
        return tuple(member.participant for member in others if member.participant in named)
    first = [*filter(lambda member: _must_have(member, row), others), *others][:1]
    return tuple(member.participant for member in first)


def _must_have(member: Member, row: KindSpec) -> bool:
    return member.role in row.must_reach
