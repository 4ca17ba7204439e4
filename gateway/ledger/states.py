"""
Life of a delivery, as a table.

Every change of state is one of `TRANSITIONS`, or changes nothing; SQL conditions are derived from it (`sources`, `OPEN`).
A receipt may skip states: `steps` gives the shortest legal way to what it says, so an `opened` implies `delivered`, and a
`delivered` for a held row releases it first. Out of an ended state there is no way: a receipt that comes later is kept as
an event (`LATE`) and the state stays, because it has been told to the sender.
A delivery to another network waits as `outbound` for the relay; from `relayed` on the gateway there knows it alone, so that
only receipts from there move it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Final

__all__ = [
    "ACTION",
    "ANNOUNCED",
    "DESTROYED",
    "DIRECTORY",
    "ENDED",
    "INBOX",
    "LATE",
    "MAY_EXPIRE",
    "OPEN",
    "OWES_NOTHING",
    "RECALL",
    "TOLD",
    "TRANSITIONS",
    "WAITING",
    "State",
    "event_of",
    "sources",
    "steps",
]


class State(StrEnum):
    """Where a delivery stands; the words of `schemas` and of receipts."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    DELIVERED = "delivered"
    OPENED = "opened"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RECALLED = "recalled"
    HELD = "held"
    OUTBOUND = "outbound"
    RELAYED = "relayed"
    REFUSED = "refused"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.ACCEPTED: frozenset({State.QUEUED, State.DELIVERED, State.EXPIRED, State.RECALLED, State.HELD}),
    State.QUEUED: frozenset({State.ACCEPTED, State.DELIVERED, State.EXPIRED, State.RECALLED, State.HELD}),
    State.DELIVERED: frozenset({State.OPENED, State.REJECTED}),
    State.HELD: frozenset({State.ACCEPTED, State.OUTBOUND, State.EXPIRED, State.RECALLED}),
    State.OUTBOUND: frozenset({State.RELAYED, State.REFUSED, State.EXPIRED, State.RECALLED, State.HELD}),
    State.RELAYED: frozenset({State.DELIVERED, State.EXPIRED, State.RECALLED, State.HELD}),
    State.OPENED: frozenset(),
    State.REJECTED: frozenset(),
    State.EXPIRED: frozenset(),
    State.RECALLED: frozenset(),
    State.REFUSED: frozenset(),
}

ENDED: Final = tuple(state for state, ways in TRANSITIONS.items() if not ways)
OPEN: Final = tuple(state for state, ways in TRANSITIONS.items() if ways)
# What this gateway may still end by itself.
MAY_EXPIRE: Final = tuple(s for s, ways in TRANSITIONS.items() if State.EXPIRED in ways and s is not State.RELAYED)
WAITING: Final = (State.ACCEPTED, State.QUEUED)  # still to be conveyed
INBOX: Final = (*WAITING, State.DELIVERED)  # what a thin client finds: it may have lost what it was given before

DESTROYED: Final = "destroyed"  # what a recipient says of its copy; it changes no state

# Events that change no state: the receipt came after the end, or speaks of what follows it.
LATE: Final[Mapping[str, str]] = {
    State.DELIVERED: "delivered-late",
    State.OPENED: "opened-late",
    State.REJECTED: "rejected-late",
    DESTROYED: DESTROYED,
}
DIRECTORY: Final = "directory"  # the event of a new directory version, and of each thing that changed with it
ACTION: Final = "action"  # the event of what an operator did

RECALL: Final = "system.recall"  # the kind whose acceptance moves deliveries of another message

# Kinds that change what holders do with a message that they have. Their `opened` is the proof of it: their author is told.
ANNOUNCED: Final = ("notice.lifecycle", "system.correction")

# Ends and halts that the author of a message is told of, wherever his SDK is.
TOLD: Final = (State.REJECTED, State.EXPIRED, State.RECALLED, State.HELD, State.REFUSED)

# A recipient that never got the message, or could not read it, owes no answer.
OWES_NOTHING: Final = frozenset({State.REJECTED, State.EXPIRED, State.RECALLED, State.REFUSED})


def sources(goal: State) -> tuple[State, ...]:
    """Return the states from which this gateway itself may take a delivery to `goal` by one transition."""
    return tuple(state for state, ways in TRANSITIONS.items() if goal in ways and state is not State.RELAYED)


@cache
def steps(state: State, goal: State) -> tuple[State, ...]:
    """Return the shortest legal way from `state` to `goal`, `goal` included; empty when there is none, or nothing to do."""
    ways: list[tuple[State, ...]] = [(after,) for after in TRANSITIONS[state]]
    for way in ways:  # grows while it is read: breadth first
        if way[-1] == goal:
            return way
        ways.extend((*way, after) for after in TRANSITIONS[way[-1]] if after not in way and after != state)
    return ()


def event_of(before: State, after: State) -> str:
    """Name the event of a transition: the new state, but going back to where it waits has names of its own."""
    if after is State.OUTBOUND:
        return "released"
    if after is State.ACCEPTED:
        return "released" if before is State.HELD else "requeued"
    return after.value
