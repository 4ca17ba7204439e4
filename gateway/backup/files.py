"""
Which files of an installation a backup has, under which name, and where they go at a restore.

Keys go as they lie there, sealed under their passphrase. What would open them, and the key of TLS, stay out: a backup must be
worth nothing to its thief. The memory of the audit log stays out as well: `gateway.audit.memory` says why.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.backup.manifest import Manifest
    from gateway.config import Config

__all__ = ["CONFIG", "LEFT_OUT", "collect", "places", "put_back", "put_config"]

CONFIG: Final = "gateway.toml"
PUBLICATION: Final = "publication"
LEFT_OUT: Final = {
    "audit memory": "it must know what was signed after this backup",
    "passphrase": "it opens the keys: it is kept apart",
    "TLS keys": "they lie open: issue others",
    "queues of the broker": "the ledger is the record: they fill again",
}
_ELSEWHERE: Final = "restore into an empty place, or move what is there away"


def collect(config: Config, path: Path, folder: Path) -> None:
    """
    Copy what the configuration names into the backup.

    Raises:
        Rejected: `config`: the key file or the root of trust cannot be read.
        Unavailable: The backup cannot be written.
    """
    _copy(path, folder / CONFIG)
    for name, source in places(config).items():
        if name == PUBLICATION:
            for file in sorted(one for one in source.rglob("*") if one.is_file()):
                _copy(file, folder / PUBLICATION / file.relative_to(source))
        else:
            _copy(source, folder / name)


def places(config: Config) -> dict[str, Path]:
    """Return where each file lies, by its name in the backup; `publication` is a folder."""
    listen, operations = config.listen, config.operations
    found = {
        "gateway.keys": config.keys.file,
        "root.json": config.directory.root,
        PUBLICATION: config.directory.publication,
        "tls/certificate.pem": listen.tls_certificate,
        "tls/client-ca.pem": listen.client_ca,
        "operations-tls/certificate.pem": operations.tls_certificate,
        "operations-tls/client-ca.pem": operations.client_ca,
        "timestamp-ca.pem": config.audit.timestamp_ca,
    }
    return {name: place for name, place in found.items() if place is not None}


def put_config(folder: Path, path: Path) -> bool:
    """Write the configuration where there is none; False where there is one, which then counts."""
    if path.exists():
        return False
    _copy(folder / CONFIG, path)
    return True


def put_back(folder: Path, manifest: Manifest, config: Config) -> list[Path]:
    """
    Write each file where the configuration wants it; what is there already, byte for byte, stays.

    Returns:
        What was written.

    Raises:
        Rejected: `home-exists`: another file is in the place of one; nothing was written.
        Unavailable: It cannot be written.
    """
    wanted = [(folder / name, target) for name, target in _targets(manifest, config)]
    for source, target in wanted:
        if target.exists() and not _same(source, target):
            raise Rejected(f"{target} is there already, and another one", code="home-exists", hint=_ELSEWHERE)
    missing = [(source, target) for source, target in wanted if not target.exists()]
    for source, target in missing:
        _copy(source, target)
    return [target for _, target in missing]


def _targets(manifest: Manifest, config: Config) -> Iterable[tuple[str, Path]]:
    where = places(config)
    for name in manifest.parts:
        if name in where:
            yield name, where[name]
        elif name.startswith(f"{PUBLICATION}/"):
            yield name, where[PUBLICATION] / name.removeprefix(f"{PUBLICATION}/")


def _same(source: Path, target: Path) -> bool:
    return target.is_file() and source.read_bytes() == target.read_bytes()


def _copy(source: Path, target: Path) -> None:
    """Copy one file, on disk and readable by its owner alone; what is missing of optional files stays missing."""
    try:
        with source.open("rb") as old:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(new, "wb") as file:
                shutil.copyfileobj(old, file)
                file.flush()
                os.fsync(file.fileno())
    except FileNotFoundError as exc:
        raise Rejected(f"no file {exc.filename}", code="config", hint="mend the path: gateway check CONFIG") from exc
    except OSError as exc:
        raise Unavailable(f"{target}: {exc.strerror}", hint="see disk and permissions") from exc
