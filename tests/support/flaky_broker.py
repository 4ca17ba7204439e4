"""
A broker in memory that misbehaves on request; each misbehaviour is one line.

`down = True`: no line, every call raises. `lose()`: every parcel is gone and nobody is told. `outcomes`: told in place of
storing.
`published` remembers every parcel that was stored, `attempts` every one that was handed over.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

from gateway.broker import MemoryBroker, Outcome
from gateway.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.broker import Arrived, Consumer, Keep, Parcel

__all__ = ["FlakyBroker"]


class FlakyBroker:
    """
    Wraps the broker in memory.

    Args:
        limit_bytes: Of a mailbox.
    """

    def __init__(self, limit_bytes: int = 1 << 20) -> None:
        self._limit_bytes = limit_bytes
        self.inner = MemoryBroker(limit_bytes)
        self.down = False
        self.outcomes: deque[Outcome] = deque()
        self.published: list[Parcel] = []
        self.attempts: list[Parcel] = []
        self.lines = 0

    @property
    def ready(self) -> bool:
        """Whether the line stands."""
        return not self.down and self.inner.ready

    async def start(self) -> None:
        """Start the broker behind."""
        await self.inner.start()

    async def close(self) -> None:
        """Close the broker behind."""
        await self.inner.close()

    async def lose(self) -> None:
        """Lose everything, as a broker does whose disk is gone; readers must come back."""
        await self.inner.close()
        self.inner = MemoryBroker(self._limit_bytes)
        await self.inner.start()

    async def declare(self, mailbox: str) -> None:
        """Declare, unless down."""
        self._require_up()
        await self.inner.declare(mailbox)

    async def publish(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Publish, unless down or told to say something else."""
        self._require_up()
        self.attempts += parcels
        told = []
        for parcel in parcels:
            outcome = self.outcomes.popleft() if self.outcomes else (await self.inner.publish([parcel]))[0]
            if outcome is Outcome.STORED:
                self.published.append(parcel)
            told.append(outcome)
        return told

    def consume(self, mailbox: str, prefetch: int) -> Consumer:
        """Consume; the line is lost as soon as the broker is down."""
        self.lines += 1
        return _FlakyConsumer(self, self.inner.consume(mailbox, prefetch))

    async def drain(self, mailbox: str, keep: Keep, limit: int) -> int:
        """Drain, unless down."""
        self._require_up()
        return await self.inner.drain(mailbox, keep, limit)

    def _require_up(self) -> None:
        if self.down:
            raise Unavailable("the broker is down")


class _FlakyConsumer:
    def __init__(self, broker: FlakyBroker, inner: Consumer) -> None:
        self._broker = broker
        self._inner = inner

    async def __aenter__(self) -> Self:
        self._broker._require_up()
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._inner.__aexit__(*failure)

    async def get(self, timeout_s: float) -> Arrived | None:
        """Get, unless the line is lost."""
        self._broker._require_up()
        return await self._inner.get(timeout_s)

    async def ack(self, tags: Sequence[int]) -> None:
        """Acknowledge, unless the line is lost."""
        self._broker._require_up()
        await self._inner.ack(tags)
