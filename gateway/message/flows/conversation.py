"""
What a conversation is to its reader: threads with their sides, and a history of what was said.

Made by the engine alone. Spec: schemas/conversations.md, "Words".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.ids import Address, EnvelopeHash, Participant, make_address, network_of

if TYPE_CHECKING:
    from gateway.ids import ConversationId
    from gateway.message.flows.clocks import Due
    from gateway.message.flows.table import Flow, Flows, Party
    from gateway.message.flows.turns import Turn

__all__ = ["ALL", "Conversation", "Said", "Side", "Thread"]

ALL: Final = Address("")  # the one side of a thread whose table has one state for everybody


@dataclass(frozen=True, slots=True)
class Side:
    """
    Where a thread stands for one party.

    Args:
        state: Of the flow's table.
        since: When it came there, Unix seconds.
        turns: What moved it, newest first; the thread's first message last.
        due: Until when the next step is due; None where no clock runs.
    """

    state: str
    since: int
    turns: tuple[Turn, ...]
    due: Due | None


@dataclass(slots=True)
class Thread:
    """
    A message that began something, and what followed.

    Args:
        flow: The table that it follows.
        root: Its first message.
        begins: The state in which that left it.
        about: Envelope hash of the message of another thread that the first one answers, or None.
        sides: Party to where it stands for it; the empty address where there is one state for all.
    """

    flow: Flow
    root: Turn
    begins: str
    about: EnvelopeHash | None
    sides: dict[Address, Side] = field(default_factory=dict)

    def roles(self, who: Address, desk: frozenset[Address]) -> frozenset[Party]:
        """Return what somebody is in this thread."""
        owner = self.root.values.get("/body/owner")
        owners = self.root.sender if owner is None else make_address(Participant(owner), network_of(self.root.sender))
        found: set[Party] = {"opener" if who == self.root.sender else "other"}
        found |= {"desk"} if who in desk else set()
        return frozenset(found | ({"owner"} if who == owners else set()))

    def sides_of(self, turn: Turn) -> Sequence[Address]:
        """Return the sides that a message is about."""
        if self.flow.sides == "one":
            return [ALL]
        if turn.sender != self.root.sender:
            return [turn.sender]
        return [one for one in turn.recipients if one != self.root.sender]


@dataclass(frozen=True, slots=True)
class Said:
    """
    A message in the history of a conversation.

    Args:
        turn: The message.
        thread: First message of the thread that it moved, began or remarks on; None where it belongs to none.
        led: Side to the state that it led to; empty where it moved nothing.
        crossed: It leads nowhere from where its thread stood: another message was faster, or it answers what is not here.
        late: It came after its step was due.
        recalled_by: The recall that counts against it.
        corrected_by: Id of the message that has it right, as text.
    """

    turn: Turn
    thread: EnvelopeHash | None = None
    led: Mapping[Address, str] = field(default_factory=dict)
    crossed: bool = False
    late: bool = False
    recalled_by: EnvelopeHash | None = None
    corrected_by: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    A conversation at a time.

    Args:
        id: As in the header.
        threads: By their first message, in order of acceptance.
        history: Every message, in order of acceptance.
        desk: Who the coordination centre is.
        flows: The tables.
    """

    id: ConversationId
    threads: Mapping[EnvelopeHash, Thread]
    history: Sequence[Said]
    desk: frozenset[Address]
    flows: Flows

    def thread_of(self, envelope_hash: EnvelopeHash) -> Thread | None:
        """Return the thread that an answer to a message belongs to."""
        said = next((said for said in self.history if said.turn.envelope_hash == envelope_hash), None)
        if said is None:
            return None
        return self.threads.get(envelope_hash) or (self.threads.get(said.thread) if said.thread is not None else None)
