"""
Restoring a gateway into an empty place.

1. prove the backup   2. refuse where nobody knows what was signed after it   3. the files   4. the ledger; what stood in the
broker's mailboxes waits again   5. the directory is signed anew, with versions above any that a home can have seen: else homes
would take it for a step back, and the gateway their messages for sealed with a directory that does not exist yet.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.backup.files import put_back, put_config
from gateway.backup.manifest import LEDGER, read_manifest
from gateway.backup.proof import Proved, memory_of, verify_backup
from gateway.backup.refill import refill
from gateway.config import load
from gateway.errors import Rejected
from gateway.exchange import Authority, DirectorySource
from gateway.exchange.publication import FolderPublication
from gateway.ledger import Ledger
from gateway.ops import Metrics
from gateway.server.given import open_keys, read_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.config import Config
    from gateway.directory.repository import OnlineSigner
    from gateway.directory.view import Directory

__all__ = ["Restored", "restore_backup"]


@dataclass(frozen=True, slots=True)
class Restored:
    """
    What a restore did.

    Args:
        proved: The backup, and what the memory of the log says beside it.
        written: Files that were missing.
        next_number: Acceptance numbers go on above it; what was accepted with a number between is lost.
        directory: Version of the directory that homes are given now; 0 where the ledger had none.
    """

    proved: Proved
    written: list[Path]
    next_number: int
    directory: int


def restore_backup(
    path: Path,
    folder: Path,
    passphrase: Callable[[Config], bytes],
    *,
    without_memory: bool = False,
    clock: Callable[[], float] = time.time,
) -> Restored:
    """
    Restore a gateway that does not run. Blocks.

    Args:
        path: The configuration; where there is none, that of the backup is written there.
        folder: The backup; nothing in it is changed.
        passphrase: Gives what opens the gateway's keys; asked before anything but the configuration is written.
        without_memory: Whoever restores has made sure that nothing was signed after the backup.
        clock: Unix seconds.

    Raises:
        Rejected: `home-exists`: the place is not empty. `config`: no backup, another gateway's, or the memory of the log is
            missing. `passphrase`. No ledger was made.
        Corrupt: See `verify_backup`; nothing was written but the configuration.
        Unavailable: Database or disk; call it again when they are back, with an empty database.
    """
    read_manifest(folder)
    put_config(folder, path)
    config = load(path)
    proved = verify_backup(config, folder)
    if proved.remembered is None and not without_memory:
        raise Rejected(
            f"no memory of the audit log in {memory_of(config)}: nobody here knows what was signed after the backup",
            code="config",
            hint="bring that file from the machine that was lost; where it is gone: deploy/backup.md, Without the memory",
        )
    secret = passphrase(config)
    written = put_back(folder, proved.manifest, config)
    open_keys(config, secret)
    next_number = refill(config.ledger.url, folder / LEDGER)
    version = asyncio.run(_resume(config, secret, clock))
    return Restored(proved, written, next_number, version)


async def _resume(config: Config, passphrase: bytes, clock: Callable[[], float]) -> int:
    """Send everything that waits once more, and sign the directory anew, far above; its leaves go into the log with it."""
    keys = open_keys(config, passphrase)
    authority = Authority(read_root(config), FolderPublication(config.directory.publication), keys.online)
    async with await Ledger.open(config.ledger.url, migrate=False, clock=clock) as ledger:
        await ledger.requeue_all()  # whether the broker still has it, nobody knows; what comes twice is dropped by the session
        source = DirectorySource(ledger, authority, clock, Metrics())
        await source.reload()
        if not await source.change(_resumed(keys.online, clock)):
            return 0
        return source.known().version


def _resumed(
    online: OnlineSigner, clock: Callable[[], float]
) -> Callable[[Mapping[str, bytes], Directory | None], dict[str, bytes]]:
    return lambda files, _: online.resume(files, clock()) if files else {}
