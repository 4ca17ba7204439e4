"""What the envelope asks, answered from verified directories and the registry of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ids import network_of
from gateway.message.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.view import Directory
    from gateway.envelope.trust import KeyRecord
    from gateway.ids import Address, KeyId, Kind, Network
    from gateway.message.kind_spec import KindSpec

__all__ = ["DirectoryAnswers"]


class DirectoryAnswers:
    """
    Implements `gateway.envelope.trust.Answers`.

    Args:
        directories: One for each network, each with its peers; an address is looked up in its own network's directory alone.
        kinds: The registry.
    """

    def __init__(self, *directories: Directory, kinds: Mapping[Kind, KindSpec] = KINDS) -> None:
        self._directories = {peer.network: peer for directory in directories for peer in directory.peers.values()}
        self._directories |= {directory.network: directory for directory in directories}
        self._kinds = kinds

    def directory_version(self, network: Network) -> int:
        """Return the version at hand of a network; 0 for a network that is not known here."""
        directory = self._directories.get(network)
        return directory.version if directory is not None else 0

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return a key by its id, closed and revoked ones too, or None."""
        for directory in self._directories.values():
            record = directory.key(key_id)
            if record is not None:
                return record
        return None

    def is_gateway(self, address: Address) -> bool:
        """Say whether this participant is a gateway of its network."""
        directory = self._directories.get(network_of(address))
        return directory is not None and directory.is_gateway(address)

    def gateway_may_seal(self, kind: Kind) -> bool:
        """Say whether a gateway may seal this kind; no for a kind that is not known."""
        spec = self._kinds.get(kind)
        return spec is not None and spec.gateway_may_seal

    def needs_approval(self, kind: Kind) -> bool:
        """Say whether this kind needs a second officer; yes for a kind that is not known."""
        spec = self._kinds.get(kind)
        return spec is None or spec.needs_approval
