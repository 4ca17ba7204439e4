"""
A small file system of its own that can be filled to its last byte: a tmpfs.

    with small_disk(64 << 20) as disk:     # None where none may be mounted: whoever asks says so, and does without
        disk.fill()                        # every further write that needs a block fails with ENOSPC
        disk.empty()

Mounting needs root and CAP_SYS_ADMIN, which containers often lack. A tmpfs outlives processes, not the machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SmallDisk", "small_disk"]

BLOCK_BYTES: Final = 4096
_FILLER: Final = "filler"


class SmallDisk:
    """
    What is mounted.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def free_bytes(self) -> int:
        """What can still be written."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        """Take all that is free, also where others write meanwhile; what they delete later is free again."""
        with (self.folder / _FILLER).open("wb", buffering=0) as filler:
            taken, piece = 0, self.free_bytes
            while self.free_bytes:
                try:
                    os.posix_fallocate(filler.fileno(), taken, piece)
                except OSError:  # there is less than that by now
                    piece = max(BLOCK_BYTES, piece // 2)
                else:
                    taken += piece

    def empty(self) -> None:
        """Give back what was taken."""
        (self.folder / _FILLER).unlink(missing_ok=True)


@contextmanager
def small_disk(size_bytes: int) -> Iterator[SmallDisk | None]:
    """Mount one while the context is open; all users may look into it, as into any temporary folder of a server."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    words = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0755", "small-disk", str(folder)]
    able = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = able and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield SmallDisk(folder) if mounted else None
    finally:
        if mounted:  # lazily: who still has a file open keeps it until it ends
            subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()
