"""
Who is who, as this gateway knows it now: read from the ledger, fed from the authority's folder, shared by all processes.

The files in the ledger are believed only as far as they verify from the configured root. A change is made by compare-and-set,
with its leaves of the audit log in the same commit: who lost the race reads what won and tries again on it. An outdated
directory stays in use, because an authority that is away must not stop the exchange (promise 8): `check_fresh` says so, and
every home keeps its own rule. What is asked of the directory in use is answered for peers too (`peers`): `current` without
those that are stale, for accepting; `known` and `answers` with them, for what was accepted before.
python-tuf's work is done in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Final

from gateway.directory.expiry import metadata_ends
from gateway.directory.leaves import directory_leaves
from gateway.directory.metadata import read_repository
from gateway.directory.repository import OnlineSigner, superseded
from gateway.directory.roles import AUTHORITY_ROLES, TufRole
from gateway.directory.view import Directory, build_from, with_peers
from gateway.envelope import KeyRecord
from gateway.errors import Rejected, Unavailable
from gateway.exchange.peer_directories import PeerDirectories
from gateway.exchange.publication import Publication
from gateway.ids import KeyId
from gateway.ledger import Ledger
from gateway.ops import Metrics
from gateway.ops.logs import logger
from gateway.policy import DirectoryAnswers

__all__ = ["Authority", "DirectorySource", "Files"]

TRIES: Final = 5  # of a change that others overtake; a sixth process in a row would be a storm

GONE: Final = b""  # what a file holds that no refresh can still ask for; no file of a repository is empty

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Where the directory comes from, and what it is held against.

    Args:
        root: The root metadata that trust starts from.
        publication: Where the authority's files come from.
        online: Signs snapshot, timestamp and cards.
    """

    root: bytes
    publication: Publication
    online: OnlineSigner


