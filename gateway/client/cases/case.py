"""
A conversation as one participant sees it: where each thread stands, who owes what until when, and what may be said next.

Pure views over `gateway.message.flows`; everything in them is from the participant's own home.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.client.cases.channels import merged, request_of
from gateway.ids import Address, format_id
from gateway.message.flows import Pace, options
from gateway.message.shared.times import instant

if TYPE_CHECKING:
    from gateway.client.cases.channels import Channel
    from gateway.ids import ConversationId, EnvelopeHash
    from gateway.message.flows import Conversation, Due, Option, Said, Side, Thread

__all__ = ["Case", "Owed", "Standing", "board"]

_ORDER: Final = {Pace.OVERDUE: 0, Pace.AT_RISK: 1, Pace.DUE: 2, None: 3}


class Standing(NamedTuple):
    """
    Where a thread stands with one party.

    Attributes:
        thread: Its first message and its table.
        party: The other party; empty where the thread has one state for all.
        side: State and clock.
        owed_by: Who owes the next step; empty where nobody does.
        options: What I may say next.
        now: Unix seconds.
        me: Who sees it so.
        channels: Where else the same request is, in order of acceptance.
    """

    thread: Thread
    party: Address
    side: Side
    owed_by: tuple[Address, ...]
    options: tuple[Option, ...]
    now: float
    me: Address
    channels: tuple[Channel, ...] = ()

    @property
    def pace(self) -> Pace | None:
        """How the next step stands; None where no clock runs, or nobody owes it."""
        return None if self.side.due is None or not self.owed_by else self.side.due.pace(self.now)

    @property
    def answered_in(self) -> Channel | None:
        """Where this reader answered the same request, of what he still owes here; None where nowhere."""
        return next((one for one in self.channels if one.is_answered), None) if self.me in self.owed_by else None

    @property
    def is_open(self) -> bool:
        """Whether anything is still expected."""
        return self.thread.flow.rows[self.side.state].open

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        root, due = self.thread.root, self.side.due
        return {
            "flow": self.thread.flow.flow,
            "kind": root.kind,
            "opened_by": root.sender,
            "message_id": format_id(root.message_id),
            "envelope_hash": format_id(root.envelope_hash),
            "about": None if self.thread.about is None else format_id(self.thread.about),
            "party": self.party,
            "state": self.side.state,
            "label": self.thread.flow.rows[self.side.state].label,
            "since": instant(self.side.since),
            "open": self.is_open,
            "due": None if due is None else _due(due, self.pace),
            "owed_by": self.owed_by,
            "next": [str(one) for one in self.options],
            "same_as": [one.to_json() for one in self.channels],
            "answered_in": None if self.answered_in is None else format_id(self.answered_in.twin.conversation_id),
        }


@dataclass(frozen=True, slots=True)
class Case:
    """
    A conversation of a participant.

    Args:
        conversation: As the engine reads it.
        me: Whose view it is.
        now: Unix seconds.
        questions: By envelope hash, what a message asks in words; empty where they were not read.
        channels: By envelope hash, where else the same request is; see `with_channels`.
    """

    conversation: Conversation
    me: Address
    now: float
    questions: Mapping[bytes, Sequence[str]]
    channels: Mapping[EnvelopeHash, tuple[Channel, ...]] = field(default_factory=dict)

    @property
    def id(self) -> ConversationId:
        """As in the header."""
        return self.conversation.id

    @property
    def standings(self) -> list[Standing]:
        """Every thread, with every party that I may know of, in order of acceptance."""
        return [
            self._standing(thread, party, side)
            for thread in self.conversation.threads.values()
            for party, side in thread.sides.items()
        ]

    @property
    def is_open(self) -> bool:
        """Whether anything is still expected."""
        return any(standing.is_open for standing in self.standings)

    @property
    def pressing(self) -> Standing | None:
        """The step that is due first, of whoever owes it; None where no clock runs."""
        timed = [standing for standing in self.standings if standing.pace is not None]
        return min(timed, key=_by_time, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return all of it for a JSON encoder."""
        return {
            "conversation_id": format_id(self.id),
            "open": self.is_open,
            "threads": [standing.to_json() for standing in self.standings],
            "history": [self._said(said) for said in self.conversation.history],
        }

    def _standing(self, thread: Thread, party: Address, side: Side) -> Standing:
        conversation = self.conversation
        next_ = options(thread, side, self.me, conversation.desk, self.now)
        if thread.flow.sides == "each" and self.me not in {party, thread.root.sender}:
            next_ = []
        owing = _owing(thread, party, side, self.me, conversation.desk)
        found = Standing(thread, party, side, owing, tuple(next_), self.now, self.me)
        # Of a thread that has a side for each who was asked, only the reader's own can be the same as another of his.
        own = party in {"", self.me}
        return found._replace(channels=self.channels.get(request_of(found), ())) if own else found

    def _said(self, said: Said) -> dict[str, Any]:
        turn = said.turn
        return {
            "number": turn.number,
            "at": instant(turn.at),
            "sender": turn.sender,
            "recipients": turn.recipients if turn.sender == self.me else (),
            "kind": turn.kind,
            "message_id": format_id(turn.message_id),
            "envelope_hash": format_id(turn.envelope_hash),
            "in_reply_to": None if turn.in_reply_to is None else format_id(turn.in_reply_to),
            "led_to": {party or "all": state for party, state in said.led.items()},
            "crossed": said.crossed,
            "erased": turn.erased,
            "late": said.late,
            "recalled_by": None if said.recalled_by is None else format_id(said.recalled_by),
            "corrected_by": said.corrected_by,
            "questions": self.questions.get(turn.envelope_hash, ()),
        }


