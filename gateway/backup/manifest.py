"""
What a backup is made of, and the hash of each part: written last, so a folder without it is no backup.

Hashes find damage, not malice: who can change a part can change the manifest. What was signed is held against the audit log's
memory, which no backup contains.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Corrupt, Rejected

__all__ = [
    "LEDGER",
    "MANIFEST",
    "Checkpoint",
    "Manifest",
    "Part",
    "hash_parts",
    "read_manifest",
    "require_whole",
    "write_manifest",
]

MANIFEST: Final = "manifest.json"
LEDGER: Final = "ledger.db"  # always SQLite, whatever the ledger is: it can be read, proved and restored without a server
_MAX_BYTES: Final = 16 << 20
_ANOTHER: Final = "take another backup; this one is no use"


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """One file: size in bytes, and SHA-256 in hex."""

    size: int
    sha256: str


class Checkpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest that the log had signed: leaves, root in hex, and the signed note."""

    size: int
    root: str
    note: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The file `manifest.json`.

    Args:
        form: Of the backup.
        address: Of the gateway.
        made_at: Unix seconds; the ledger is as it stood then or a moment later.
        program: Version of the program that made it.
        schema_version: Of the ledger.
        number: The last acceptance number in it.
        log_size: Leaves of the audit log in it.
        log_root: Their root, in hex.
        checkpoint: What was signed of them; None before the first.
        parts: By path, with slashes.
        left_out: What is not in it, and why.
    """

    form: Literal["gateway-backup-2"] = "gateway-backup-2"
    address: str
    made_at: int
    program: str
    schema_version: str
    number: int
    log_size: int
    log_root: str
    checkpoint: Checkpoint | None
    parts: dict[Annotated[str, Meta(max_length=1024)], Part]
    left_out: dict[str, str]


def hash_parts(folder: Path) -> dict[str, Part]:
    """Return every file below a folder, with its hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _part(path) for path in files}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it to disk, whole or not at all."""
    beside = folder / f"{MANIFEST}.part"
    with open(beside, "xb", opener=_private) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """
    Read it.

    Raises:
        Rejected: `config`: there is no backup in this folder.
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            manifest = msgspec.json.decode(file.read(_MAX_BYTES), type=Manifest)
    except OSError as exc:
        raise Rejected(f"no backup in {folder}: {MANIFEST}: {exc.strerror}", code="config", hint=_ANOTHER) from exc
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise Rejected(f"{folder / MANIFEST}: {exc}"[:300], code="config", hint=_ANOTHER) from exc
    if unsafe := next((path for path in manifest.parts if not _is_inside(path)), None):
        raise Rejected(f"{MANIFEST} names {unsafe[:100]!r}, outside the backup", code="config", hint=_ANOTHER)
    return manifest


def require_whole(folder: Path, manifest: Manifest) -> None:
    """Hash every part again; raise `corrupt` for the first that is missing or another."""
    for path, part in manifest.parts.items():
        try:
            found = _part(folder / path)
        except OSError as exc:
            raise Corrupt(f"{path} of the backup: {exc.strerror}", hint=_ANOTHER) from exc
        if found != part:
            raise Corrupt(f"{path} of the backup is damaged: {found.size} bytes, SHA-256 {found.sha256}", hint=_ANOTHER)


def _part(path: Path) -> Part:
    hasher, size = sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            hasher.update(block)
            size += len(block)
    return Part(size, hasher.hexdigest())


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and path == pure.as_posix()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
