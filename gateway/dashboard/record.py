"""
What the ledger says to the dashboard: a few indexed reads with each look, and seldom what costs with the waiting mail.

When the ledger is away the last answers stay, with the time of the look that gave them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError
from gateway.ledger import State

if TYPE_CHECKING:
    from gateway.ids import Kind, Network
    from gateway.ledger import CheckpointRow, Ledger, Outstanding
    from gateway.ledger.look_facts import HeldRow, LateRow, MailboxRow, SuspendedRow, TraceRow

__all__ = ["MAX_ROWS", "RECENT", "Record", "Recorder"]

SELDOM_S: Final = 2.0
SHARE: Final = 20  # seldom looks take at most a twentieth of one reader, however much waits
MAX_ROWS: Final = 50
RECENT: Final = 30


@dataclass
class Record:
    """The last answers of the ledger; `at` is 0 before the first."""

    at: int = 0
    states: Mapping[State, int] = field(default_factory=dict)
    oldest_waiting: int | None = None
    checkpoint: CheckpointRow | None = None
    recent: Sequence[TraceRow] = ()
    mailboxes: Sequence[MailboxRow] = ()
    held: Sequence[HeldRow] = ()
    suspended: Sequence[SuspendedRow] = ()
    late: Sequence[LateRow] = ()
    answers: Mapping[tuple[Kind, str], int] = field(default_factory=dict)
    outstanding: Mapping[Kind, Outstanding] = field(default_factory=dict)
    outbound: Mapping[Network, tuple[int, int | None]] = field(default_factory=dict)


class Recorder:
    """
    Asks the ledger.

    Args:
        ledger: Is only read.
        clock: Unix seconds.
        ticks: Seconds that never go back.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float], ticks: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ticks = ticks
        self._again_at = 0.0
        self._record = Record()

    async def look(self) -> Record:
        """Return what the ledger says, or what it said last."""
        try:
            await self._often()
            if self._ticks() >= self._again_at:
                await self._seldom()
        except GatewayError:  # the readiness says so
            return self._record
        self._record.at = int(self._clock())
        return self._record

    async def _often(self) -> None:
        ledger, record = self._ledger, self._record
        record.states = await ledger.totals()
        record.checkpoint = await ledger.log.newest_checkpoint()
        record.recent = await ledger.looks.recent(RECENT)

    async def _seldom(self) -> None:
        ledger, record, began = self._ledger, self._record, self._ticks()
        record.mailboxes = await ledger.looks.mailboxes()
        record.oldest_waiting = min((row.oldest for row in record.mailboxes), default=None)
        record.held = await ledger.looks.held(MAX_ROWS) if record.states.get(State.HELD) else ()
        record.suspended = await ledger.looks.suspended(MAX_ROWS)
        record.answers = await ledger.owed.answers()
        record.late = await ledger.looks.late(MAX_ROWS)
        record.outstanding = await ledger.owed.outstanding()
        record.outbound = await ledger.relay.counts()
        took_s = self._ticks() - began
        self._again_at = began + max(SELDOM_S, SHARE * took_s)
