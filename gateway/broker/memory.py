"""
The broker of the embedded default: one process, one event loop, nothing on disk.

What it holds dies with the process; at start the rows of the ledger go back to `accepted` and are published again.
So it is small on purpose: each mailbox is bounded in bytes, and all of them together; what does not fit waits in the ledger.
Once everything is half full, only mailboxes that somebody reads take more: those who are away for weeks leave room for them.
Parcels that a consumer holds count for the bounds until they are acknowledged: they are bounds of memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from gateway.broker.base import Arrived, Keep, Outcome, Parcel
from gateway.broker.drain import look_through
from gateway.errors import Unavailable

__all__ = ["MemoryBroker"]

URGENT_THEN_NORMAL: Final = (True, False)
TOTAL_BYTES: Final = 32 << 20  # of a process that holds about 140 MB with 100,000 messages waiting for 200 recipients
PARCEL_BYTES: Final = 400  # of a parcel without its body, measured: a mailbox full of tiny ones is bounded too


@dataclass(slots=True, eq=False)
class _Held:
    """A parcel in a mailbox, waiting or in a consumer's hands."""

    tag: int
    parcel: Parcel
    deadline: float  # of the event loop's clock
    redelivered: bool = False

    @property
    def size_bytes(self) -> int:
        """What it costs in memory, about."""
        return len(self.parcel.body) + PARCEL_BYTES


@dataclass(slots=True, eq=False)
class _Total:
    """What all mailboxes of one broker hold together."""

    size_bytes: int = 0


@dataclass(slots=True, eq=False)
class _Mailbox:
    waiting: dict[bool, deque[_Held]] = field(default_factory=lambda: {urgent: deque() for urgent in URGENT_THEN_NORMAL})
    consumers: set[_MemoryConsumer] = field(default_factory=set)
    total: _Total = field(default_factory=_Total)
    size_bytes: int = 0  # waiting and held
    gone: bool = False  # with the broker that it belonged to

    def put(self, held: _Held) -> None:
        self.size_bytes += held.size_bytes
        self.total.size_bytes += held.size_bytes
        self.waiting[held.parcel.urgent].append(held)
        self.wake()

    def give_back(self, returned: Iterable[_Held]) -> None:
        """Put parcels back to the head, the oldest first."""
        for held in sorted(returned, key=lambda held: held.tag, reverse=True):
            held.redelivered = True
            self.waiting[held.parcel.urgent].appendleft(held)
        self.wake()

    def take(self, *, urgent: bool, now: float) -> _Held | None:
        """Return the head, or None; what is past its time is dropped on the way."""
        queue = self.waiting[urgent]
        while queue:
            held = queue.popleft()
            if held.deadline > now:
                return held
            self.forget(held)
        return None

    def forget(self, held: _Held) -> None:
        self.size_bytes -= held.size_bytes
        self.total.size_bytes -= held.size_bytes

    def wake(self) -> None:
        for consumer in self.consumers:
            consumer.wake.set()

    def count(self) -> int:
        return sum(map(len, self.waiting.values()))


