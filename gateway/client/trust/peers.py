"""
The directories of the peers that the home's own directory names: each verified from the root that stands there, none other.

They are refreshed together with the own one; one that fails keeps its last good copy, and disturbs neither the others nor the
own. A peer that is not named any more is left out at once. One without a fresh copy for seven days opens what it sent, and is
not sealed to. Synchronous: called in the refreshing thread. Spec: schemas/relay.md, "Peering".
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.trust.fetching import Files
from gateway.errors import GatewayError
from gateway.ids import Network
from gateway.trust import Expected, TrustedDirectory
from gateway.trust.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.directory.peers import Peer
    from gateway.directory.view import Directory

__all__ = ["FOLDER", "PeerDirectories"]

FOLDER: Final = "peers"  # in the folder of the own directory
_log: Final = logging.getLogger(__name__)


class _Pinned(NamedTuple):
    """A peer's directory, and the root that it is verified from."""

    root: bytes
    trusted: TrustedDirectory


class PeerDirectories:
    """
    What a home knows of its peers.

    Args:
        folder: Has one folder for each network.
        exercise: Whether the home belongs to an exercise; a peer then must too, and the reverse.
        files: Fetches what a gateway has of a network.
        clock: Unix seconds.
    """

    def __init__(self, folder: Path, *, exercise: bool, files: Callable[[Network], Files], clock: Callable[[], float]) -> None:
        self._folder = folder
        self._exercise = exercise
        self._files = files
        self._clock = clock
        self._pinned: dict[Network, _Pinned] = {}

    def refresh(self, own: Directory) -> None:
        """Fetch what is new of every peer that is named; raises nothing."""
        for network, peer in own.borders.items():
            try:
                self._of(peer).refresh()
            except GatewayError as exc:
                _log.warning("the directory of %s was not refreshed: %s", network, exc.code)

    def read(self, own: Directory) -> dict[Network, tuple[Directory, float]]:
        """Return the copies at hand of the peers that are named, and when each was confirmed last, Unix seconds."""
        found = {}
        for network, peer in own.borders.items():
            try:
                trusted = self._of(peer)
                directory, age_s = trusted.last(), trusted.age_s
            except GatewayError as exc:  # the copy was changed on disk while it was in use
                _log.warning("the directory of %s cannot be read: %s", network, exc)
                self._pinned.pop(network, None)
                continue
            if directory is not None:
                found[network] = directory, self._clock() - age_s
        return found

    def copy(self, network: Network) -> Mapping[str, bytes]:
        """Return the files of the copy on disk, empty without one."""
        copy = Store(self._folder / network).read() if (self._folder / network).is_dir() else None
        return {} if copy is None else copy.files

    def _of(self, peer: Peer) -> TrustedDirectory:
        network = Network(peer.network)
        known = self._pinned.get(network)
        if known is None or known.root != peer.root:
            known = self._pinned[network] = _Pinned(peer.root, self._opened(network, peer.root))
        return known.trusted

    def _opened(self, network: Network, root: bytes) -> TrustedDirectory:
        """Open the copy of a peer; one that does not lead back to the root that is pinned now is nothing to go on with."""
        folder, files = self._folder / network, self._files(network)
        expected = Expected(network, self._exercise)

        def opened() -> TrustedDirectory:
            return TrustedDirectory(folder, root, files.one, self._clock, bundle=files.many, expected=expected)

        trusted = opened()
        try:
            trusted.last()
        except GatewayError as exc:
            _log.warning("the copy of the directory of %s does not verify from the root of today: %s", network, exc.code)
            shutil.rmtree(folder)
            return opened()
        return trusted
