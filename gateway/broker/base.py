"""
The port to the broker: mailboxes that hold sealed deliveries between two gateways.

The broker is never trusted with the only copy: it may lose, repeat, reorder or delay, and the ledger repairs. So nothing here
is exact but the outcome of a publish, and every loss shows as an outcome or as `Unavailable`.
Both adapters pass one suite, `tests/broker/test_contract.py`.
Spec: "The way of a message" in the design; urgent mail overtakes, the rest keeps its order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, TypeAlias

__all__ = ["Arrived", "Broker", "Consumer", "Keep", "Outcome", "Parcel", "Ref"]

Ref: TypeAlias = tuple[int, int]
"""Acceptance number and index: which row of the ledger a parcel stands for."""

Keep: TypeAlias = Callable[[Sequence[Ref]], Awaitable[AbstractSet[Ref]]]
"""Asked which of these are still wanted; answers with those."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """
    One attempt to bring one delivery to one mailbox.

    Args:
        id: Unique for every attempt and recipient, at most 64 bytes; it is for logs and traces, nothing is merged by it.
        mailbox: The recipient's address.
        urgent: Overtakes what is not urgent.
        ref: The row that this is for; it comes back with `Arrived`.
        body: The sealed delivery.
        expires_in_s: Dropped when it waits longer, at least 1 s; None means never. A hint: the broker may keep it longer.
    """

    id: bytes
    mailbox: str
    urgent: bool
    ref: Ref
    body: bytes
    expires_in_s: int | None = None


class Outcome(StrEnum):
    """What is known of one parcel after `Broker.publish`."""

    STORED = "stored"
    """In the mailbox; it survives a crash of everything that the adapter says it survives."""
    FULL = "full"
    """Not stored: the mailbox takes no more until it has drained, or until its queue works again."""
    ABSENT = "absent"
    """Not stored: no such mailbox. Declare it and publish again."""
    UNCERTAIN = "uncertain"
    """The line was lost before the answer: stored or not. Publish again later; the recipient's SDK knows repeats."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """
    A parcel that a consumer holds until it acknowledges it.

    Args:
        ref: `Parcel.ref` as it was published.
        body: `Parcel.body` as the broker has it; the receiver's signatures tell whether it was damaged.
        tag: Names it in `Consumer.ack`; good for this consumer alone.
        redelivered: False when it was surely never held by a consumer before.
    """

    ref: Ref
    body: bytes
    tag: int
    redelivered: bool


class Consumer(Protocol):
    """
    The reading end of one mailbox, open inside `async with`.

    What it holds unacknowledged when it closes, or when its line is lost, goes back to the head of the mailbox, in order, and
    arrives again as `redelivered`. Several consumers of one mailbox share its parcels. One task reads at a time; another may
    acknowledge.
    """

    async def __aenter__(self) -> Self:
        """
        Begin to hold parcels; declares the mailbox if need be.

        Raises:
            Unavailable: No line to the broker; nothing is held.
        """
        ...

    async def __aexit__(self, *failure: object) -> None:
        """Give back what is not acknowledged; never raises because the line is lost."""
        ...

    async def get(self, timeout_s: float) -> Arrived | None:
        """
        Return the next parcel: urgent ones first, each kind in the order of the mailbox.

        Args:
            timeout_s: How long to wait at most, in seconds; 0 takes what is here already.

        Returns:
            None when nothing came within the time.

        Raises:
            Unavailable: The line is lost; all that was held goes back. Leave this consumer and open another.
        """
        ...

    async def ack(self, tags: Sequence[int]) -> None:
        """
        Take parcels out of the mailbox for good.

        Args:
            tags: Of parcels that this consumer got; in any order. One that it does not hold (any more) is passed over.

        Raises:
            Unavailable: The line is lost; some may come again.
        """
        ...


class Broker(Protocol):
    """
    Bounded mailboxes with confirmed publishing.

    Every call ends within its time limit. All of them may be used by many tasks at once, in the event loop of `start`.
    A lost line comes back by itself; meanwhile calls raise `Unavailable` at once.
    """

    @property
    def ready(self) -> bool:
        """Whether publishing and consuming would work now, as far as is known."""
        ...

    async def start(self) -> None:
        """Begin to connect; returns after the first attempt, whether or not it succeeded, and raises nothing for it."""
        ...

    async def close(self) -> None:
        """Let go of everything; consumers raise `Unavailable` from now on. May be called twice."""
        ...

    async def declare(self, mailbox: str) -> None:
        """
        Make sure that the mailbox exists; cheap when this process knows it does.

        Raises:
            Unavailable: It may or may not exist now.
        """
        ...

    async def publish(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """
        Store each parcel in the mailbox it names.

        Parcels for one mailbox and urgency keep their order as far as they are STORED. The bound of a mailbox is soft: it takes
        parcels while it is below `limit_bytes`, and may exceed it by what was on its way. What a mailbox did not take goes
        for the later parcels of the same call too, so that they do not overtake.

        Returns:
            One outcome for each parcel, in the same order. STORED is told only after the broker confirmed it.

        Raises:
            Unavailable: There was no line: nothing was stored.
        """
        ...

    def consume(self, mailbox: str, prefetch: int) -> Consumer:
        """
        Return a consumer that is not open yet: `async with broker.consume(...) as consumer`.

        Args:
            mailbox: The recipient's address.
            prefetch: The most parcels that it holds unacknowledged, of each urgency; 1 to 65535.
        """
        ...

    async def drain(self, mailbox: str, keep: Keep, limit: int) -> int:
        """
        Throw out of a mailbox what nobody wants any more; the rest stays in order (as `redelivered`).

        Args:
            mailbox: The recipient's address; one that does not exist is empty.
            keep: Asked once about all that was found; when it raises, everything stays.
            limit: The most parcels to look at, from the head, urgent ones first.

        Returns:
            How many were thrown out.

        Raises:
            Unavailable: No line, or it was lost; what was not thrown out stays.
        """
        ...
