"""
The engine: from the messages that a home knows to where each thread of a conversation stands.

One function of the set of messages and the time: they are taken in order of acceptance, whatever the order in which they came.
A message that leads nowhere from where its thread stands is kept, and flagged as crossed. A message that begins a thread has
the thread's replies; one that a table lists moves the thread of what it answers. Spec: schemas/conversations.md, "Engine".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.ids import Address, EnvelopeHash, format_id
from gateway.message.flows.clocks import due_of
from gateway.message.flows.conversation import ALL, Conversation, Said, Side, Thread
from gateway.message.flows.table import SAME
from gateway.message.registry import KINDS

if TYPE_CHECKING:
    from gateway.ids import ConversationId
    from gateway.message.flows.table import Flows, Move
    from gateway.message.flows.turns import Turn

__all__ = ["converse", "leads"]

_RECALL: Final = "system.recall"
_CORRECTION: Final = "system.correction"
_RIGHT: Final = "/body/new_message_id"


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
        self._first: dict[EnvelopeHash, Thread] = {}  # the same, and by what has a first message right
        self._said: dict[EnvelopeHash, Said] = {}
        self._early: dict[EnvelopeHash, list[Turn]] = {}  # recalls and corrections of what is not here, or not yet
        self._right: dict[tuple[Address, str], EnvelopeHash] = {}  # author and id of what has it right, to what was wrong

    def conversation(self, turns: Sequence[Turn], now: int) -> Conversation:
        """Take all messages; the clocks run on to `now`."""
        self._right = {
            (turn.sender, turn.values[_RIGHT]): turn.in_reply_to
            for turn in turns
            if turn.kind == _CORRECTION and turn.in_reply_to is not None and _RIGHT in turn.values
        }
        for turn in turns:
            self._take(turn)
            for early in self._early.pop(turn.envelope_hash, ()):
                self._about(early, at=turn.at)
        for thread in self._threads.values():
            thread.sides |= {who: self._lapsed(thread, who, now) for who in thread.sides}
        return Conversation(turns[0].conversation_id, self._threads, list(self._said.values()), self._desk, self._flows)

    def _take(self, turn: Turn) -> None:
        if turn.kind in {_RECALL, _CORRECTION}:
            self._about(turn, at=turn.at)
            return
        if turn.erased:
            self._said[turn.envelope_hash] = Said(turn)
            return
        right = self._put_right(turn)
        if right is not None:
            self._said[turn.envelope_hash] = right
            return
        target = self._target(turn)
        thread = None if target is None else self._thread_of(target)
        opening = self._flows.opened_by(turn.kind, turn.values, turn.at)
        moved = self._moved(thread, turn) if thread is not None else None
        if opening is not None and (moved is None or (thread is not None and thread.flow.flow != opening[0].flow)):
            flow, begins = opening
            begun = Thread(flow, turn, begins.state, None if target is None else target.turn.envelope_hash)
            self._threads[turn.envelope_hash] = self._first[turn.envelope_hash] = begun
            begun.sides |= {who: self._begun(begun) for who in begun.sides_of(turn)}
            moved = moved or Said(turn, turn.envelope_hash, dict.fromkeys(begun.sides, begins.state))
        if moved is None:
            moved = self._remark(turn, target, thread)
        self._said[turn.envelope_hash] = moved

    def _remark(self, turn: Turn, target: Said | None, thread: Thread | None) -> Said:
        """Take a message that moves nothing: an expected answer, or one that somebody else was to give."""
        if target is None:
            return Said(turn, crossed=turn.in_reply_to is not None)
        expected = target.turn.erased or turn.kind in KINDS[target.turn.kind].replies
        if thread is None:
            return Said(turn, crossed=not expected)
        return Said(turn, thread.root.envelope_hash, crossed=not expected or turn.kind in thread.flow.kinds)

    def _target(self, turn: Turn) -> Said | None:
        """Return the message that this one answers, by the places that tables name before the header."""
        places = (place for table in self._flows.tables if turn.kind in table.kinds for place in table.link)
        links = [turn.values[place] for place in places if place in turn.values]
        named = [EnvelopeHash(bytes.fromhex(link)) for link in links]
        if turn.in_reply_to is not None:
            named.append(turn.in_reply_to)
        return next((self._said[one] for one in named if one in self._said), None)

    def _thread_of(self, said: Said) -> Thread | None:
        own = self._threads.get(said.turn.envelope_hash)
        return own or (None if said.thread is None else self._threads.get(said.thread))

    def _moved(self, thread: Thread, turn: Turn) -> Said | None:
        """Let a message move a thread; None where no move of its table means such a message of such a party."""
        meant = [move for move in _moves_of(thread, turn, self._desk) if move.fits(turn.kind, turn.values)]
        if not meant:
            return None
        roles = thread.roles(turn.sender, self._desk)
        led: dict[Address, str] = {}
        crossed = late = False
        for who in thread.sides_of(turn):
            side = self._lapsed(thread, who, turn.at)
            move = next((move for move in meant if leads(move, side, turn.at)), None)
            if move is None:
                crossed = True
                continue
            late = late or (side.due is not None and side.due.waits_for in roles and turn.at >= side.due.at)
            led[who] = side.state if move.to == SAME else move.to
            since = side.since if move.to == SAME else turn.at
            thread.sides[who] = self._side(thread, led[who], since, (turn, *side.turns))
        return Said(turn, thread.root.envelope_hash, led, crossed=crossed, late=late)

    def _put_right(self, turn: Turn) -> Said | None:
        """Let a message take the place of a first one that its author corrected; None where it is no such message."""
        wrong = self._right.get((turn.sender, format_id(turn.message_id)))
        thread = None if wrong is None else self._first.get(wrong)
        if thread is None or (thread.root.sender, thread.root.kind) != (turn.sender, turn.kind):
            return None
        self._first[turn.envelope_hash] = thread
        led: dict[Address, str] = {}
        for who in thread.sides_of(turn):
            side = self._lapsed(thread, who, turn.at)
            led[who] = side.state
            thread.sides[who] = self._side(thread, side.state, side.since, (turn, *side.turns))
        return Said(turn, thread.root.envelope_hash, led)

    def _begun(self, thread: Thread) -> Side:
        return self._side(thread, thread.begins, thread.root.at, (thread.root,))

    def _side(self, thread: Thread, state: str, since: int, turns: tuple[Turn, ...]) -> Side:
        row = thread.flow.rows[state]
        due = None if row.clock is None else due_of(self._flows, row.clock, row.waits_for, turns, thread.root, since)
        return Side(state, since, turns, due)

    def _lapsed(self, thread: Thread, who: Address, now: int) -> Side:
        """Return where a side stands after time did what the table leaves to it; one that was not there begins."""
        side = thread.sides.get(who) or self._begun(thread)
        to = thread.flow.rows[side.state].lapses_to
        if to is None or side.due is None or now < side.due.at:
            return side
        return self._side(thread, to, side.due.at, side.turns)

    def _about(self, turn: Turn, at: int) -> None:
        """Take a recall or a correction; one of what is not here waits for it, whichever comes first."""
        target = None if turn.in_reply_to is None else self._said.get(turn.in_reply_to)
        if target is None:
            self._said[turn.envelope_hash] = Said(turn)
            if turn.in_reply_to is not None:
                self._early.setdefault(turn.in_reply_to, []).append(turn)
            return
        counts = turn.sender == target.turn.sender or self._by_desk(turn, target.turn)
        thread = self._thread_of(target)
        led: Mapping[Address, str] = {}
        if counts:
            if turn.kind == _RECALL:
                begun = self._first.get(target.turn.envelope_hash)
                led = {} if begun is None else self._recalled(begun, turn, at)
                self._said[target.turn.envelope_hash] = replace(target, recalled_by=turn.envelope_hash)
            else:
                new = turn.values.get(_RIGHT)
                self._said[target.turn.envelope_hash] = replace(target, corrected_by=new)
        root = None if thread is None else thread.root.envelope_hash
        self._said[turn.envelope_hash] = Said(turn, root, led, crossed=not counts)

    def _by_desk(self, turn: Turn, target: Turn) -> bool:
        """Say whether the coordination centre recalls what the registry lets it."""
        kind = KINDS.get(target.kind)
        return turn.kind == _RECALL and turn.sender in self._desk and kind is not None and kind.recalled_by_desk

    def _recalled(self, thread: Thread, turn: Turn, at: int) -> Mapping[Address, str]:
        state = thread.flow.recalled_to
        reached = {ALL, *turn.recipients, turn.sender}
        led = {who: state for who in thread.sides if who in reached}
        thread.sides |= {who: self._side(thread, state, at, (turn, *thread.sides[who].turns)) for who in led}
        return led


def _moves_of(thread: Thread, turn: Turn, desk: frozenset[Address]) -> list[Move]:
    """Return the moves of a thread's table that the sender of a message may make."""
    roles = thread.roles(turn.sender, desk)
    return [move for move in thread.flow.moves if not roles.isdisjoint(move.by)]


def leads(move: Move, side: Side, at: int) -> bool:
    """Say whether a move leads on from where a side stands at a time."""
    waited = not move.after_clock or (side.due is not None and at >= side.due.at)
    return side.state in move.sources and waited
