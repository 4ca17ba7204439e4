"""
Those who watch: one look a second for all of them, and none when there is nobody.

Each watcher gets the newest look when it has taken the one before, so a slow one skips and costs no memory. A look carries
everything: who comes back after a lost line has missed nothing that counts, and gets the newest at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import msgspec

from gateway.dashboard.snapshot import Snapshot
from gateway.ending import end
from gateway.errors import GatewayError, Unavailable
from gateway.ops.logs import logger

__all__ = ["MAX_WATCHERS", "Seen", "Watch"]

EVERY_S: Final = 1.0
HEARTBEAT_S: Final = 5.0  # without a look: the line shows that it stands, and the page that the look is late
MAX_WATCHERS: Final = 16


class Seen(NamedTuple):
    """A look as watchers get it: its id in this process, and its JSON."""

    id: str
    data: bytes


class Watch:
    """
    Looks while somebody watches.

    Args:
        look: Takes a snapshot.
        begin: Is told when somebody comes after nobody was there.
        every_s: Between two looks.
    """

    def __init__(self, look: Callable[[], Awaitable[Snapshot]], begin: Callable[[], None], every_s: float = EVERY_S) -> None:
        self._look = look
        self._begin = begin
        self._every_s = every_s
        self._boot = os.urandom(4).hex()
        self._count = 0
        self._newest: Seen | None = None
        self._changed = asyncio.Condition()
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None
        self._log = logger()
        self.closed = False

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return self._watchers

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch while inside; raise Unavailable `busy` when too many do, or the gateway stops."""
        if self.closed or self._watchers >= MAX_WATCHERS:
            raise Unavailable(f"{self._watchers} watch, limit {MAX_WATCHERS}", code="busy")
        self._watchers += 1
        if self._task is None:
            self._begin()
            self._task = asyncio.create_task(self._run(), name="dashboard")
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                task, self._task, self._newest = self._task, None, None
                if task is not None:
                    await end([task])

    async def next(self, after: str | None) -> Seen | None:
        """Return the newest look that is not `after`; None when none came within `HEARTBEAT_S`, or nothing comes any more."""
        try:
            async with asyncio.timeout(HEARTBEAT_S), self._changed:
                await self._changed.wait_for(lambda: self.closed or (self._newest is not None and self._newest.id != after))
        except TimeoutError:
            return None
        return None if self.closed else self._newest

    async def close(self) -> None:
        """Let every watcher go, and take no more."""
        self.closed = True
        async with self._changed:
            self._changed.notify_all()

    async def _run(self) -> None:
        while True:
            try:
                seen = await self._look()
            except GatewayError as exc:
                self._log.warning("dashboard-waits", code=exc.code, detail=exc.detail)
            except Exception:  # noqa: BLE001  the outermost loop: a bug here must not take the watchers' line
                self._log.exception("dashboard-failed", code="internal")
            else:
                await self._show(seen)
            await asyncio.sleep(self._every_s)

    async def _show(self, seen: Snapshot) -> None:
        self._count += 1
        async with self._changed:
            self._newest = Seen(f"{self._boot}-{self._count}", msgspec.json.encode(seen))
            self._changed.notify_all()
