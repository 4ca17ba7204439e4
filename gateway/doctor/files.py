"""Files of the gateway: who may read a secret, who may change what the gateway trusts, and what file system a ledger is on."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from gateway.doctor.finding import Finding, fail, ok, warn

__all__ = ["file_system", "secret", "settled", "trusted"]

_READ_BY_OTHERS: Final = 0o077
_WRITTEN_BY_OTHERS: Final = 0o022
# A lock that is not one, and a sync that is none.
REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "fuse.glusterfs", "ceph"})
VOLATILE: Final = frozenset({"tmpfs", "ramfs"})


def secret(check: str, path: Path) -> Finding:
    """Look whether a file that holds a secret is its owner's alone."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as exc:
        return fail(check, f"{path}: {exc.strerror}", f"put it there, or correct its name in the configuration: {path}")
    if mode & _READ_BY_OTHERS:
        return fail(check, f"{path} has mode {mode:04o}", f"chmod 600 {path}")
    return ok(check, f"{path} has mode {mode:04o}")


def trusted(check: str, path: Path) -> Finding:
    """Look whether only its owner can change what the gateway believes; anybody may read it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        above = stat.S_IMODE(path.parent.stat().st_mode)
    except OSError as exc:
        return fail(check, f"{path}: {exc.strerror}", f"put it there, or correct its name in the configuration: {path}")
    if mode & _WRITTEN_BY_OTHERS:
        return fail(check, f"{path} has mode {mode:04o}", f"chmod go-w {path}")
    if above & _WRITTEN_BY_OTHERS and not above & stat.S_ISVTX:
        return warn(check, f"the folder {path.parent} has mode {above:04o}", f"chmod go-w {path.parent}")
    return ok(check, f"{path} has mode {mode:04o}")


def settled(check: str, kind: str) -> Finding:
    """Judge the file system that a SQLite ledger is on."""
    if kind in REMOTE:
        return fail(check, kind, "move it to a local disk, or use PostgreSQL: locks and syncs of a network are none")
    if kind in VOLATILE:
        return fail(check, kind, "move it to a disk: this one forgets at every start of the machine")
    return ok(check, kind or "not known")


def file_system(path: Path, mounts: str) -> str:
    """
    Return the kind of the file system that a path is on; empty where that is not known.

    Args:
        path: Absolute.
        mounts: As `/proc/mounts` has it.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split()
        if len(words) < 3:
            continue
        point = words[1].replace("\\040", " ")
        if len(point) > best and path.is_relative_to(point):
            best, kind = len(point), words[2]
    return kind
