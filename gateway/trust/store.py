"""
What a home keeps of the directory on disk: the last good copy, the highest serials seen, and when it was last confirmed.

One file, replaced as a whole, so a crash leaves the old copy or the new one. Everything in it is verified again from the
root whenever it is read; only the serials and the time are the home's own word. Folder 0700, files 0600.
A lock file makes two processes of one home take turns.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from gateway.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Copy", "Store"]

_MAX_BYTES: Final = 256 * 1024 * 1024


class Copy(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    The last good copy.

    Args:
        form: Of this file.
        files: Name to bytes: the metadata and targets of one version.
        serials: Path of a card to the highest serial that was ever seen there.
    """

    form: Literal["directory-copy-1"] = "directory-copy-1"
    files: dict[str, bytes]
    serials: dict[str, Annotated[int, msgspec.Meta(ge=0)]]


class Store:
    """
    The folder of one home's directory.

    Args:
        folder: Made with mode 0700 if it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._copy = folder / "copy"
        self._confirmed = folder / "confirmed"
        self._lock = folder / "lock"
        self.metadata = folder / "metadata"  # python-tuf's own
        self.metadata.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait for, then hold, the turn of this process."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def mark(self) -> tuple[int, int] | None:
        """Return what changes when another process replaced the copy; None without one."""
        try:
            status = self._copy.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def read(self) -> Copy | None:
        """Return the last good copy, or None before the first refresh."""
        try:
            with self._copy.open("rb") as stream:
                data = stream.read(_MAX_BYTES)
        except FileNotFoundError:
            return None
        try:
            return msgspec.msgpack.decode(data, type=Copy)
        except msgspec.DecodeError as exc:
            raise Corrupt("the copy of the directory cannot be read; remove it and connect to a gateway") from exc

    def write(self, copy: Copy) -> None:
        """Replace the copy."""
        _replace(self._copy, msgspec.msgpack.encode(copy))

    def confirmed_at(self) -> int | None:
        """Return when a refresh last succeeded, in Unix seconds; None for never."""
        try:
            return int(self._confirmed.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def confirm(self, now: float) -> None:
        """Note that what is kept is what the gateway has now."""
        _replace(self._confirmed, b"%d" % int(now))

    def protect(self) -> None:
        """Keep what python-tuf wrote from other users: 0600 and 0700, whatever the umask."""
        for path in self.metadata.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError:
        with suppress(FileNotFoundError):
            new.unlink()
        raise
