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
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.client.home.home import DIRECTORY, Home
from gateway.client.line.transport import Transport
from gateway.client.trust.fetching import Files
from gateway.client.trust.peers import FOLDER, PeerDirectories
from gateway.directory.metadata import read_repository
from gateway.directory.view import Directory, with_peers
from gateway.errors import GatewayError, Rejected, Unavailable
from gateway.ids import Address, Network, network_of
from gateway.policy.answers import DirectoryAnswers
from gateway.trust import SEAL_FOR_S, Expected, TrustedDirectory
from gateway.trust.store import Store

__all__ = ["REFRESH_S", "HomeDirectory"]

REFRESH_S: Final = 300.0  # at most every five minutes, unless a delivery names a newer version
LOOK_AGAIN_S: Final = 30.0  # when no gateway could be reached
_log: Final = logging.getLogger(__name__)


class HomeDirectory:
    """
    What the home knows of who is who.

    Args:
        home: Whose root of trust and cache folder are used.
        transport: Fetches metadata and targets, which are verified here.
        clock: Unix seconds.

    Attributes:
        refused: Code of the last offer that was refused here; None since one was taken.
    """

    def __init__(self, home: Home, transport: Transport, clock: Callable[[], float]) -> None:
        self._home = home
        self._transport = transport
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._trusted: TrustedDirectory | None = None
        self._peers = PeerDirectories(home.folder / DIRECTORY / FOLDER, exercise=home.exercise, files=self._files, clock=clock)
        self._directory: Directory | None = None
        self._peers_confirmed_at: Mapping[Network, float] = {}
        self._answers: tuple[Directory, DirectoryAnswers] | None = None
        self._confirmed_at = 0.0
        self._look_at = 0.0
        self._begun = 0  # fetches so far
        self.refused: str | None = None
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

    def require_fresh(self, names: Iterable[str]) -> None:
        """
        Refuse to seal for a peer whose directory is too old; the own one is `for_sealing`'s.

        Args:
            names: Of recipients, as a person writes them or as addresses.

        Raises:
            Rejected: `directory-stale`, nobody vouched for that copy for `SEAL_FOR_S`, or there is none yet.
        """
        stale = [network for name in names if (network := Network(name.rpartition("@")[2])) in self._stale_peers()]
        if stale:
            told = f"nobody vouched for the directory of {stale[0]} for {SEAL_FOR_S} s, sealing needs that"
            raise Rejected(told, code="directory-stale")

    def is_fresh(self, address: Address) -> bool:
        """Say whether a peer's directory is fresh enough to seal to its participant; for one's own see `for_sealing`."""
        return network_of(address) not in self._stale_peers()

    def _stale_peers(self) -> set[Network]:
        since, known = self._clock() - SEAL_FOR_S, self._peers_confirmed_at
        return {network for network in self.last().borders if known.get(network, -math.inf) < since}

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
    def at_hand(self) -> Directory | None:
        """The copy at hand; None where this process has read none yet."""
        return self._directory

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

    def files(self, network: Network | None = None) -> Mapping[str, bytes]:
        """Return the files of the copy on disk, of this network or a peer, empty before the first contact; blocks."""
        if network is not None and network != self._home.network:
            return self._peers.copy(network)
        copy = Store(self._home.folder / DIRECTORY).read()
        return {} if copy is None else copy.files

    def card(self, path: str, network: Network | None = None) -> bytes | None:
        """Return a signed card of the copy on disk as it was published, or None; blocks."""
        peer = None if network is None else self.last().borders.get(network)
        if peer is None and network not in {None, self._home.network}:
            return None  # of a network that is no peer
        files = self.files(network)
        root = self._home.root if peer is None else peer.root
        return read_repository(files, root, None).cards.get(path) if files else None

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
        try:
            own = self._opened().refresh()
        except Rejected as exc:
            self.refused = exc.code
            raise
        self.refused = None
        self._peers.refresh(own)
        self._read()
        self._look_at = self._confirmed_at + REFRESH_S

    def _read(self) -> None:
        trusted = self._opened()
        own, age_s = trusted.last(), trusted.age_s
        if own is None:
            self._directory, self._confirmed_at = None, 0.0
            return
        peers = self._peers.read(own)
        self._peers_confirmed_at = {network: confirmed_at for network, (_, confirmed_at) in peers.items()}
        self._directory = with_peers(own, [directory for directory, _ in peers.values()])
        self._confirmed_at = self._clock() - age_s

    def _opened(self) -> TrustedDirectory:
        if self._trusted is None:
            expected = Expected(self._home.network, self._home.exercise)
            folder, files = self._home.folder / DIRECTORY, self._files()
            self._trusted = TrustedDirectory(
                folder, self._home.root, files.one, self._clock, bundle=files.many, expected=expected
            )
        return self._trusted

    def _files(self, network: Network | None = None) -> Files:
        return Files(self._transport, self._loop, network)