class DirectorySource:
    """
    The directory of one network.

    Args:
        ledger: Keeps the files.
        authority: See `Authority`.
        clock: Unix seconds.
        metrics: Version and age.

    Attributes:
        peers: The directories of the networks that the own directory names.
    """

    def __init__(self, ledger: Ledger, authority: Authority, clock: Callable[[], float], metrics: Metrics) -> None:
        self._ledger = ledger
        self._online = authority.online
        self._root = authority.root
        self._publication = authority.publication
        self._clock = clock
        self._metrics = metrics
        self._log = logger()
        self._changing = asyncio.Lock()
        self._version = 0
        self._renewed_at = clock()
        self._ends: Mapping[TufRole, int] = {}
        self._told_expired = False
        self._files: Mapping[str, bytes] = {}
        self._directory: Directory | None = None
        self._current: Directory | None = None
        self._known: Directory | None = None
        self._answers: DirectoryAnswers | None = None
        self._joined_until = inf
        self.peers = PeerDirectories(ledger, clock, metrics, self._join)

    def current(self) -> Directory:
        """Return the directory in use, for sealing and accepting; `unavailable` before there is one."""
        if self._clock() >= self._joined_until:  # a peer became stale since
            self._join()
        if self._current is None:
            raise Unavailable("there is no directory yet: publish one, then start the gateway")
        return self._current

    def known(self) -> Directory:
        """Return the directory in use, with peers that are stale; `unavailable` before there is one."""
        if self._known is None:
            raise Unavailable("there is no directory yet: publish one, then start the gateway")
        return self._known

    def answers(self) -> DirectoryAnswers:
        """Return what the directory in use answers to the envelope, with peers that are stale."""
        if self._answers is None:
            raise Unavailable("there is no directory yet")
        return self._answers

    def age_s(self) -> float:
        """Return the time since the authority's folder was last found good."""
        return max(0.0, self._clock() - self._renewed_at)

    def check_fresh(self) -> None:
        """Raise `directory-expired` when what the authority signed has expired: homes refuse it, the exchange goes on."""
        if self._clock() >= self._expires:
            raise Rejected(f"the authority's metadata expired at {self._expires}: let it publish", code="directory-expired")

    @property
    def ends(self) -> Mapping[TufRole, int]:
        """When the metadata of each role in use expires, in Unix seconds; empty before there is one."""
        return self._ends

    def lookup(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key of the directory in use, or None; for any thread."""
        return None if self._directory is None else self._directory.key(key_id)

    @property
    def _expires(self) -> int:
        """When the first of the authority's signatures expires."""
        return min((self._ends[role] for role in AUTHORITY_ROLES if role in self._ends), default=0)

    def files(self, names: Sequence[str]) -> Files:
        """Return those files that are there."""
        return {name: self._files[name] for name in names if name in self._files}

    @property
    def online(self) -> OnlineSigner:
        """What signs cards into the directory."""
        return self._online

    async def start(self) -> None:
        """
        Read what is there and take in what the authority published.

        Raises:
            Rejected: What the authority published is refused and there is nothing else to work with.
            Unavailable: There is nothing yet.
        """
        await self.reload()
        await self._log_all()
        try:
            await self.renew()
        except (Rejected, Unavailable) as exc:
            if self._directory is None:
                raise
            self._log.error("directory-refused", code=exc.code, detail=exc.detail)
        self.current()

    async def reload(self) -> bool:
        """Read the ledger's files when they changed, and those of peers; True when the directory in use is another one."""
        before = self._known
        await self._reload()
        await self._follow()
        return self._known is not before

    async def _reload(self) -> bool:
        if self._version and await self._ledger.directory.version() == self._version:
            return False
        version, files = await self._ledger.directory.read()
        if version == self._version:
            return False
        await self._install(version, {name: data for name, data in files.items() if data != GONE})
        return True

    async def renew(self) -> None:
        """
        Take in what the authority published since, and sign again what would expire.

        Raises:
            Rejected: The publication is refused; what was good before stays in use.
        """
        now = self._clock()
        try:
            await self._take_in(now)
        finally:  # what is good must not expire because what came is refused
            if self._files:
                await self.change(lambda files, _: self._online.refresh(files, now))
            self._tell_expiry()
        self._renewed_at = now
        await self._follow()

    async def _take_in(self, now: float) -> None:
        publication = await asyncio.to_thread(self._publication.read)
        if publication is not None:
            await self.change(lambda files, _: self._online.import_publication(files, publication, self._root, now))
            self._publication.taken()

    async def change(self, make: Callable[[Mapping[str, bytes], Directory | None], Files]) -> bool:
        """
        Change the directory for everybody.

        Args:
            make: Returns the files to add, from all files and the directory in use; called again when others were faster.
                Runs in a thread; what it raises comes out and nothing is changed.

        Returns:
            Whether anything changed.

        Raises:
            Unavailable: The ledger is away, or others were faster again and again.
        """
        async with self._changing:
            for _ in range(TRIES):
                news = await asyncio.to_thread(make, self._files, self._directory)
                if not news:
                    return False
                if await self._publish(news):
                    return True
                await self._reload()
        raise Unavailable("others changed the directory at the same time", code="busy")

    async def _publish(self, news: Files) -> bool:
        merged = {**self._files, **news}
        gone = set(await asyncio.to_thread(superseded, merged))
        leaves = await asyncio.to_thread(directory_leaves, self._files, merged)
        try:
            version = await self._ledger.directory.publish(self._version, {**news, **dict.fromkeys(gone, GONE)}, leaves)
        except Rejected as exc:
            if exc.code == "conflict":
                return False
            raise
        await self._install(version, {name: data for name, data in merged.items() if name not in gone})
        return True

    async def _log_all(self) -> None:
        """Put all of a directory into the audit log that was published before there was one; another process may be faster."""
        if not self._files or await self._ledger.directory.logged():
            return
        leaves = await asyncio.to_thread(directory_leaves, {}, self._files)
        with suppress(Rejected):
            await self._ledger.directory.publish(self._version, {}, leaves)
        await self.reload()

    def _tell_expiry(self) -> None:
        """Log once that the authority is late, and once that it has published."""
        self._metrics.directory_expires_seconds.set(self._expires - self._clock())
        try:
            self.check_fresh()
        except Rejected as exc:
            if not self._told_expired:
                self._log.error("directory-expired", code=exc.code, detail=exc.detail)
            self._told_expired = True
        else:
            if self._told_expired:
                self._log.info("directory-fresh")
            self._told_expired = False

    async def _install(self, version: int, files: Mapping[str, bytes]) -> None:
        """Verify from the root, then use; what does not verify is not used, nor what was overtaken meanwhile."""
        if files:
            directory, ends = await asyncio.to_thread(self._verified, files)
            if version < self._version:
                return
            self._directory, self._ends = directory, ends
            self._join()
            self._metrics.directory_version.set(directory.version)
            self._log.info("directory", version=directory.version, count=len(directory.entries))
            for path, code in directory.held_back.items():
                self._log.warning("card-held-back", path=path, code=code)
        self._version, self._files = version, files

    async def _follow(self) -> None:
        """Hold the peers that the directory names; one that it names no more is nobody already."""
        if self._directory is not None:
            await self.peers.follow(self._directory)

    def _join(self) -> None:
        """Let the directory answer for its peers, and for those that are stale only about what was."""
        own, now = self._directory, self._clock()
        if own is None:
            return
        found = self.peers.directories()
        self._known = with_peers(own, found)
        self._answers = DirectoryAnswers(self._known)
        fresh = [one for one in found if not self.peers.stale(one.network, now)]
        self._current = self._known if len(fresh) == len(found) else with_peers(own, fresh)
        self._joined_until = min((self.peers.stale_at(one.network) for one in fresh), default=inf)

    def _verified(self, files: Mapping[str, bytes]) -> tuple[Directory, dict[TufRole, int]]:
        """Return the directory, and when the metadata of each role expires."""
        return build_from(read_repository(files, self._root, None)), metadata_ends(files, self._root)
