"""
Until when a step is due, and how it stands: due, at risk, overdue.

A time that a message names goes before the table's; a day ends at midnight UTC. Spec: schemas/conversations.md, "Clocks".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from gateway.message.shared.times import unix_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.message.content import Urgency
    from gateway.message.flows.table import Clock, Flows, Party
    from gateway.message.flows.turns import Turn

__all__ = ["Due", "Pace", "due_of"]

_DAY_S: Final = 86_400
_DAY_LENGTH: Final = len("2099-01-01")
_RESPOND_BY: Final = "header:respond_by"


class Pace(StrEnum):
    """How a step stands at a time."""

    DUE = "due"
    AT_RISK = "at-risk"
    OVERDUE = "overdue"


class Due(NamedTuple):
    """
    A step that somebody owes, or that time takes.

    Args:
        clock: Name of the clock.
        since: When it began, Unix seconds.
        at: When it ends, Unix seconds.
        at_risk_at: From when it is at risk.
        waits_for: Who owes it; None where only time passes.
    """

    clock: str
    since: int
    at: int
    at_risk_at: int
    waits_for: Party | None

    def pace(self, now: float) -> Pace:
        """Say how it stands."""
        if now >= self.at:
            return Pace.OVERDUE
        return Pace.AT_RISK if now >= self.at_risk_at else Pace.DUE


def due_of(flows: Flows, name: str, waits_for: Party | None, turns: Iterable[Turn], root: Turn, since: int) -> Due | None:
    """
    Return until when a step is due.

    Args:
        flows: The tables.
        name: Of the clock.
        waits_for: Who owes the step.
        turns: Messages of the thread that may name a time, newest first; its first one last.
        root: The first message of the thread: its kind and urgency choose the row.
        since: When the step began.

    Returns:
        None where the clock has no length of its own, and no message names a time.
    """
    clock = flows.clock(name, root.kind, root.at)
    at = next((time for turn in turns if (time := _time_in(turn, clock, root, since)) is not None), None)
    if at is None:
        within_s = clock.within_s.get(cast("Urgency", root.urgency))
        if within_s is None:
            return None
        at = since + within_s
    at_risk_at = since + max(0, at - since) * flows.at_risk_after_percent // 100
    return Due(name, since, at, at_risk_at, waits_for)


def _time_in(turn: Turn, clock: Clock, root: Turn, since: int) -> int | None:
    """Return the time that a message names for a clock; what an earlier one named for an earlier step is over."""
    if _RESPOND_BY in clock.at and turn.respond_by is not None and turn.sender == root.sender:
        return turn.respond_by
    found = (_time(turn.values[place]) for place in clock.at if place in turn.values)
    return next((time for time in found if time > since or turn.at >= since), None)


def _time(text: str) -> int:
    return int(unix_time(f"{text}T00:00:00Z")) + _DAY_S if len(text) == _DAY_LENGTH else int(unix_time(text))
