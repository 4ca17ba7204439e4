"""
The page's own files: HTML, ES modules, one style sheet, as they are in the package; there is no build step.

They are read once. What is not in the folder does not exist, so no path leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["PUBLIC", "StaticFile", "static_files"]

FOLDER: Final = Path(__file__).resolve().parent / "static"
PUBLIC: Final = frozenset({"login.html", "login.mjs", "style.css", "icon.svg"})  # what somebody sees who is not signed in
_MEDIA: Final = {
    ".html": "text/html; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


class StaticFile(NamedTuple):
    """One file: its bytes and its media type."""

    data: bytes
    media: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Return the files of the page by name."""
    found = (path for path in sorted(FOLDER.iterdir()) if path.suffix in _MEDIA)
    return {path.name: StaticFile(path.read_bytes(), _MEDIA[path.suffix]) for path in found}
