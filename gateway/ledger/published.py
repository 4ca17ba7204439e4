"""
The files of the directory as the ledger keeps them, so that all processes of a gateway serve the same ones.

They change as a whole, from the version that the caller has seen, with their leaves of the audit log in the same commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["Published"]


class Published:
    """The directory's files, as part of a `Ledger`: calls fail like its own."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def read(self) -> tuple[int, dict[str, bytes]]:
        """Return the version of the files, and the files; version 0 has none."""
        return await self._readers.run(directory.read)

    async def version(self) -> int:
        """Return the version alone."""
        return await self._readers.run(directory.version)

    async def logged(self) -> bool:
        """Tell whether any publication is in the audit log; what schema 0001 kept is not."""
        return await self._readers.run(directory.logged)

    async def publish(self, expected: int, files: Mapping[str, bytes | None], leaves: Sequence[bytes] = ()) -> int:
        """
        Replace, add or remove files.

        Args:
            expected: The version that the caller has seen.
            files: What changed, by name; None removes.
            leaves: What the audit log gets in the same commit, the version's own leaf last.

        Returns:
            The new version.

        Raises:
            Rejected: `conflict`; another process published meanwhile.
            Uncertain: Read the directory again.
        """
        return await self._writer.submit(directory.publish, (expected, files, leaves), repeatable=False)
