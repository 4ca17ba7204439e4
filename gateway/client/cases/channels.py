"""
The same request in several conversations: what stands elsewhere, and one row of a board for what is owed once.

Pure. A channel is answered when this reader ended its own part in it: executed, refused, closed, a notice decided; a question,
or a word that it came, is no answer. Then the others are not owed any more, and stay to be seen: the gateway that carried them
still counts, and their sender may be another one. Nothing is sent, hidden or ended because of a link.
Spec: schemas/messages.md, "The same request, two ways".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.message.shared.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.client.cases.case import Case, Owed, Standing
    from gateway.client.receiving.twins import Twin
    from gateway.ids import EnvelopeHash

__all__ = ["Channel", "answered", "merged", "request_of", "with_channels"]

# What is said of a message in no thread of its own, by the state of its arrival.
_UNPLACED: Final = {
    "waiting": "not acknowledged yet",
    "acknowledged": "another message took its place",
    "rejected": "refused by this home",
}


class Channel(NamedTuple):
    """
    The same request as it came another way.

    Attributes:
        twin: The message.
        standing: Where it stands with this reader; None while it is not acknowledged, or where another message took its place.
    """

    twin: Twin
    standing: Standing | None

    @property
    def is_answered(self) -> bool:
        """Whether this reader answered it there."""
        return self.standing is not None and answered(self.standing)

    @property
    def is_open(self) -> bool:
        """Whether anything is still expected there; what was refused unread, or replaced, expects nothing."""
        return self.twin.state == "waiting" or (self.standing is not None and self.standing.is_open)

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        standing = self.standing
        due = None if standing is None or standing.pace is None else standing.side.due
        return {
            **self.twin.to_json(),
            "state": None if standing is None else standing.side.state,
            "due": None if due is None else instant(due.at),
            "answered": self.is_answered,
        }

    def __str__(self) -> str:
        """Say in words where else the request is, who sent it, and how it stands there."""
        told = self.to_json()
        stands = told["state"] or _UNPLACED[self.twin.state]
        due = f", due {told['due']}" if told["due"] else ""
        wrong = f"; its sender has it right in {told['corrected_by']}" if told["corrected_by"] else ""
        return f"{told['conversation_id']} from {told['sender']}: {'answered, ' * self.is_answered}{stands}{due}{wrong}"


def answered(standing: Standing) -> bool:
    """Say whether the reader spoke the last word that was owed on what another one asked."""
    thread, side = standing.thread, standing.side
    over = thread.flow.rows[side.state].waits_for is None and side.state != thread.flow.recalled_to
    return over and any(turn.sender == standing.me for turn in side.turns)


def request_of(standing: Standing) -> EnvelopeHash:
    """Return what is asked now: the newest message of the one who opened the thread that is of its first one's kind."""
    root = standing.thread.root
    asked = (turn for turn in standing.side.turns if (turn.sender, turn.kind) == (root.sender, root.kind))
    return next(asked, root).envelope_hash


def with_channels(cases: Iterable[Case], twins: Mapping[EnvelopeHash, Sequence[Twin]]) -> list[Case]:
    """
    Return cases that know where else their requests are.

    Args:
        cases: Of one reader; all in which a twin stands, for where it stands to be told.
        twins: Of a message those that are the same.
    """
    found = list(cases)
    if not twins:
        return found
    stands = {request_of(one): one for case in found for one in case.standings if one.party in {"", case.me}}
    channels = {
        envelope_hash: tuple(Channel(twin, stands.get(twin.envelope_hash)) for twin in others)
        for envelope_hash, others in twins.items()
    }
    return [replace(case, channels=channels) for case in found]


def merged(rows: Iterable[Owed]) -> list[Owed]:
    """
    Return a board on which the same request is owed once, in its most pressing channel; what was answered elsewhere comes last.

    Args:
        rows: What is due first before the rest.
    """
    owed: list[Owed] = []
    elsewhere: list[Owed] = []
    told: set[EnvelopeHash] = set()
    for row in rows:
        if row.answered_in is not None:
            elsewhere.append(row)
        elif not row.mine or request_of(row.standing) not in told:
            owed.append(row)
            told |= {one.twin.envelope_hash for one in row.standing.channels} if row.mine else set()
    return [*owed, *elsewhere]
