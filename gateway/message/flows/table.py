"""
The tables of `schemas/flows/`: states, moves and clocks as data, each version with the day from which it counts.

A thread follows the version that was in force when its first message was accepted, to its end. A table is checked when it is
read: a state that nothing leads to, a move between states that are not there, or a clock without a row is `Corrupt`.
Spec: schemas/conversations.md, "Tables".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from gateway.errors import Corrupt
from gateway.message.content import Urgency
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RECALLED", "Clock", "Flow", "Flows", "Move", "Party", "StateRow", "flows", "read_flows"]

Party = Literal["opener", "other", "desk", "owner"]
RECALLED: Final = "recalled"  # the state of a thread whose first message was recalled, where its table names no other
SAME: Final = "="


class StateRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A state.

    Args:
        state: Its name.
        label: For people.
        open: Whether anything is still expected to happen.
        waits_for: Who owes the next step; None where nobody does.
        clock: Until when; see `Clock`.
        lapses_to: What it becomes when the clock has run out: silence decides. None where it only becomes overdue.
    """

    state: str
    label: str
    open: bool = True
    waits_for: Party | None = None
    clock: str | None = None
    lapses_to: str | None = None


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A message that leads from one state to another.

    Args:
        kind: Of the message.
        by: Who may make it.
        sources: States that it leads from.
        to: Where it leads; `=` stays.
        given: Pointers into the content, and the values of which one must stand there.
        after_clock: True when it counts only once the clock of the state has run out.
    """

    kind: str
    by: tuple[Party, ...]
    sources: tuple[str, ...] = msgspec.field(name="from")
    to: str
    given: Mapping[str, tuple[str, ...]] = msgspec.field(name="if", default_factory=dict)
    after_clock: bool = False

    def fits(self, kind: str, values: Mapping[str, str]) -> bool:
        """Say whether a message is of this kind and says what the move asks for."""
        return kind == self.kind and all(values.get(pointer) in allowed for pointer, allowed in self.given.items())


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message that begins a thread, and the state that it begins in."""

    kind: str
    state: str
    given: Mapping[str, tuple[str, ...]] = msgspec.field(name="if", default_factory=dict)

    def fits(self, kind: str, values: Mapping[str, str]) -> bool:
        """Say whether a message begins a thread in this way."""
        return kind == self.kind and all(values.get(pointer) in allowed for pointer, allowed in self.given.items())


