"""What the fake gateway has in its memory: messages, deliveries, and one inbox session over them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from gateway.ids import Address, EnvelopeHash, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.fake_gateway import FakeGateway

__all__ = ["FakeSession", "Message", "RecipientView", "Row", "Submitted", "View"]


@dataclass
class Submitted:
    """The answer to a submission."""

    status: int
    body: bytes


@dataclass
class Row:
    """One delivery, as the ledger would have it."""

    number: int
    recipient: Address
    envelope_hash: EnvelopeHash
    delivery: bytes
    state: str = "accepted"
    at: int = 0
    reason: str | None = None
    receipt: bytes | None = None


@dataclass
class Message:
    """One accepted message."""

    at: int
    submission: bytes
    answer: bytes
    rows: list[Row]
    kind: Kind


class RecipientView(msgspec.Struct):
    """Where one delivery stands, for its sender."""

    recipient: str
    state: str
    at: int
    reason: str | None
    receipt: bytes | None


class View(msgspec.Struct):
    """Where a message stands, for its sender."""

    number: int
    envelope_hash: EnvelopeHash
    accepted_at: int
    recipients: list[RecipientView]


@dataclass
class FakeSession:
    """One inbox session; see `gateway.api.ports.SessionPort`."""

    gateway: FakeGateway
    owner: Address
    epoch: int
    credits: list[int] = field(default_factory=lambda: [0, 0])
    sent: set[int] = field(default_factory=set)
    told_empty: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    def credit(self, messages: int, size_bytes: int) -> None:
        """Let more be handed over."""
        self.credits[0] += messages
        self.credits[1] += size_bytes
        self.changed.set()

    async def next(self) -> Sequence[tuple[int, bytes]]:
        """Return what waits and has credit; once an empty list when nothing waits."""
        while True:
            self.changed.clear()
            if self.failure is not None:
                raise self.failure
            if self.gateway.silent:
                await self.changed.wait()
                continue
            waiting = [row for row in self.gateway.waiting(self.owner) if row.number not in self.sent]
            batch = waiting[: self.credits[0]]
            if batch:
                self.told_empty = False
                self.credits[0] -= len(batch)
                self.sent |= {row.number for row in batch}
                return [(row.number, self.gateway.damage(row.delivery)) for row in batch]
            if not waiting and not self.told_empty:
                self.told_empty = True
                return []
            await self.changed.wait()

    async def record(self, receipts: Sequence[bytes]) -> list[str]:
        """Record receipts."""
        if self.gateway.unrecorded:
            await asyncio.Event().wait()
        return await self.gateway.receipts(self.owner, receipts)

    async def close(self, *, counted: bool = True) -> None:
        """Forget the session."""
        if self.gateway.sessions.get(self.owner) is self:
            del self.gateway.sessions[self.owner]
