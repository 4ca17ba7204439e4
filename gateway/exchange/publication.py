"""
The authority's folder, read again only when something in it changed.

It may be filled while it is read: then what was read does not verify, is not taken in, and is read again the next time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gateway.errors import Unavailable
from gateway.trust.publication import read_publication

__all__ = ["FolderPublication", "Publication"]

_Look = frozenset[tuple[str, int, int]]  # path, time of change in ns, size


class Publication(Protocol):
    """Where the authority's files come from; both calls may block."""

    def read(self) -> dict[str, bytes] | None:
        """Return all files by name, or None when they are those that were taken in last; may raise Unavailable."""

    def taken(self) -> None:
        """Note that what `read` returned last was taken in."""


class FolderPublication:
    """
    A folder that `gateway network publish` fills, or something that copies from there.

    Args:
        folder: It need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: _Look | None = None
        self._taken: _Look | None = None

    def read(self) -> dict[str, bytes] | None:
        """Return all files by name, or None when nothing changed; raise Unavailable when they cannot be read now."""
        try:
            look = self._look()
            if not look or look == self._taken:
                return None
            self._read = look
            return read_publication(self._folder)
        except OSError as exc:
            raise Unavailable(f"the authority's folder {self._folder}: {exc.strerror}") from exc

    def taken(self) -> None:
        """Note that what `read` returned last was taken in."""
        self._taken = self._read

    def _look(self) -> _Look:
        found = ((path, path.stat()) for path in self._folder.rglob("*") if path.is_file())
        return frozenset((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)
