"""
What a session handed over and the recipient has not answered yet.

A flight begins when a delivery is handed over and ends with its receipt. The broker may bring the same parcel again in
between (a lost line, a repeated publish): then the flight only learns another ticket, and nothing is handed over twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from gateway.exchange.intake import Ticket
    from gateway.ids import EnvelopeHash
    from gateway.ledger import Ref

__all__ = ["Flight", "Flights"]


@dataclass(frozen=True, slots=True)
class Flight:
    """One delivery in the recipient's hands; `tickets` are all that the broker waits for."""

    ref: Ref
    envelope_hash: EnvelopeHash
    tickets: list[Ticket]
    size_bytes: int
    handed_at: float


class Flights:
    """
    The open flights of one session, oldest first.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_ref: dict[Ref, Flight] = {}
        self._by_hash: dict[EnvelopeHash, Flight] = {}

    def __len__(self) -> int:
        return len(self._by_ref)

    def begin(self, ref: Ref, envelope_hash: EnvelopeHash, ticket: Ticket, size_bytes: int) -> None:
        """Note that a delivery is handed over now."""
        flight = Flight(ref, envelope_hash, [ticket], size_bytes, self._clock())
        self._by_ref[ref] = flight
        self._by_hash[envelope_hash] = flight

    def repeated(self, ref: Ref, ticket: Ticket) -> bool:
        """Note another parcel of a flight; False when there is no such flight."""
        flight = self._by_ref.get(ref)
        if flight is not None:
            flight.tickets.append(ticket)
        return flight is not None

    def end(self, envelope_hash: EnvelopeHash) -> Flight | None:
        """Note the answer; None when nothing waited for it."""
        flight = self._by_hash.pop(envelope_hash, None)
        if flight is not None:
            self._by_ref.pop(flight.ref, None)
        return flight

    def drop(self, wanted: AbstractSet[Ref]) -> list[Flight]:
        """Take out and return the flights that are not wanted any more."""
        ended = [flight for ref, flight in self._by_ref.items() if ref not in wanted]
        for flight in ended:
            self.end(flight.envelope_hash)
        return ended

    def refs(self) -> list[Ref]:
        """Return what is still open."""
        return list(self._by_ref)

    def oldest_s(self) -> float:
        """Return how long the oldest one has been open; 0 when there is none."""
        first = next(iter(self._by_ref.values()), None)
        return 0.0 if first is None else self._clock() - first.handed_at
