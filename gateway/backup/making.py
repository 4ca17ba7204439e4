"""
Making a backup: the ledger first, then the files, then the manifest.

In this order, because a directory that is newer than the ledger is taken in at the next start, and one that is older is refused
as a step back. The gateway goes on meanwhile; only the disk notices.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.backup.files import LEFT_OUT, collect
from gateway.backup.manifest import LEDGER, Checkpoint, Manifest, hash_parts, write_manifest
from gateway.backup.snapshot import take_snapshot
from gateway.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.config import Config

__all__ = ["make_backup"]


def make_backup(config: Config, path: Path, folder: Path, clock: Callable[[], float] = time.time) -> Manifest:
    """
    Back a gateway up into an empty folder. Blocks; the gateway may be working.

    Args:
        config: As read from `path`.
        path: The configuration file, which the backup has too.
        folder: Empty, or not there yet; becomes readable by its owner alone.
        clock: Unix seconds.

    Raises:
        Rejected: `home-exists`: something is in the folder. `config`: a file that belongs into it is missing.
        Corrupt: `schema-version`: a PostgreSQL ledger of another program's schema.
        Unavailable: The ledger does not answer, or the disk is full. What is in the folder then is no backup: remove it.
    """
    _make_empty(folder)
    made_at = int(clock())
    take_snapshot(config.ledger.url, folder / LEDGER)
    collect(config, path, folder)
    manifest = _described(config.address, made_at, folder)
    _sync(folder)
    write_manifest(folder, manifest)
    return manifest


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Rejected(f"{folder} is not empty", code="home-exists", hint="name an empty folder, or one to be made")
        folder.chmod(0o700)  # who wrote to whom stands in it
    except OSError as exc:
        raise Unavailable(f"{folder}: {exc.strerror}", hint="see disk and permissions") from exc


def _described(address: str, made_at: int, folder: Path) -> Manifest:
    with closing(sqlite3.connect(folder / LEDGER)) as copy:
        (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        (number,) = copy.execute("SELECT number FROM counter").fetchone()
        size, root = copy.execute("SELECT size, root FROM log_state").fetchone()
        newest = "SELECT size, root, note FROM checkpoint WHERE note IS NOT NULL ORDER BY size DESC LIMIT 1"
        signed = copy.execute(newest).fetchone()
    return Manifest(
        address=address,
        made_at=made_at,
        program=__version__,
        schema_version=version,
        number=number,
        log_size=size,
        log_root=root.hex(),
        checkpoint=None if signed is None else Checkpoint(signed[0], signed[1].hex(), signed[2].decode()),
        parts=hash_parts(folder),
        left_out=LEFT_OUT,
    )


def _sync(folder: Path) -> None:
    """Have the copy of the ledger and every folder on disk; the other files are already."""
    for path in (folder / LEDGER, folder, *(one for one in folder.rglob("*") if one.is_dir())):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
