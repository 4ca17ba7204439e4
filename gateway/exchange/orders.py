"""
What operators ordered and what stands until they end it: who is suspended, and whether this process is drained.

Suspensions are in the ledger, the same for all processes and after a restart; here is what was read of them last. A drain is
of this process and of the workers beside it, and ends with them. Nothing here waits: whoever serves a participant asks for
every request.
Spec: schemas/api.md, "Operations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ids import Address

__all__ = ["Orders"]


class Orders:
    """
    The orders that stand now.

    Attributes:
        draining: Whether this process takes no more sessions.
        on_drain: Told of each drain and of its end, wherever it was ordered.
        on_order: Told of those that were ordered here, so that the workers beside this process learn of them.
    """

    def __init__(self) -> None:
        self._suspended: frozenset[Address] = frozenset()
        self.draining = False
        self.on_drain: list[Callable[[bool], None]] = []
        self.on_order: list[Callable[[bool], None]] = []

    def suspended(self, participant: Address) -> bool:
        """Return whether this gateway takes nothing from a participant, and hands it nothing."""
        return participant in self._suspended

    def require(self, participant: Address) -> None:
        """Raise Unavailable `suspended` for who is."""
        if participant in self._suspended:
            raise Unavailable(f"{participant} is suspended at this gateway", code="suspended")

    def replace(self, suspended: frozenset[Address]) -> frozenset[Address]:
        """Take what the ledger says; return who is new among them."""
        fresh, self._suspended = suspended - self._suspended, suspended
        return fresh

    def order_drain(self, *, on: bool) -> None:
        """Drain this process and the workers beside it, or end that."""
        self.drain(on=on)
        for tell in self.on_order:
            tell(on)

    def drain(self, *, on: bool) -> None:
        """Begin to empty this process of sessions, or let them come again."""
        self.draining = on
        for tell in self.on_drain:
            tell(on)
