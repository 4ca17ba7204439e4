"""
Mailboxes that take nothing for now, and when to try them again.

A mailbox is passed over when a publish did not get through: its rows stay `accepted` in the ledger and keep their order.
It is tried again when its session has drained a part of it, or has found it empty, else after a pause that doubles: the
session may be in another process, or there may be none for weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ids import Address

__all__ = ["Resting"]

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0  # each try of a full mailbox costs a page of the ledger
_ROOM: Final = 4  # a mailbox that drained by a quarter is worth a page


@dataclass(slots=True)
class _Rest:
    until: float
    pause_s: float
    drained_bytes: int = 0


class Resting:
    """
    The mailboxes that are passed over now.

    Args:
        limit_bytes: What a mailbox holds at most.
        clock: Seconds, monotonic.
    """

    def __init__(self, limit_bytes: int, clock: Callable[[], float]) -> None:
        self._room_bytes = limit_bytes // _ROOM
        self._clock = clock
        self._resting: dict[Address, _Rest] = {}
        self._pauses: dict[Address, float] = {}  # of mailboxes that are tried again; forgotten when one takes something

    def __contains__(self, mailbox: object) -> bool:
        return mailbox in self._resting

    def __len__(self) -> int:
        return len(self._resting)

    @property
    def has_pauses(self) -> bool:
        """Whether `took` has anything to forget."""
        return bool(self._pauses)

    def names(self) -> frozenset[Address]:
        """Return those that are passed over."""
        return frozenset(self._resting)

    def rest(self, mailbox: Address) -> None:
        """Pass a mailbox over for a while; longer each time that it took nothing in between."""
        pause_s = min(LONGEST_PAUSE_S, self._pauses.get(mailbox, FIRST_PAUSE_S / 2) * 2)
        self._pauses[mailbox] = pause_s
        self._resting[mailbox] = _Rest(self._clock() + pause_s, pause_s)

    def took(self, mailbox: Address) -> None:
        """Forget earlier pauses: a parcel got through."""
        self._pauses.pop(mailbox, None)

    def drained(self, mailbox: Address, size_bytes: int) -> bool:
        """Note what a session took out; True when the mailbox is worth another try."""
        rest = self._resting.get(mailbox)
        if rest is None:
            return False
        rest.drained_bytes += size_bytes
        if rest.drained_bytes < self._room_bytes:
            return False
        return self.emptied(mailbox)

    def emptied(self, mailbox: Address) -> bool:
        """Note that a session found nothing left; True when the mailbox was passed over until now."""
        self._pauses.pop(mailbox, None)
        return self._resting.pop(mailbox, None) is not None

    def wake(self) -> bool:
        """Let those go whose pause is over; True when there was one."""
        now = self._clock()
        over = [mailbox for mailbox, rest in self._resting.items() if rest.until <= now]
        for mailbox in over:
            del self._resting[mailbox]
        return bool(over)

    def next_s(self) -> float:
        """Return the time until the next one may be tried; infinite when none rests."""
        if not self._resting:
            return float("inf")
        return max(0.0, min(rest.until for rest in self._resting.values()) - self._clock())
