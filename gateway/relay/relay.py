"""
The relay at work: one process of several has the lease, and three tasks carry while it has.

A lease is asked for anew every few seconds; whoever finds that another has it stops carrying and waits for its turn, and every
request names the epoch, so that a process that slept through its end does no harm. A task that fails pauses, up to a minute,
and does its turn again: nothing is given up, and nothing is kept. Spec: schemas/relay.md, "Requests".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gateway.ending import end
from gateway.errors import GatewayError, Rejected
from gateway.ops.logs import logger
from gateway.protocol import media, relaying
from gateway.protocol.relaying import Bodies, Lease, LeaseWish
from gateway.relay.lane import Lane, Lines, NotYet
from gateway.relay.line import OtherSide
from gateway.relay.mirror import EVERY_S, DirectoryMirror
from gateway.relay.pauses import Backoff, Pace, Time
from gateway.relay.receipt_lane import ReceiptLane

if TYPE_CHECKING:
    from gateway.ids import Network
    from gateway.ops.metrics import RelayMetrics

__all__ = ["LEASE_S", "STANDBY_S", "Relay"]

LEASE_S: Final = 5.0  # a third of what a gateway waits for
STANDBY_S: Final = 2.0  # between two looks of a process that waits for its turn
EMPTY_S: Final = 1.0  # an empty answer that comes sooner was no long poll: it is not asked for in a loop
STOP_S: Final = 5.0  # for giving the lease back
FIRST_S: Final = 5.0  # for bringing the directories, by which the other gateway knows this relay and whom it writes to

Turn = Callable[[], Awaitable[object]]


class _LeaseLost(Exception):  # noqa: N818  it is no error: another process has the lane
    """Another process has the lease now."""


class Relay:
    """
    One relay process between two networks.

    Args:
        own: This network.
        network: The other one.
        lines: To the gateways of both; closed by who made them.
        metrics: Of this process.
        holder: Name of this process among several.
        per_s: Messages that may pass in a second; None for no limit.
        time: Its clock.
    """

    def __init__(
        self,
        own: Network,
        network: Network,
        lines: Lines,
        metrics: RelayMetrics,
        *,
        holder: str,
        per_s: float | None = None,
        time: Time | None = None,
    ) -> None:
        self._network = network
        self._home = lines.home
        self._metrics = metrics
        self._holder = holder
        self._time = time or Time()
        self._log = logger()
        self._mirror = DirectoryMirror(own, network, lines, metrics)
        self._lane = Lane(network, lines, self._mirror, Pace(per_s, self._time), metrics)
        self._receipts = ReceiptLane(own, network, lines, metrics)
        self._epoch: int | None = None
        self.troubles: dict[str, str] = {}  # task to code of its last failure; absent while it goes well

    @property
    def active(self) -> bool:
        """Whether this process has the lease."""
        return self._epoch is not None

    async def run(self) -> None:
        """Carry until cancelled; then the lease is given back, so that another process need not wait."""
        try:
            while True:
                await self._carry(await self._await_lease())
        finally:
            await self._release()

    async def _await_lease(self) -> Lease:
        backoff = Backoff()
        while True:
            try:
                lease = await self._ask(None)
            except GatewayError as exc:
                waiting = exc.code == "session-replaced"  # another process is active
                self._trouble("lease", "" if waiting else exc.code, exc)
                await self._time.sleep(STANDBY_S if waiting else backoff.failed())
            else:
                self._trouble("lease", "")
                return lease

    async def _carry(self, lease: Lease) -> None:
        """Carry while the lease holds."""
        self._epoch = lease.epoch
        self._metrics.active.set(1)
        self._log.info("relay-active", network=self._network, number=lease.epoch)
        self._receipts.begin(lease.after)
        brought = asyncio.Event()
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._keep(lease.epoch),
                self._repeat("directory", lambda: self._bring(brought), EVERY_S),
                self._after(brought, "forwards", lambda: self._lane.turn(lease.epoch)),
                self._after(brought, "receipts", lambda: self._receipts.turn(lease.epoch)),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(_LeaseLost):
                    task.result()
            self._log.warning("relay-replaced", network=self._network, number=lease.epoch)
            self._epoch = None  # nothing to give back: another one has it
        finally:
            self._metrics.active.set(0)
            await end(tasks)

    async def _keep(self, epoch: int) -> None:
        """Ask for the lease again and again: a gateway that is away does not end it, another process does."""
        while True:
            await self._time.sleep(LEASE_S)
            try:
                kept = await self._ask(epoch)
            except GatewayError as exc:
                if exc.code == "session-replaced":
                    raise _LeaseLost from exc
                self._trouble("lease", exc.code, exc)
                continue
            if kept.epoch != epoch:
                raise _LeaseLost
            self._trouble("lease", "")

    async def _bring(self, brought: asyncio.Event) -> None:
        try:
            await self._mirror.turn()
        finally:
            brought.set()

    async def _after(self, brought: asyncio.Event, task: str, turn: Turn) -> None:
        """Carry once the directories were brought, or could not be; a gateway that hangs is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                await brought.wait()
        await self._repeat(task, turn)

    async def _repeat(self, task: str, turn: Turn, every_s: float = 0.0) -> None:
        """Do a task's turn for ever, with a pause after each that failed."""
        backoff = Backoff()
        while True:
            began = self._time.clock()
            try:
                moved = await turn()
            except GatewayError as exc:
                await self._pause(task, exc, backoff)
                continue
            backoff.well()
            self._trouble(task, "")
            if every_s or not moved:
                await self._rest(max(every_s, EMPTY_S), began)

    async def _pause(self, task: str, exc: GatewayError, backoff: Backoff) -> None:
        if isinstance(exc, Rejected) and exc.code == "session-replaced":
            raise _LeaseLost from exc
        if isinstance(exc, NotYet) and exc.moved:
            backoff.well()
        code = exc.told if isinstance(exc, NotYet | OtherSide) else exc.code
        pause_s = backoff.failed()
        self._trouble(task, code, exc, pause_s)
        await self._time.sleep(pause_s)

    async def _rest(self, least_s: float, began: float) -> None:
        left_s = began + least_s - self._time.clock()
        if left_s > 0:
            await self._time.sleep(min(left_s, least_s))  # a clock that was set back must not make it long

    async def _ask(self, epoch: int | None, *, release: bool = False) -> Lease:
        body = Bodies.lease_wish.encode(LeaseWish(self._holder, epoch, release))
        return Bodies.lease.decode(await self._home.ask("POST", relaying.lease_path(self._network), body, kind=media.JSON))

    async def _release(self) -> None:
        """Give the lease back; what keeps it from arriving costs the next process 15 s."""
        if self._epoch is not None:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._ask(self._epoch, release=True)
            self._log.info("relay-stopped", network=self._network, number=self._epoch)
            self._epoch = None

    def _trouble(self, task: str, code: str, exc: GatewayError | None = None, pause_s: float = 0.0) -> None:
        """Note how a task goes, and tell when that changed."""
        self._metrics.pause_seconds(task).set(pause_s)
        if code:
            self._metrics.faults(task, self._metrics.known(code)).inc()
        if self.troubles.get(task, "") == code:
            return
        if code:
            self.troubles[task] = code
            self._log.warning("relay-trouble", task=task, code=code, detail=exc.detail if exc else "", wait_s=round(pause_s, 1))
        else:
            del self.troubles[task]
            self._log.info("relay-well", task=task)
