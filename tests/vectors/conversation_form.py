"""
Turns and conversations as the vectors write them: JSON, ids as text, turns named by their numbers.

Spec: schemas/conversations.md, "Vectors".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.ids import format_id
from gateway.message.flows import Turn, converse, flows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.ids import Address
    from gateway.message.flows import Conversation, Said, Side, Thread

__all__ = ["message_of", "turn_of", "view_of"]

_HASHES: Final = ("envelope_hash", "in_reply_to")
_IDS: Final = ("message_id", "conversation_id")
_NOT_READ: Final = {"handling": "amber/restricted", "created": 0, "expires": 0}  # of a turn, but by no rule


def message_of(turn: Turn) -> dict[str, Any]:
    """Write a turn."""
    fields = {name: getattr(turn, name) for name in turn.__struct_fields__ if name not in _NOT_READ}
    named = {name: fields[name] and format_id(fields[name]) for name in (*_HASHES, *_IDS)}
    return {**fields, **named, "recipients": list(turn.recipients)}


def turn_of(message: dict[str, Any]) -> Turn:
    """Read a turn that `message_of` wrote."""
    ids = {name: message[name] and bytes.fromhex(message[name].replace("-", "")) for name in (*_HASHES, *_IDS)}
    return Turn(**{**_NOT_READ, **message, **ids, "recipients": tuple(message["recipients"])})


def view_of(turns: Iterable[Turn], desk: Sequence[Address], now: int) -> dict[str, Any]:
    """Write what the engine says of one conversation at a time."""
    (found,) = converse(turns, frozenset(desk), now, flows())
    numbers = {bytes(said.turn.envelope_hash): said.turn.number for said in found.history}
    return {
        "now": now,
        "threads": [_thread(one, numbers) for one in found.threads.values()],
        "history": [_said(one, found, numbers) for one in found.history],
    }


def _thread(thread: Thread, numbers: dict[bytes, int]) -> dict[str, Any]:
    return {
        "first": thread.root.number,
        "flow": thread.flow.flow,
        "version": thread.flow.version,
        "about": None if thread.about is None else numbers[thread.about],
        "sides": {str(party): _side(side) for party, side in thread.sides.items()},
    }


def _side(side: Side) -> dict[str, Any]:
    due = side.due and {name: value for name, value in side.due._asdict().items() if name != "since"}
    return {"state": side.state, "since": side.since, "turns": [turn.number for turn in side.turns], "due": due}


def _said(said: Said, conversation: Conversation, numbers: dict[bytes, int]) -> dict[str, Any]:
    assert said.thread is None or said.thread in conversation.threads
    return {
        "number": said.turn.number,
        "thread": None if said.thread is None else numbers[said.thread],
        "led": {str(party): state for party, state in said.led.items()},
        "crossed": said.crossed,
        "late": said.late,
        "recalled_by": None if said.recalled_by is None else numbers[said.recalled_by],
        "corrected_by": said.corrected_by,
    }
