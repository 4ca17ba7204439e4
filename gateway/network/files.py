"""Files of the authority and of enrolment: written whole or not at all, secret ones for their owner alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_file", "replace_file", "write_new"]


def read_file(path: Path, code: str = "home-missing") -> bytes:
    """Return a file's bytes; Rejected with `code` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code=code) from exc


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones; mode 0600, folders 0700."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    _write(new, data, os.O_TRUNC)
    new.replace(path)


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """
    Write files that must not be there yet, mode 0600.

    Raises:
        Rejected: `home-exists`, one is there; nothing is written.
    """
    present = [name for name in files if (folder / name).exists()]
    if present:
        raise Rejected(f"{folder / present[0]} is there already", code="home-exists")
    for name, data in files.items():
        (folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / name, data, os.O_EXCL)


def _write(path: Path, data: bytes, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