class MemoryBroker:
    """
    `Broker` in memory: STORED survives nothing but a lost consumer.

    Args:
        limit_bytes: Of one mailbox, above which it is FULL.
        total_bytes: Of all mailboxes, above which all are FULL, and above half of which those that nobody reads are.
    """

    def __init__(self, limit_bytes: int, total_bytes: int = TOTAL_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._total_bytes = total_bytes
        self._total = _Total()
        self._mailboxes: dict[str, _Mailbox] = {}
        self._tag = 0
        self._open = False

    @property
    def ready(self) -> bool:
        """Whether it was started and not closed."""
        return self._open

    async def start(self) -> None:
        """Open for business."""
        self._open = True

    async def close(self) -> None:
        """Forget everything and wake every reader, which then finds it closed."""
        self._open = False
        for mailbox in self._mailboxes.values():
            mailbox.gone = True
            mailbox.wake()
        self._mailboxes.clear()
        self._total = _Total()

    async def declare(self, mailbox: str) -> None:
        """Make sure that the mailbox exists."""
        self.mailbox(mailbox)

    async def publish(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Store what fits; never UNCERTAIN."""
        self.check_open()
        return [self._store(parcel) for parcel in parcels]

    def consume(self, mailbox: str, prefetch: int) -> _MemoryConsumer:
        """Return a consumer that is not open yet."""
        return _MemoryConsumer(self, mailbox, prefetch)

    async def drain(self, mailbox: str, keep: Keep, limit: int) -> int:
        """Throw out what nobody wants any more."""
        self.check_open()
        found = self._mailboxes.get(mailbox)
        if found is None or not found.count():
            return 0
        async with self.consume(mailbox, limit) as consumer:
            return await look_through(consumer, keep, min(limit, found.count()))

    def check_open(self) -> None:
        """Raise Unavailable unless started and not closed."""
        if not self._open:
            raise Unavailable("the broker is not open")

    def mailbox(self, name: str) -> _Mailbox:
        """Return the mailbox, made on the way."""
        self.check_open()
        return self._mailboxes.setdefault(name, _Mailbox(total=self._total))

    def _store(self, parcel: Parcel) -> Outcome:
        mailbox = self._mailboxes.get(parcel.mailbox)
        if mailbox is None:
            return Outcome.ABSENT
        room_bytes = self._total_bytes if mailbox.consumers else self._total_bytes // 2
        if mailbox.size_bytes >= self._limit_bytes or self._total.size_bytes >= room_bytes:
            return Outcome.FULL
        wait_s = float("inf") if parcel.expires_in_s is None else parcel.expires_in_s
        self._tag += 1
        mailbox.put(_Held(self._tag, parcel, asyncio.get_running_loop().time() + wait_s))
        return Outcome.STORED


class _MemoryConsumer:
    """Takes parcels out of the mailbox when they are asked for, so that consumers share by their pace."""

    def __init__(self, broker: MemoryBroker, name: str, prefetch: int) -> None:
        self.wake = asyncio.Event()
        self._broker = broker
        self._name = name
        self._prefetch = prefetch
        self._mailbox: _Mailbox | None = None
        self._held: dict[int, _Held] = {}
        self._room = dict.fromkeys(URGENT_THEN_NORMAL, prefetch)

    async def __aenter__(self) -> Self:
        self._mailbox = self._broker.mailbox(self._name)
        self._mailbox.consumers.add(self)
        return self

    async def __aexit__(self, *failure: object) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            mailbox.consumers.discard(self)
            mailbox.give_back(self._held.values())
            self._held.clear()

    async def get(self, timeout_s: float) -> Arrived | None:
        """Return the next parcel, or None when none came in time or `prefetch` are held."""
        arrived = self._next()
        if arrived is not None or timeout_s <= 0:
            return arrived
        try:
            async with asyncio.timeout(timeout_s):
                while arrived is None:
                    self.wake.clear()
                    await self.wake.wait()
                    arrived = self._next()
        except TimeoutError:
            return None
        return arrived

    async def ack(self, tags: Sequence[int]) -> None:
        """Take parcels out of the mailbox for good."""
        mailbox = self._line()
        for tag in tags:
            held = self._held.pop(tag, None)
            if held is not None:
                mailbox.forget(held)
                self._room[held.parcel.urgent] += 1
        self.wake.set()

    def _next(self) -> Arrived | None:
        mailbox = self._line()
        now = asyncio.get_running_loop().time()
        for urgent in URGENT_THEN_NORMAL:
            held = mailbox.take(urgent=urgent, now=now) if self._room[urgent] else None
            if held is not None:
                self._room[urgent] -= 1
                self._held[held.tag] = held
                return Arrived(held.parcel.ref, held.parcel.body, held.tag, held.redelivered)
        return None

    def _line(self) -> _Mailbox:
        if self._mailbox is None or self._mailbox.gone:
            raise Unavailable("the consumer is not open, or its broker was closed")
        return self._mailbox
