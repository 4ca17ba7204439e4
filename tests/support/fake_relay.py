"""
What stands behind the relay's routes, in memory: it keeps what it was given and hands out what a test put there.

Misbehaviour is one line: `fail = Unavailable(...)` makes every call raise. A call that waits does so until `arrived` is set.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.ids import Network

__all__ = ["FakePeers", "FakeRelay", "LeaseRow", "TakenRow"]


class LeaseRow(NamedTuple):
    """A lease."""

    epoch: int
    until: int
    after: int


class TakenRow(NamedTuple):
    """What files of a peer's directory came to."""

    version: int
    root: int
    missing: Sequence[str]


@dataclass
class FakeRelay:
    """
    Keeps what relays bring; see the rules of this file.

    Args:
        calls: Name of each call and its arguments.
        waiting: Forwards that are handed out.
        told: Receipts that are handed out.
        waits: How many calls are waiting now.
    """

    calls: list[tuple[object, ...]] = field(default_factory=list)
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    told: list[tuple[int, bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    waits: int = 0
    fail: BaseException | None = None

    async def lease(self, network: Network, holder: str, epoch: int | None, *, release: bool = False) -> LeaseRow:
        """Give a lease."""
        self._note("lease", network, holder, epoch, release)
        return LeaseRow((epoch or 0) + 1, 1_900_000_015, 7)

    async def forwards(self, network: Network, epoch: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Hand out what waits."""
        self._note("forwards", network, epoch, wait_s)
        await self._wait(wait_s, self.waiting)
        return self.waiting

    async def answered(
        self, network: Network, epoch: int, answers: Sequence[tuple[int, str, Sequence[bytes]]]
    ) -> Sequence[str]:
        """Keep answers."""
        self._note("answered", network, epoch, list(answers))
        return [""] * len(answers)

    async def take(self, forwards: Sequence[bytes], carrier: Network | None) -> Sequence[tuple[str, Sequence[bytes]]]:
        """Accept whatever says that it is good."""
        self._note("take", list(forwards), carrier)
        return [("", [b"accepted"]) if forward == b"good" else ("malformed", []) for forward in forwards]

    async def receipts_for(self, network: Network, after: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Hand out receipts."""
        self._note("receipts_for", network, after, wait_s)
        await self._wait(wait_s, self.told)
        return [one for one in self.told if one[0] > after]

    async def receipts_from(self, network: Network, epoch: int, after: int, receipts: Sequence[bytes]) -> Sequence[str]:
        """Keep receipts."""
        self._note("receipts_from", network, epoch, after, list(receipts))
        return [""] * len(receipts)

    def _note(self, *call: object) -> None:
        if self.fail is not None:
            raise self.fail
        self.calls.append(call)

    async def _wait(self, wait_s: float, found: Sequence[object]) -> None:
        if found or not wait_s:
            return
        self.waits += 1
        try:
            async with asyncio.timeout(wait_s):
                await self.arrived.wait()
        except TimeoutError:
            pass
        finally:
            self.waits -= 1


class FakePeers:
    """
    Peers' directories: `copies` has the files of each.

    Args:
        served: By network, what returns the files of a directory that changes by itself.
    """

    def __init__(self, served: Mapping[str, Callable[[], Mapping[str, bytes]]] | None = None) -> None:
        self.copies: dict[str, dict[str, bytes]] = {}
        self._served = {} if served is None else served
        self.stale_ones: set[str] = set()
        self.missing: list[str] = []
        self.fail: BaseException | None = None

    def stale(self, network: Network, now: float) -> bool:
        """Say what a test said."""
        return network in self.stale_ones

    def files(self, network: Network, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return what a test put there."""
        copy = self._copy(network)
        return {name: copy[name] for name in names if name in copy}

    async def take(self, network: Network, brought: Mapping[str, bytes]) -> TakenRow:
        """Keep files, whatever they are."""
        if self.fail is not None:
            raise self.fail
        copy = self._copy(network)
        copy.update(brought)
        return TakenRow(len(copy), 1, self.missing)

    def _copy(self, network: Network) -> dict[str, bytes]:
        if network in self._served:
            return dict(self._served[network]())
        if network not in self.copies:
            raise Rejected(f"{network} is no peer", code="peer-unknown")
        return self.copies[network]
