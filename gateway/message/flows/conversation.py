"""
The engine: from the messages that a home knows to where each thread of a conversation stands.

One function of the set of messages and the time: they are taken in order of acceptance, whatever the order in which they came.
A message that leads nowhere from where its thread stands is kept, and flagged as crossed. A message that begins a thread has
the thread's replies; one that a table lists moves the thread of what it answers. Spec: schemas/conversations.md, "Engine".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from gateway.ids import Address, EnvelopeHash, Participant, make_address, network_of
from gateway.message.flows.clocks import Due, due_of
from gateway.message.flows.table import SAME
from gateway.message.registry import KINDS

if TYPE_CHECKING:
    from gateway.ids import ConversationId
    from gateway.message.flows.table import Flow, Flows, Move, Party
    from gateway.message.flows.turns import Turn

__all__ = ["Conversation", "Said", "Side", "Thread", "converse"]

ALL: Final = Address("")  # the one side of a thread whose table has one state for everybody
_RECALL: Final = "system.recall"
_CORRECTION: Final = "system.correction"


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
        about: Envelope hash of the message of another thread that the first one answers, or None.
        sides: Party to where it stands for it; the empty address where there is one state for all.
    """

    flow: Flow
    root: Turn
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


def converse(turns: Iterable[Turn], desk: frozenset[Address], now: float, flows: Flows) -> list[Conversation]:
    """
    Return the conversations that messages belong to.

    Args:
        turns: Messages, in any order, each once.
        desk: Addresses of the coordination centre.
        now: Unix seconds: clocks run to here.
        flows: The tables.
    """
    by_id: dict[ConversationId, list[Turn]] = {}
    for turn in sorted(turns, key=lambda turn: turn.number):
        by_id.setdefault(turn.conversation_id, []).append(turn)
    return [_Fold(desk, flows).conversation(found, int(now)) for found in by_id.values()]


