"""
The directory as a home knows it: refreshed at most every five minutes, used when old, trusted only as verified.

The verifying library is synchronous and has one cache folder for each home: it runs in a thread, under the home's lock file, and
fetches through the event loop's connections. With no fresh copy a home opens always, and seals for at most seven days.
Spec: schemas/directory.md, "Offline".
"""

from __future__ import annotations

import asyncio
import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gateway.client.home import DIRECTORY
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.policy.answers import DirectoryAnswers
from gateway.protocol import media
from gateway.trust import TrustedDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.client.home import Home
    from gateway.client.transport import Transport
    from gateway.directory.view import Directory

__all__ = ["REFRESH_S", "SEAL_MAX_AGE_S", "HomeDirectory"]

REFRESH_S: Final = 300.0  # at most every five minutes, unless a delivery names a newer version
SEAL_MAX_AGE_S: Final = 7 * 86_400
FETCH_S: Final = 70.0  # longer than the transport's own limit: it answers first


class HomeDirectory:
    """
    What the home knows of who is who.

    Args:
        home: Whose root of trust and cache folder are used.
        transport: Fetches metadata and targets, which are verified here.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, transport: Transport, clock: Callable[[], float]) -> None:
        self._home = home
        self._transport = transport
        self._clock = clock
        self._trusted: TrustedDirectory | None = None
        self._refreshing = asyncio.Lock()
        self._tried_at = 0.0
        self._answers: tuple[Directory, DirectoryAnswers] | None = None

    async def start(self) -> None:
        """Read the last verified copy from the cache."""
        loop = asyncio.get_running_loop()

        def fetch(path: str) -> bytes:
            # In the refreshing thread; if the loop goes away this ends with a cancellation.
            return asyncio.run_coroutine_threadsafe(self._transport.get(media.DIRECTORY + path), loop).result(FETCH_S)

        folder = self._home.folder / DIRECTORY
        self._trusted = await asyncio.to_thread(TrustedDirectory, folder, self._home.root, fetch, self._clock)

    async def current(self) -> Directory:
        """
        Return the directory, refreshed if the copy is older than `REFRESH_S` and a gateway can be reached.

        Raises:
            Rejected: What was fetched does not verify (`directory-untrusted`, `directory-rollback`).
            Unavailable: There is no copy at all, and no gateway to fetch one from.
        """
        trusted = self._opened()
        if trusted.last() is None or min(trusted.age_s, self._clock() - self._tried_at) > REFRESH_S:
            try:
                return await self.refresh()
            except (Unavailable, Uncertain):
                if trusted.last() is None:
                    raise
        return self.last()

    async def for_sealing(self) -> Directory:
        """Return the directory, or raise Rejected `directory-stale` when it is too old to seal with."""
        directory = await self.current()
        if self._opened().age_s > SEAL_MAX_AGE_S:
            raise Rejected(
                f"the directory is {int(self._opened().age_s)} s old, limit {SEAL_MAX_AGE_S} s", code="directory-stale"
            )
        return directory

    async def refresh(self) -> Directory:
        """Fetch now, whatever the age; requests that come meanwhile share the one refresh."""
        asked_at = self._clock()
        async with self._refreshing:
            if self._tried_at <= asked_at or self._opened().last() is None:
                self._tried_at = self._clock()
                await asyncio.to_thread(self._refresh)
        return self.last()

    def last(self) -> Directory:
        """Return the copy at hand without looking further."""
        directory = self._opened().last()
        if directory is None:
            raise Unavailable("no directory yet: connect to a gateway once")
        return directory

    def answers(self) -> DirectoryAnswers:
        """Return the copy at hand as the envelope asks it."""
        directory = self.last()
        if self._answers is None or self._answers[0] is not directory:
            self._answers = directory, DirectoryAnswers(directory)
        return self._answers[1]

    def _opened(self) -> TrustedDirectory:
        assert self._trusted is not None  # `start` comes first
        return self._trusted

    def _refresh(self) -> None:
        with _locked(self._home.folder / "tuf.lock"):
            self._opened().refresh()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file: one process of a home refreshes at a time."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file closes
        yield