class Owed(NamedTuple):
    """
    A step with an end, on a participant's board.

    Attributes:
        case: The conversation.
        standing: The thread and the party.
        mine: True for what I owe, False for what I am owed, and for what I answered in another channel.
        answered_in: That channel; None for what is owed.
    """

    case: Case
    standing: Standing
    mine: bool
    answered_in: Channel | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder."""
        found = self.standing.to_json()
        return {"conversation_id": format_id(self.case.id), "mine": self.mine, **found}


def board(cases: Iterable[Case]) -> list[Owed]:
    """Return what is owed to and by their reader, what is late first, then by its end; what came twice is owed once."""
    found = [
        Owed(case, standing, case.me in standing.owed_by and standing.answered_in is None, standing.answered_in)
        for case in cases
        for standing in case.standings
        if standing.pace is not None and (case.me in standing.owed_by or _concerns(case, standing))
    ]
    return merged(sorted(found, key=lambda owed: _by_time(owed.standing)))


def _concerns(case: Case, standing: Standing) -> bool:
    """Say whether the reader waits for this step: his own question, or one that he has to see to."""
    return case.me in {standing.thread.root.sender, standing.party} | case.conversation.desk


def _owing(thread: Thread, party: Address, side: Side, me: Address, desk: frozenset[Address]) -> tuple[Address, ...]:
    waits_for = thread.flow.rows[side.state].waits_for
    match waits_for:
        case "opener" | "owner":
            return (thread.root.sender,)
        case "desk":
            return tuple(sorted(desk))
        case "other" if party:
            return (party,)
        case "other":
            known = {one for turn in side.turns for one in turn.recipients if turn.sender == thread.root.sender}
            return tuple(sorted((known or {me}) - {thread.root.sender}))
    return ()


def _by_time(standing: Standing) -> tuple[int, int]:
    due = standing.side.due
    return _ORDER[standing.pace], 0 if due is None else due.at


def _due(due: Due, pace: Pace | None) -> dict[str, Any]:
    return {"clock": due.clock, "at": instant(due.at), "pace": pace}
