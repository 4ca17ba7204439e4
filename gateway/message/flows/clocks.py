"""
Until when a step is due, and how it stands: due, at risk, overdue.

A time that a message names goes before the table's; a day ends at midnight UTC. What is no time, or was past when it was asked
for, names none: whoever writes a message must not decide by it whether others can be read, or are late.
Spec: schemas/conversations.md, "Clocks".
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from gateway.message.shared.times import unix_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.message.content import Urgency
    from gateway.message.flows.table import Clock, Flows, Party
    from gateway.message.flows.turns import Turn

__all__ = ["Due", "Pace", "due_of"]

_DAY_S: Final = 86_400
_DAY_LENGTH: Final = len("2099-01-01")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?")
_LAST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z: no later time can be written as text
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
    at = next(_named(turns, clock, root, since), None)
    if at is None:
        within_s = clock.within_s.get(cast("Urgency", root.urgency))
        if within_s is None:
            return None
        at = since + within_s
    at_risk_at = since + max(0, at - since) * flows.at_risk_after_percent // 100
    return Due(name, since, at, at_risk_at, waits_for)


def _named(turns: Iterable[Turn], clock: Clock, root: Turn, since: int) -> Iterator[int]:
    """Yield the times that messages name for a step, newest first; what an earlier one named for an earlier step is over."""
    asked_anew = False
    for turn in turns:
        opener = turn.sender == root.sender
        if opener and turn.respond_by is not None and _RESPOND_BY in clock.at and not asked_anew and turn.respond_by > turn.at:
            yield min(turn.respond_by, _LAST)
        found = (_time(turn.values[place]) for place in clock.at if place in turn.values)
        yield from (time for time in found if time is not None and (time > since or turn.at >= since))
        asked_anew = asked_anew or (opener and turn.kind == root.kind)


def _time(text: str) -> int | None:
    """Read a day or an instant; None for anything else."""
    if not _TIME.fullmatch(text):
        return None
    try:
        at = int(unix_time(f"{text}T00:00:00Z")) + _DAY_S if len(text) == _DAY_LENGTH else int(unix_time(text))
    except ValueError:  # no such day
        return None
    return min(at, _LAST)
