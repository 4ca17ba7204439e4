"""
The files of peers' directories as the ledger keeps them, so that all processes of a gateway use and serve the same ones.

Each network's change as a whole, from the version that the caller has seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import peers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ids import Network
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["PeerFiles"]


class PeerFiles:
    """Peers' files, as part of a `Ledger`: calls fail like its own."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def read(self, network: Network) -> tuple[int, dict[str, bytes]]:
        """Return the version of a network's files, and the files; version 0 never had any."""
        return await self._readers.run(peers.read, network)

    async def versions(self) -> dict[str, int]:
        """Return the version of each network that ever had files here."""
        return await self._readers.run(peers.versions)

    async def publish(
        self, network: Network, expected: int, files: Mapping[str, bytes | None], leaves: Sequence[bytes] = ()
    ) -> int:
        """
        Replace, add or remove files of a network.

        Args:
            network: Whose.
            expected: The version that the caller has seen.
            files: What changed, by name; None removes.
            leaves: What the audit log gets in the same commit, the version's own leaf last.

        Returns:
            The new version.

        Raises:
            Rejected: `conflict`; another process was faster.
            Uncertain: Read them again.
        """
        return await self._writer.submit(peers.publish, (network, expected, files, leaves), repeatable=False)
