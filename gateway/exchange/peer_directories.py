"""
The directories of peers at this gateway: brought by anybody, verified from the roots that our authority pins.

All processes share them through the ledger. What was verified last stays in use, however old, for opening and for receipts; a
peer whose timestamp expired more than seven days ago is `stale`: nothing is sealed to it and nothing is accepted from it. A
network that is not named any more is nobody at once, and its files are deleted. One publication is judged at a time, in a
thread, and a few wait: strangers may publish too. What evidence needs of a version that is taken becomes leaves of our own log.
Spec: schemas/relay.md, "The directory of a peer".
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.directory.leaves import far_leaves
from gateway.directory.peer_copy import STALE_AFTER_S, Brought, Copy, Expected, bring, read_copy
from gateway.directory.roles import LIFETIME_S, TufRole
from gateway.errors import Rejected, Unavailable
from gateway.exchange.growth import Growth
from gateway.ids import Network
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.directory.view import Directory
    from gateway.ledger import Ledger
    from gateway.ops import Metrics

__all__ = ["PeerDirectories", "Taken"]

TRIES: Final = 5  # of a change that other processes overtake
WAITING: Final = 3  # publications of one network that wait for their turn; one more is `busy`


class Taken(NamedTuple):
    """
    What a publication came to.

    Args:
        version: Of the directory that is in use now; 0 without one.
        root: Version of the newest root at hand: who brings files looks for the next one too.
        missing: Names that are still to be brought before the newer one can be used.
    """

    version: int
    root: int
    missing: Sequence[str]


_UNREAD: Final = -1  # the version of what this process has not read yet


@dataclass(frozen=True, slots=True)
class _Held:
    """What this process has of one network: `copy` is None where nothing verified, `stored` is what the ledger has."""

    expected: Expected
    version: int = _UNREAD
    stored: Mapping[str, bytes] = field(default_factory=dict)
    copy: Copy | None = None
    kept: Mapping[str, bytes] = field(default_factory=dict)  # of a directory that is being brought


class PeerDirectories:
    """
    The peers' directories of one process.

    Args:
        ledger: Keeps the files.
        clock: Unix seconds.
        metrics: Version and age of each.
        changed: Called after any of them changed.
    """

    def __init__(
        self, ledger: Ledger, clock: Callable[[], float], metrics: Metrics, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._changed = changed
        self._held: dict[Network, _Held] = {}
        self._followed: Directory | None = None
        self._growth = Growth(clock)
        self._us = Network("")  # this network, as soon as one's own directory says so
        self._one = asyncio.Lock()
        self._waiting: Counter[Network] = Counter()
        self._log = logger()

    def directories(self) -> list[Directory]:
        """Return those that are at hand, stale ones too."""
        return [held.copy.directory for held in self._held.values() if held.copy is not None]

    def stale_at(self, network: Network) -> float:
        """Return from when a peer is not sealed to any more, Unix seconds; 0 for one that is not at hand."""
        copy = self._held[network].copy if network in self._held else None
        return 0 if copy is None else copy.look.expires + STALE_AFTER_S

    def stale(self, network: Network, now: float) -> bool:
        """Say whether a peer's directory is too old to accept by, or not at hand."""
        return now >= self.stale_at(network)

    def files(self, network: Network, names: Sequence[str]) -> dict[str, bytes]:
        """Return those files of a peer's directory that are there; raise Rejected `peer-unknown`."""
        copy = self._named(network).copy
        return {} if copy is None else {name: copy.files[name] for name in names if name in copy.files}

    async def follow(self, own: Directory) -> None:
        """
        Hold what the own directory names, and nothing else; read what other processes took meanwhile.

        Args:
            own: The own network's directory in use.

        Raises:
            Unavailable: The ledger is away; call again.
        """
        if self._followed is own and not own.borders:
            return
        self._pin(own)
        versions = await self._ledger.peers.versions()
        for network, held in list(self._held.items()):
            if held.version != versions.get(network, 0):
                await self._read(network)
        if self._followed is not own:
            await self._forget(set(map(Network, versions)) - own.borders.keys())
            self._followed = own

    async def take(self, network: Network, brought: Mapping[str, bytes]) -> Taken:
        """
        Take in files of a peer's directory, from anybody.

        Args:
            network: Whose directory it is.
            brought: By name; what is still missing may be brought by further calls, to this process or with all again.

        Raises:
            Rejected: `peer-unknown`, `too-many`: it changes more than our log may grow by now, or the directory is refused with
                its code; what was in use stays.
            Unavailable: `busy`, or the ledger is away; nothing changed.
            Uncertain: It may be in use; bring it again.
        """
        self._named(network)
        if self._waiting[network] > WAITING:
            raise Unavailable(f"{WAITING} publications of {network} wait already", code="busy")
        self._waiting[network] += 1
        try:
            async with self._one:
                return await self._take(network, brought)
        finally:
            self._waiting[network] -= 1

    def measure(self) -> None:
        """Set the gauges: version and age of each peer's directory."""
        now = self._clock()
        for network, held in self._held.items():
            signed_at = -inf if held.copy is None else held.copy.look.expires - LIFETIME_S[TufRole.TIMESTAMP]
            self._metrics.peer_directory_age_seconds(network).set(max(0.0, now - signed_at))
            self._metrics.peer_directory_version(network).set(_version(held.copy))

    async def _take(self, network: Network, brought: Mapping[str, bytes]) -> Taken:
        for _ in range(TRIES):
            held = self._named(network)
            found = await asyncio.to_thread(bring, held.copy, held.kept, brought, held.expected, self._clock())
            if found.copy is None:
                self._keep(network, held, found)
                return Taken(_version(held.copy), found.look.root, found.look.missing)
            if found.copy is held.copy or await self._publish(network, held, found.copy):
                return Taken(found.copy.directory.version, found.copy.look.root, ())
            await self._read(network)
        raise Unavailable(f"others changed the directory of {network} at the same time", code="busy")

    def _keep(self, network: Network, held: _Held, found: Brought) -> None:
        """Keep pieces until the rest comes: as many as one directory has, for what is brought next replaces them."""
        now = self._held.get(network)
        if found.files and now is not None and now.expected == held.expected and now.copy is held.copy:
            self._held[network] = _Held(now.expected, now.version, now.stored, now.copy, found.files)

    async def _publish(self, network: Network, held: _Held, copy: Copy) -> bool:
        gone = dict.fromkeys(held.stored.keys() - copy.files.keys())
        news = {name: data for name, data in copy.files.items() if held.stored.get(name) != data}
        # Of a version alone: names of files may begin anew where other keys number.
        before, after = ({} if one is None else one.of_version for one in (held.copy, copy))
        leaves = await asyncio.to_thread(far_leaves, network, self._us, before, after)
        self._growth.take(network, sum(map(len, leaves)))
        try:
            version = await self._ledger.peers.publish(network, held.version, {**gone, **news}, leaves)
        except Rejected as exc:
            if exc.code == "conflict":
                return False
            raise
        if self._named(network).expected == held.expected:  # else the authority removed or pinned anew meanwhile
            self._install(network, _Held(held.expected, version, copy.files, copy))
        return True

    async def _read(self, network: Network) -> None:
        """Read a network's files from the ledger; what does not verify from its root is not used, and stays to be replaced."""
        expected = self._named(network).expected
        version, files = await self._ledger.peers.read(network)
        copy = None
        if files:
            try:
                copy = await asyncio.to_thread(read_copy, files, expected)
            except Rejected as exc:
                self._log.error("peer-directory-refused", network=network, code=exc.code, detail=exc.detail)
        held = self._held.get(network)
        if held is not None and held.expected == expected and held.version <= version:
            self._install(network, _Held(expected, version, files, copy, held.kept))  # pieces stay: the rest is on its way

    def _install(self, network: Network, held: _Held) -> None:
        self._held[network] = held
        if held.copy is not None:
            self._log.info("peer-directory", network=network, version=held.copy.directory.version)
        self.measure()
        self._changed()

    def _pin(self, own: Directory) -> None:
        """Let go of who is not named any more, at once, and begin anew where another root is pinned."""
        self._us = own.network
        pinned = {network: Expected(network, own.exercise, peer.root) for network, peer in own.borders.items()}
        before = self._held
        self._held = {
            network: before[network] if network in before and before[network].expected == expected else _Held(expected)
            for network, expected in pinned.items()
        }
        for network in before.keys() - pinned.keys():
            self._metrics.forget_peer(network)
        if any(held is not self._held.get(network) for network, held in before.items()):
            self._changed()

    async def _forget(self, networks: set[Network]) -> None:
        """Delete the files of networks that are no peers; another process may be faster."""
        for network in networks:
            version, files = await self._ledger.peers.read(network)
            if not files:
                continue
            with suppress(Rejected):
                await self._ledger.peers.publish(network, version, dict.fromkeys(files))
                self._log.info("peer-removed", network=network)

    def _named(self, network: Network) -> _Held:
        held = self._held.get(network)
        if held is None:
            raise Rejected(f"{network} is no peer", code="peer-unknown")
        return held


def _version(copy: Copy | None) -> int:
    return 0 if copy is None else copy.directory.version
