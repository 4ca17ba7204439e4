"""
What the log must contain, whatever the ledger says: the size and root that this gateway signed last, in a file of its own.

It is written before the signature, replaced whole, and never made smaller; so it is worth something only where a backup of
the ledger cannot reach it. The text is that of a checkpoint.
Spec: schemas/audit.md, "Signing".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.envelope import LogView
from gateway.errors import Corrupt, Rejected, Unavailable
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint, parse_checkpoint

__all__ = ["Memory"]

_MAX_BYTES: Final = 4096


class Memory:
    """
    The memory of one log.

    Args:
        path: The file; its folder must be there.
        origin: Of the log.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin

    def read(self) -> LogView | None:
        """
        Return what was remembered last; None before the first time. Blocks.

        Raises:
            Corrupt: `log-forked`; the file holds something else, or belongs to another log.
            Unavailable: It cannot be read now.
        """
        try:
            data = self._path.read_bytes()[:_MAX_BYTES]
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise Unavailable(f"the log's memory {self._path}: {exc.strerror}") from exc
        try:
            checkpoint = parse_checkpoint(data.decode())
        except (UnicodeDecodeError, Rejected) as exc:
            raise Corrupt(f"the log's memory {self._path} is no checkpoint", code="log-forked") from exc
        if checkpoint.origin != self._origin:
            raise Corrupt(f"the log's memory {self._path} is of {checkpoint.origin}", code="log-forked")
        return LogView(checkpoint.size, checkpoint.root)

    def write(self, tree: LogView) -> None:
        """
        Remember a tree; a smaller one than before is passed over. Blocks until it is on disk.

        Raises:
            Corrupt: `log-forked`; see `read`, or another root of the same size is remembered.
            Unavailable: It cannot be written; what was remembered before stands.
        """
        known = self.read()
        if known is not None and known.size >= tree.size:
            if known.size == tree.size and known.root != tree.root:
                raise Corrupt(f"the log's memory {self._path} has another tree of {tree.size}", code="log-forked")
            return
        try:
            self._replace(encode_checkpoint(Checkpoint(self._origin, tree.size, tree.root)).encode())
        except OSError as exc:
            raise Unavailable(f"the log's memory {self._path}: {exc.strerror}") from exc

    def _replace(self, data: bytes) -> None:
        """Write beside, sync, rename, sync the folder: after a crash there is the old one or the new one."""
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