class _Fold:
    """Takes the messages of one conversation in order."""

    def __init__(self, desk: frozenset[Address], flows: Flows) -> None:
        self._desk = desk
        self._flows = flows
        self._threads: dict[EnvelopeHash, Thread] = {}
        self._said: dict[EnvelopeHash, Said] = {}
        self._early: dict[EnvelopeHash, list[Turn]] = {}  # recalls and corrections of what is not here, or not yet

    def conversation(self, turns: Sequence[Turn], now: int) -> Conversation:
        """Take all messages; the clocks run on to `now`."""
        for turn in turns:
            self._take(turn)
            for early in self._early.pop(turn.envelope_hash, ()):
                self._about(early, at=turn.at)
        for thread in self._threads.values():
            for who in thread.sides:
                self._lapse(thread, who, now)
        return Conversation(turns[0].conversation_id, self._threads, list(self._said.values()), self._desk, self._flows)

    def _take(self, turn: Turn) -> None:
        if turn.kind in {_RECALL, _CORRECTION}:
            self._about(turn, at=turn.at)
            return
        target = self._target(turn)
        thread = None if target is None else self._thread_of(target)
        opening = self._flows.opened_by(turn.kind, turn.values, turn.at)
        moved = self._moved(thread, turn) if thread is not None else None
        if opening is not None and (moved is None or (thread is not None and thread.flow.flow != opening[0].flow)):
            flow, begins = opening
            begun = Thread(flow, turn, None if target is None else target.turn.envelope_hash)
            self._threads[turn.envelope_hash] = begun
            for who in begun.sides_of(turn):
                begun.sides[who] = self._side(begun, begins.state, turn.at, (turn,))
            moved = moved or Said(turn, turn.envelope_hash, dict.fromkeys(begun.sides, begins.state))
        if moved is None:
            moved = self._remark(turn, target, thread)
        self._said[turn.envelope_hash] = moved

    def _remark(self, turn: Turn, target: Said | None, thread: Thread | None) -> Said:
        """Take a message that moves nothing: an expected answer, or one that somebody else was to give."""
        if target is None:
            return Said(turn, crossed=turn.in_reply_to is not None)
        expected = turn.kind in KINDS[target.turn.kind].replies
        if thread is None:
            return Said(turn, crossed=not expected)
        return Said(turn, thread.root.envelope_hash, crossed=not expected or turn.kind in thread.flow.kinds)

    def _target(self, turn: Turn) -> Said | None:
        """Return the message that this one answers, by the places that tables name before the header."""
        links = [turn.values[place] for table in self._flows.tables for place in table.link if place in turn.values]
        named = [EnvelopeHash(bytes.fromhex(link)) for link in links]
        if turn.in_reply_to is not None:
            named.append(turn.in_reply_to)
        return next((self._said[one] for one in named if one in self._said), None)

    def _thread_of(self, said: Said) -> Thread | None:
        own = self._threads.get(said.turn.envelope_hash)
        return own or (None if said.thread is None else self._threads.get(said.thread))

    def _moved(self, thread: Thread, turn: Turn) -> Said | None:
        """Let a message move a thread; None where no move of its table means such a message of such a party."""
        meant = [move for move in moves_of(thread, turn, self._desk) if move.fits(turn.kind, turn.values)]
        if not meant:
            return None
        led: dict[Address, str] = {}
        crossed = late = False
        for who in thread.sides_of(turn):
            self._lapse(thread, who, turn.at)
            side = thread.sides.get(who) or self._side(thread, thread.flow.opens[0].state, thread.root.at, (thread.root,))
            move = next((move for move in meant if leads(move, side, turn.at)), None)
            if move is None:
                crossed = True
                continue
            late = late or (side.due is not None and side.due.waits_for is not None and turn.at >= side.due.at)
            led[who] = side.state if move.to == SAME else move.to
            since = side.since if led[who] == side.state and move.to == SAME else turn.at
            thread.sides[who] = self._side(thread, led[who], since, (turn, *side.turns))
        return Said(turn, thread.root.envelope_hash, led, crossed=crossed, late=late)

    def _side(self, thread: Thread, state: str, since: int, turns: tuple[Turn, ...]) -> Side:
        row = thread.flow.rows[state]
        due = None if row.clock is None else due_of(self._flows, row.clock, row.waits_for, turns, thread.root, since)
        return Side(state, since, turns, due)

    def _lapse(self, thread: Thread, who: Address, now: int) -> None:
        """Let time do what a table leaves to it."""
        side = thread.sides.get(who)
        if side is None or side.due is None or now < side.due.at:
            return
        to = thread.flow.rows[side.state].lapses_to
        if to is not None:
            thread.sides[who] = self._side(thread, to, side.due.at, side.turns)

    def _about(self, turn: Turn, at: int) -> None:
        """Take a recall or a correction; one of what is not here waits for it, whichever comes first."""
        target = None if turn.in_reply_to is None else self._said.get(turn.in_reply_to)
        if target is None:
            self._said[turn.envelope_hash] = Said(turn)
            if turn.in_reply_to is not None:
                self._early.setdefault(turn.in_reply_to, []).append(turn)
            return
        may = {target.turn.sender} | (self._desk if turn.kind == _RECALL else frozenset())
        thread = self._thread_of(target)
        led: Mapping[Address, str] = {}
        if turn.sender in may:
            if turn.kind == _RECALL:
                led = {} if thread is None or thread.root != target.turn else self._recalled(thread, turn, at)
                self._said[target.turn.envelope_hash] = replace(target, recalled_by=turn.envelope_hash)
            else:
                new = turn.values.get("/body/new_message_id")
                self._said[target.turn.envelope_hash] = replace(target, corrected_by=new)
        root = None if thread is None else thread.root.envelope_hash
        self._said[turn.envelope_hash] = Said(turn, root, led, crossed=turn.sender not in may)

    def _recalled(self, thread: Thread, turn: Turn, at: int) -> Mapping[Address, str]:
        state = thread.flow.recalled_to
        reached = set(turn.recipients) | {turn.sender}
        for who, side in thread.sides.items():
            if who == ALL or who in reached:
                thread.sides[who] = self._side(thread, state, at, (turn, *side.turns))
        return {who: state for who, side in thread.sides.items() if side.state == state}


def moves_of(thread: Thread, turn: Turn, desk: frozenset[Address]) -> list[Move]:
    """Return the moves of a thread's table that the sender of a message may make."""
    roles = thread.roles(turn.sender, desk)
    return [move for move in thread.flow.moves if not roles.isdisjoint(move.by)]


def leads(move: Move, side: Side, at: int) -> bool:
    """Say whether a move leads on from where a side stands at a time."""
    waited = not move.after_clock or (side.due is not None and at >= side.due.at)
    return side.state in move.sources and waited