class AtMost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list in a message of a kind that has no more elements than the first message of its thread allows."""

    kind: str
    count: str
    limit: str


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """
    One version of a table.

    Args:
        flow: Its name.
        version: Counts from 1.
        since: First day of threads that follow it.
        title: For people.
        sides: `each`: every other party has a state of its own; `one`: the thread has one state.
        opens: What begins a thread.
        states: All of them.
        moves: All of them; the first that fits decides.
        recalled_to: The state of a thread whose first message was recalled.
        link: Pointers that name the message which is answered, before the header's `in_reply_to`.
        at_most: See `AtMost`.
    """

    flow: str
    version: int
    since: date
    title: str
    sides: Literal["each", "one"]
    opens: tuple[Opening, ...]
    states: tuple[StateRow, ...]
    moves: tuple[Move, ...]
    recalled_to: str = RECALLED
    link: tuple[str, ...] = ()
    at_most: tuple[AtMost, ...] = ()

    @cached_property
    def rows(self) -> Mapping[str, StateRow]:
        """The states by name; `recalled` is always among them."""
        rows = {row.state: row for row in self.states}
        return {RECALLED: StateRow(RECALLED, "recalled", open=False)} | rows

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds that move this flow."""
        return frozenset(move.kind for move in self.moves)

    def opening(self, kind: str, values: Mapping[str, str]) -> Opening | None:
        """Return how a message begins a thread of this flow, or None."""
        return next((one for one in self.opens if one.fits(kind, values)), None)


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How long a step may take.

    Args:
        clock: Its name.
        since: First day on which it counts.
        basis: What it is modelled on.
        kinds: First messages of threads that it is for; empty for all others.
        at: Places with a time that goes before `within_s`: pointers, or `header:respond_by`.
        within_s: Seconds by urgency of the thread; empty where only `at` counts.
    """

    clock: str
    since: date
    basis: str
    kinds: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    within_s: Mapping[Urgency, int] = msgspec.field(default_factory=dict)


class _Clocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    title: str
    at_risk_after_percent: int
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class Flows:
    """
    All tables.

    Args:
        tables: Every version of every flow.
        clocks: All rows.
        at_risk_after_percent: Of its time; from then on a step is at risk.
        digest: SHA-256 over the files, which the audit log can name.
    """

    tables: tuple[Flow, ...]
    clocks: tuple[Clock, ...]
    at_risk_after_percent: int
    digest: bytes

    @cached_property
    def pointers(self) -> frozenset[str]:
        """Every place in content that a table looks at."""
        found = {"/body/owner", "/body/new_message_id"}
        for flow in self.tables:
            found.update(pointer for opening in flow.opens for pointer in opening.given)
            found.update(pointer for move in flow.moves for pointer in move.given)
            found.update(flow.link, *((limit.count, limit.limit) for limit in flow.at_most))
        found.update(place for clock in self.clocks for place in clock.at if place.startswith("/"))
        return frozenset(found)

    def opened_by(self, kind: str, values: Mapping[str, str], at: int) -> tuple[Flow, Opening] | None:
        """Return the flow that a message accepted at a time begins, and how; None where it begins none."""
        for flow in self._in_force(at):
            opening = flow.opening(kind, values)
            if opening is not None:
                return flow, opening
        return None

    def clock(self, name: str, kind: str, at: int) -> Clock:
        """Return the row of a clock that counts for threads of a first kind that began at a time."""
        rows = [row for row in self.clocks if row.clock == name and (not row.kinds or kind in row.kinds)]
        day = _day(at)
        return max(rows, key=lambda row: (row.since <= day, bool(row.kinds), row.since))

    def _in_force(self, at: int) -> Sequence[Flow]:
        day, newest = _day(at), dict[str, Flow]()
        for table in sorted(self.tables, key=lambda table: table.version):
            if table.since <= day or table.flow not in newest:  # before the first version the first one counts
                newest[table.flow] = table
        return list(newest.values())


@lru_cache(1)
def flows() -> Flows:
    """Return the tables that this version ships."""
    return read_flows(schemas_path() / "flows")


def read_flows(folder: Path) -> Flows:
    """
    Read the tables of a folder.

    Raises:
        Corrupt: One is not what a table must be.
    """
    names = sorted(path for path in folder.glob("*-*.json"))
    data = {path.name: path.read_bytes() for path in names}
    digest = sha256(b"".join(sha256(name.encode() + b"\0" + one).digest() for name, one in data.items())).digest()
    try:
        clocks = msgspec.json.decode(data["clocks-1.json"], type=_Clocks)
        tables = tuple(msgspec.json.decode(one, type=Flow) for name, one in data.items() if not name.startswith("clocks-"))
    except (KeyError, msgspec.MsgspecError) as exc:
        raise Corrupt(f"the tables of conversations in {folder}: {exc}") from exc
    for table in tables:
        _check(table, {row.clock for row in clocks.clocks})
    return Flows(tables, clocks.clocks, clocks.at_risk_after_percent, digest)


def _check(table: Flow, clocks: set[str]) -> None:
    named = (
        {opening.state for opening in table.opens} | {table.recalled_to} | {move.to for move in table.moves if move.to != SAME}
    )
    named |= {row.lapses_to for row in table.states if row.lapses_to}
    used = named | {state for move in table.moves for state in move.sources}
    missing = used - set(table.rows)
    unreached = {row.state for row in table.states} - named
    without = {row.clock for row in table.states if row.clock} - clocks
    timeless = {row.state for row in table.states if row.lapses_to and not row.clock}
    if missing or unreached or without or timeless:
        faults = ", ".join(sorted(missing | unreached | without | timeless))
        raise Corrupt(f"the table {table.flow}-{table.version} does not hold together at {faults}")


def _day(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()
