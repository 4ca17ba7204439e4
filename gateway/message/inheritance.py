"""
What a reply or a forward inherits: the marking of what it was made from.

Whoever makes content from somebody else's marks it no laxer than that: with the join of both markings, whose originators then
have a say. Only where all originators of the parent are the author's own, or have consented, may the marking be lower.
Content that is changed here has not been signed yet; members that nobody reads are kept. Spec: schemas/messages.md, "Handling".
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.errors import Rejected
from gateway.message.handling import Handling, join

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Parent", "forwarded", "marked", "require_inherited"]

_HEADER_REPEATS: Final = (
    "schema_version",
    "message_id",
    "sender",
    "created",
    "expires",
    "urgency",
    "respond_by",
    "conversation_id",
    "in_reply_to",
)
_OF_ITS_AUTHOR: Final = ("author", "sequence", "supersedes", "disclosed_recipients", "derived_from")


class Parent(NamedTuple):
    """A message that another one is made from."""

    envelope_hash: str  # hex
    sender: str  # its address
    marking: Handling

    @property
    def originators(self) -> frozenset[str]:
        """Who must agree to lower the marking."""
        return frozenset(self.marking.originators) or frozenset({self.sender})

    @property
    def inherited(self) -> Handling:
        """The marking that is inherited: with its originators named, for the next author is another one."""
        return msgspec.structs.replace(self.marking, originators=self.originators)


def require_inherited(marking: Handling, parents: Iterable[Parent]) -> None:
    """
    Refuse a marking that is laxer than that of a parent.

    Raises:
        Rejected: `handling-laxer` with the pointer of the member.
    """
    for parent in parents:
        joined = join(marking, parent.inherited)
        for member in Handling.__struct_fields__:
            if getattr(joined, member) != getattr(marking, member):
                raise Rejected(
                    f"laxer than that of a message of {parent.sender}: at least {_told(getattr(joined, member))}",
                    code="handling-laxer",
                    pointer=f"/handling/{member}",
                )


def marked(content: bytes, parents: Iterable[Parent]) -> bytes:
    """
    Return content with the marking that it inherits in place of its own; the same bytes where it is strict enough.

    Args:
        content: A message file, strict and decodable.
        parents: What it is made from.

    Raises:
        Rejected: `content-rule` at `/handling/officers`: nobody may read all of them.
    """
    tree = msgspec.json.decode(content)
    own = msgspec.convert(tree["handling"], Handling)
    joined = reduce(join, (parent.inherited for parent in parents), own)
    if joined == own:
        return content
    if joined.officers is not None and not joined.officers:
        raise Rejected("no officer may read all that this is made from", code="content-rule", pointer="/handling/officers")
    tree["handling"] = _builtins(joined)
    return msgspec.json.encode(tree)


def forwarded(content: bytes, parent: Parent) -> bytes:
    """
    Return a message file that passes content on: what it says, who it is from, and the marking that it inherits.

    What was its author's or its header's own is left out; `derived_from` names the message that is passed on.

    Args:
        content: As the parent's author signed it.
        parent: Whose content it is.
    """
    tree = msgspec.json.decode(content)
    tree = {name: value for name, value in tree.items() if name not in {*_HEADER_REPEATS, *_OF_ITS_AUTHOR}}
    tree["derived_from"] = [parent.envelope_hash]
    tree["handling"] = _builtins(parent.inherited)
    return msgspec.json.encode(tree)


def _builtins(marking: Handling) -> Any:
    """Return a marking as JSON says it, sets in order."""
    return msgspec.json.decode(msgspec.json.encode(marking, order="deterministic"))


def _told(value: object) -> str:
    """Name a value of the marking; caveats and officers are content, and are not quoted."""
    return value if isinstance(value, str) else "what it has there"
