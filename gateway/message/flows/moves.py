"""
What may be said next: the moves that are open to somebody, and the refusal of one that is not.

Asked before anything is sent, on what the home knows; what crosses on the way is kept and flagged by the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Rejected
from gateway.message.flows.conversation import converse, leads

if TYPE_CHECKING:
    from gateway.ids import Address
    from gateway.message.flows.conversation import Conversation, Side, Thread
    from gateway.message.flows.turns import Turn

__all__ = ["Option", "options", "require_move"]


class Option(NamedTuple):
    """
    A move that is open.

    Args:
        kind: Of the message.
        given: Pointer to the values of which one stands there.
        to: The state that it leads to.
    """

    kind: str
    given: Mapping[str, tuple[str, ...]]
    to: str

    def __str__(self) -> str:
        said = ", ".join(f"{pointer.rpartition('/')[2]} {' or '.join(values)}" for pointer, values in self.given.items())
        return f"{self.kind} ({said})" if said else self.kind


def options(thread: Thread, side: Side, who: Address, desk: frozenset[Address], now: float) -> list[Option]:
    """Return the moves that are open to somebody where a side of a thread stands."""
    roles = thread.roles(who, desk)
    moves = (move for move in thread.flow.moves if not roles.isdisjoint(move.by) and leads(move, side, int(now)))
    return [Option(move.kind, move.given, side.state if move.to == "=" else move.to) for move in moves]


def require_move(conversation: Conversation | None, turn: Turn, now: float) -> None:
    """
    Refuse a message that would cross at once.

    Args:
        conversation: As it stands; None for the first message.
        turn: The message as it would be accepted now, its number above all others.
        now: Unix seconds.

    Raises:
        Rejected: `conversation-state`, with the moves that are open.
    """
    if conversation is None:
        return
    before = [said.turn for said in conversation.history]
    (after,) = converse([*before, turn], conversation.desk, now, conversation.flows)
    said = next(said for said in after.history if said.turn == turn)
    thread = None if said.thread is None else conversation.threads.get(said.thread)
    if thread is None:
        return
    if said.crossed:
        _refuse(conversation, thread, turn, now)
    _require_limits(thread, turn)


def _refuse(conversation: Conversation, thread: Thread, turn: Turn, now: float) -> None:
    sides = [side for who in thread.sides_of(turn) if (side := thread.sides.get(who))]
    stands = ", ".join(sorted({side.state for side in sides})) or "nowhere"
    found = (str(one) for side in sides for one in options(thread, side, turn.sender, conversation.desk, now))
    open_ = list(dict.fromkeys(found))
    raise Rejected(
        f"{thread.flow.flow} stands at {stands}: {turn.kind} leads nowhere from there",
        code="conversation-state",
        hint=f"allowed now: {'; '.join(open_)}" if open_ else "nothing is allowed now",
    )


def _require_limits(thread: Thread, turn: Turn) -> None:
    for limit in thread.flow.at_most:
        count, most = turn.values.get(limit.count), thread.root.values.get(limit.limit)
        if turn.kind == limit.kind and count is not None and most is not None and int(count) > int(most):
            raise Rejected(f"{count} where the first message allows {most}", code="conversation-state", pointer=limit.count)
