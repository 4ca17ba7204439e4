"""Read a folder that the authority published; what its files say is verified by who takes them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_publication"]

_MAX_FILE_BYTES: Final = 16 * 1024 * 1024
_PARTS: Final = ("metadata", "targets", "cards")


def read_publication(folder: Path) -> dict[str, bytes]:
    """
    Return the files of a publication by name (`metadata/1.root.json`, `cards/NCB-QM/key`); empty where there is none yet.

    Raises:
        Rejected: `directory-untrusted`, a file is larger than any publication has.
    """
    files: dict[str, bytes] = {}
    for path in sorted(path for part in _PARTS for path in (folder / part).rglob("*") if path.is_file()):
        if path.name.startswith("."):
            continue  # being written
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise Rejected(f"{path} is larger than {_MAX_FILE_BYTES} bytes", code="directory-untrusted")
        files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files
