"""
Proves a backup, and changes nothing.

1. every part has its hash   2. the copy of the ledger is whole, and of a schema that this program knows
3. the audit log is hashed again from its first leaf to the root that stands there   4. every checkpoint that was signed, the
newest one of the manifest included, is a beginning of it   5. so is what the memory of the audit log says was signed last;
where that is more than the backup has, the difference is told: so many leaves a restore would lose.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from gateway.audit.memory import Memory
from gateway.audit.signing import origin_of
from gateway.backup.manifest import LEDGER, Manifest, read_manifest, require_whole
from gateway.envelope import LogView
from gateway.errors import Corrupt, Rejected
from gateway.ids import parse_address
from gateway.ledger.tables import SCHEMA_VERSION
from gateway.server.composition import AUDIT_MEMORY
from gateway.tlog.checkpoint import parse_checkpoint
from gateway.tlog.frontier import Frontier, leaf_hashes
from gateway.tlog.note import parse_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.config import Config

__all__ = ["Proved", "memory_of", "verify_backup"]

_LEAVES: Final = "SELECT event.leaf FROM log_leaf JOIN event ON event.seq = log_leaf.seq ORDER BY log_leaf.idx"
_SIGNED: Final = "SELECT size, root FROM checkpoint WHERE note IS NOT NULL ORDER BY size"
_PAGE: Final = 4096  # leaves hashed at once
_ANOTHER: Final = "take another backup; this one is no use"


@dataclass(frozen=True, slots=True)
class Proved:
    """
    A backup that holds together.

    Args:
        manifest: Of it.
        remembered: What the memory of the audit log says was signed last; None where there is no memory.
    """

    manifest: Manifest
    remembered: LogView | None

    @property
    def lost_leaves(self) -> int:
        """Leaves that were signed after the backup, as far as the memory knows."""
        return max(0, (self.remembered.size if self.remembered else 0) - self.manifest.log_size)


def memory_of(config: Config) -> Path:
    """Return where the memory of the audit log lies."""
    return config.audit.memory or config.keys.file.with_name(AUDIT_MEMORY)


def verify_backup(config: Config, folder: Path) -> Proved:
    """
    Prove a backup. Blocks: it hashes all of it.

    Args:
        config: Of the gateway; says where the memory of the audit log lies.
        folder: Of the backup; nothing in it is changed, and nothing elsewhere.

    Raises:
        Rejected: `config`: no backup, or another gateway's.
        Corrupt: `corrupt`: a part is damaged; `schema-version`: of a newer program; `log-forked`: not what was signed.
    """
    manifest = read_manifest(folder)
    if manifest.address != config.address:
        raise Rejected(f"a backup of {manifest.address}, not of {config.address}", code="config")
    require_whole(folder, manifest)
    remembered = Memory(memory_of(config), origin_of(parse_address(config.address))).read()
    try:
        with closing(sqlite3.connect(f"{(folder / LEDGER).resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            _check_ledger(copy, manifest)
            _check_log(copy, manifest, remembered)
    except sqlite3.Error as exc:
        raise Corrupt(f"{LEDGER} of the backup: {exc}", hint=_ANOTHER) from exc
    return Proved(manifest, remembered)


def _check_ledger(copy: sqlite3.Connection, manifest: Manifest) -> None:
    (state,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if state != "ok":
        raise Corrupt(f"{LEDGER} of the backup: {state}", hint=_ANOTHER)
    (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if version != manifest.schema_version:
        raise Corrupt(f"{LEDGER} has schema {version}, its manifest says {manifest.schema_version}", hint=_ANOTHER)
    if version > SCHEMA_VERSION:
        raise Corrupt(
            f"the backup has schema {version}, this program has {SCHEMA_VERSION}",
            code="schema-version",
            hint=f"restore it with gateway {manifest.program} or later",
        )


def _check_log(copy: sqlite3.Connection, manifest: Manifest, remembered: LogView | None) -> None:
    """Hash the log again, and hold everything that was signed against it on the way."""
    told = LogView(manifest.log_size, bytes.fromhex(manifest.log_root))
    expected = [LogView(size, root) for size, root in copy.execute(_SIGNED)]
    expected += [view for view in (told, _noted(manifest), remembered) if view is not None and view.size <= told.size]
    frontier = Frontier()
    leaves = _leaves(copy)
    for view in sorted(expected, key=lambda one: one.size):
        while frontier.size < view.size and (page := list(islice(leaves, min(_PAGE, view.size - frontier.size)))):
            frontier.push_many(leaf_hashes(page))
        if (frontier.size, frontier.root) != view:
            raise Corrupt(f"the log of the backup is not the one whose first {view.size} leaves were signed", code="log-forked")
    state = LogView(*copy.execute("SELECT size, root FROM log_state").fetchone())
    if state != told or any(leaves):
        raise Corrupt(f"the log of the backup has not the {told.size} leaves of its manifest", hint=_ANOTHER)


def _noted(manifest: Manifest) -> LogView | None:
    """Return what the signed note of the manifest says."""
    if manifest.checkpoint is None:
        return None
    checkpoint = parse_checkpoint(parse_note(manifest.checkpoint.note.encode()).text)
    return LogView(checkpoint.size, checkpoint.root)


def _leaves(copy: sqlite3.Connection) -> Iterator[bytes]:
    for (leaf,) in copy.execute(_LEAVES):
        yield leaf
