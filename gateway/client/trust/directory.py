"""
The directory as a home knows it: refreshed at most every five minutes, used when old, trusted only as verified.

The verifying library is synchronous: it runs in a thread, and fetches through the event loop's connections. With no fresh copy
a home opens always, and seals for at most seven days. A gateway that offers something worse than the last good copy changes
nothing but the log. Spec: schemas/directory.md, "Offline".
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from gateway.client.home.home import DIRECTORY, Home
from gateway.client.line.transport import Transport
from gateway.directory.metadata import read_repository
from gateway.directory.view import Directory
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.policy.answers import DirectoryAnswers
from gateway.protocol import media
from gateway.trust import SEAL_FOR_S, Expected, TrustedDirectory
from gateway.trust.store import Store

__all__ = ["REFRESH_S", "HomeDirectory"]

REFRESH_S: Final = 300.0  # at most every five minutes, unless a delivery names a newer version
LOOK_AGAIN_S: Final = 30.0  # when no gateway could be reached
FETCH_S: Final = 120.0  # for one request, whatever number of gateways is tried in turn
BUNDLE_PATHS: Final = 256  # in one request: cards are a few KiB each
_bundle: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes]])
_log: Final = logging.getLogger(__name__)

T = TypeVar("T")


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
        self._loop = asyncio.get_running_loop()
        self._trusted: TrustedDirectory | None = None
        self._directory: Directory | None = None
        self._answers: tuple[Directory, DirectoryAnswers] | None = None
        self._confirmed_at = 0.0
        self._look_at = 0.0
        self._begun = 0  # fetches so far
        self._looking = asyncio.Lock()

    async def current(self) -> Directory:
        """
        Return the directory, refreshed if it is older than `REFRESH_S` and a gateway can be reached.

        Raises:
            Unavailable: There is no copy at all, and no gateway to fetch one from.
            Rejected: There is no copy at all, and what a gateway offers does not verify.
        """
        if self._due():
            async with self._looking:
                if self._due():
                    await self._look()
        return self.last()

    async def for_sealing(self) -> Directory:
        """Return the directory, or raise Rejected `directory-stale` when it is too old to seal with."""
        directory = await self.current()
        age_s = self._clock() - self._confirmed_at
        if age_s > SEAL_FOR_S:
            raise Rejected(f"the directory is {age_s:.0f} s old, sealing needs {SEAL_FOR_S}", code="directory-stale")
        return directory

    async def refresh(self) -> Directory:
        """Fetch now, whatever the age; all that ask while one fetch runs share the next."""
        begun = self._begun
        async with self._looking:
            if self._begun == begun:
                await asyncio.to_thread(self._refresh)
        return self.last()

    def last(self) -> Directory:
        """Return the copy at hand without looking further."""
        if self._directory is None:
            raise Unavailable("no directory yet: connect to a gateway once")
        return self._directory

    def answers(self) -> DirectoryAnswers:
        """Return the copy at hand as the envelope asks it."""
        directory = self.last()
        # Made of one copy and kept with it: the refreshing thread may put another in its place at any moment.
        if self._answers is None or self._answers[0] is not directory:
            self._answers = directory, DirectoryAnswers(directory)
        return self._answers[1]

    @property
    def age_s(self) -> float:
        """Seconds since a gateway last confirmed the copy at hand; infinite without one."""
        return self._clock() - self._confirmed_at if self._confirmed_at else math.inf

    async def read_copy(self) -> Directory | None:
        """Return the copy in the home without asking a gateway; None before the first contact."""
        if self._directory is None:
            await asyncio.to_thread(self._read)
        return self._directory

    async def reread(self) -> None:
        """Take up what another part of this home has fetched."""
        async with self._looking:
            await asyncio.to_thread(self._read)

    def files(self) -> Mapping[str, bytes]:
        """Return the files of the copy on disk, empty before the first contact; blocks."""
        copy = Store(self._home.folder / DIRECTORY).read()
        return {} if copy is None else copy.files

    def card(self, path: str) -> bytes | None:
        """Return a signed card of the copy on disk as it was published, or None; blocks."""
        files = self.files()
        return read_repository(files, self._home.root, None).cards.get(path) if files else None

    def _due(self) -> bool:
        """Tell whether it is time to look; a time that is far off was noted before the clock was set back."""
        return not 0 < self._look_at - self._clock() <= REFRESH_S

    async def _look(self) -> None:
        """Take what another process of this home may have refreshed; fetch if that is old too."""
        await asyncio.to_thread(self._read)
        self._look_at = self._confirmed_at + REFRESH_S
        if not self._due():
            return
        try:
            await asyncio.to_thread(self._refresh)
        except GatewayError as exc:
            if self._directory is None:
                raise
            _log.warning("the directory was not refreshed: %s", exc.code)
            self._look_at = self._clock() + LOOK_AGAIN_S

    def _refresh(self) -> None:
        self._begun += 1
        self._opened().refresh()
        self._read()
        self._look_at = self._confirmed_at + REFRESH_S

    def _read(self) -> None:
        trusted = self._opened()
        self._directory, age_s = trusted.last(), trusted.age_s
        self._confirmed_at = self._clock() - age_s if self._directory is not None else 0.0

    def _opened(self) -> TrustedDirectory:
        if self._trusted is None:
            expected = Expected(self._home.network, self._home.exercise)
            folder = self._home.folder / DIRECTORY
            self._trusted = TrustedDirectory(
                folder, self._home.root, self._fetch, self._clock, bundle=self._fetch_many, expected=expected
            )
        return self._trusted

    def _fetch(self, path: str) -> bytes:
        return self._wait(self._transport.get(media.DIRECTORY + path))

    def _fetch_many(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for start in range(0, len(paths), BUNDLE_PATHS):
            body = msgspec.json.encode(paths[start : start + BUNDLE_PATHS])
            answer = self._wait(self._transport.ask("POST", media.DIRECTORY_BUNDLE, body=body, kind=media.JSON))
            try:
                found.update(_bundle.decode(answer.body))
            except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
                raise Unavailable("a bundle of the directory that cannot be read") from exc
        return found

    def _wait(self, fetching: Coroutine[object, object, T]) -> T:
        """Fetch on the event loop, from the refreshing thread; if the loop goes away this ends too."""
        asked = asyncio.run_coroutine_threadsafe(fetching, self._loop)
        try:
            return asked.result(FETCH_S)
        except TimeoutError:
            asked.cancel()
            raise Unavailable(f"no gateway had the directory within {FETCH_S:.0f} s") from None
