"""
The work of the coordination centre, from its own home: reviews, objection windows, diffusions, and who was asked what.

Pure views. A review needs a second officer, and two reviewers in its content; what waits for the officer is shown beside
what it decides. Nothing is decided here: each step is a message that the desk writes and sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.ids import ConversationId, format_id
from gateway.message.shared.times import instant

if TYPE_CHECKING:
    from gateway.client.cases.case import Case, Standing
    from gateway.client.sending.approvals import Waiting

__all__ = ["DESKS", "Item", "desk_items"]

# What stands on each part of the desk: table and states, and None for all open ones.
DESKS: Final[dict[str, tuple[frozenset[str], frozenset[str] | None]]] = {
    "reviews": (frozenset({"notice"}), frozenset({"submitted", "processing", "clarify", "approved"})),
    "objections": (frozenset({"notice"}), frozenset({"objection"})),
    "diffusions": (frozenset({"diffusion"}), frozenset({"circulated", "under-review", "clarify", "refused"})),
    "asked": (frozenset({"request", "sighting", "evidence", "match", "measure", "meeting", "joint-team"}), None),
}


class Item(NamedTuple):
    """
    One piece of work.

    Attributes:
        desk: Which part of the desk it stands on.
        case: The conversation.
        standing: Where it stands.
        waiting: Ids of steps of this conversation that wait for a second officer, as text.
    """

    desk: str
    case: Case
    standing: Standing
    waiting: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        found = {"desk": self.desk, "conversation_id": format_id(self.case.id), **self.standing.to_json()}
        return {**found, "opened_at": instant(self.standing.thread.root.at), "waiting_for_officer": self.waiting}


def desk_items(cases: Iterable[Case], waiting: Sequence[Waiting], desk: str | None = None) -> list[Item]:
    """
    Return what is to be done, what is due first before the rest.

    Args:
        cases: Of the coordination centre.
        waiting: What waits in its home for a second officer.
        desk: One part alone.
    """
    officers: dict[ConversationId, list[str]] = {}
    for one in waiting:
        officers.setdefault(one.conversation_id, []).append(format_id(one.message_id))
    found = [
        Item(name, case, standing, tuple(officers.get(case.id, ())))
        for case in cases
        for standing in case.standings
        for name, (flows, states) in DESKS.items()
        if desk in {None, name} and standing.thread.flow.flow in flows and _stands(standing, states)
    ]
    return sorted(found, key=lambda item: (list(DESKS).index(item.desk), _due_at(item.standing)))


def _stands(standing: Standing, states: frozenset[str] | None) -> bool:
    return standing.is_open if states is None else standing.side.state in states


def _due_at(standing: Standing) -> tuple[bool, int]:
    due = standing.side.due
    return due is None, standing.side.since if due is None else due.at
