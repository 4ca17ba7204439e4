"""
What a witness remembers: for each log the largest tree that it cosigned, and forks that it saw, in one SQLite file.

A tree is remembered by compare-and-set on the size, and is on disk before `remember` returns: whoever is killed between
remembering and answering has promised nothing that is forgotten. Several processes may have the file open; the file decides.
A file that is restored from a backup would let a witness vouch for a fork, so a witness never makes one that is missing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.errors import Corrupt, Rejected, Unavailable
from gateway.merkle import EMPTY_ROOT, HASH_BYTES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_FORKS", "NOTHING_YET", "Seen", "Store"]

BUSY_S: Final = 5.0  # another process's commit takes milliseconds
MAX_FORKS: Final = 16  # kept of one log: one is proof enough, and who forks a log must not fill a disk
_TABLES: Final = """
CREATE TABLE seen (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE fork (
    origin TEXT NOT NULL,
    at INTEGER NOT NULL,
    cosigned BLOB NOT NULL,
    refused BLOB NOT NULL,
    PRIMARY KEY (origin, at)
) STRICT, WITHOUT ROWID;
"""
# The empty tree may be remembered as a row too: a log can show it before its first leaf.
_FIRST: Final = """
INSERT INTO seen (origin, size, root, note, at) VALUES (:origin, :size, :root, :note, :at)
ON CONFLICT (origin) DO UPDATE SET size = :size, root = :root, note = :note, at = :at
WHERE seen.size = :old_size AND seen.root = :old_root
"""
_NEXT: Final = """
UPDATE seen SET size = :size, root = :root, note = :note, at = :at
WHERE origin = :origin AND size = :old_size AND root = :old_root
"""
_FORK: Final = """
INSERT OR IGNORE INTO fork (origin, at, cosigned, refused)
SELECT origin, :at, note, :refused FROM seen
WHERE origin = :origin AND (SELECT count(*) FROM fork WHERE origin = :origin) < :limit
"""


class Seen(NamedTuple):
    """The largest tree of a log that this witness cosigned."""

    size: int
    root: bytes


NOTHING_YET: Final = Seen(0, EMPTY_ROOT)  # every log begins with the empty tree


class Store:
    """
    An open file; calls wait for the disk: make them in a thread.

    Args:
        path: Made by `Store.create`.

    Raises:
        Rejected: `config`; there is no such file, or it is another one.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            hint = "take the file back from where it was moved; a witness that forgot needs a new key: gateway witness init"
            raise Rejected(f"no file {path}: this witness has lost its memory", code="config", hint=hint)
        try:
            self._line = _connect(path)
            self._line.execute("SELECT size FROM seen LIMIT 0")
        except sqlite3.Error as exc:
            raise Rejected(f"{path} is not the memory of a witness: {exc}", code="config") from exc

    @classmethod
    def create(cls, path: Path) -> None:
        """Make the file of a new witness; raise `home-exists` where one is."""
        if path.exists():
            raise Rejected(f"{path} is there already", code="home-exists")
        with closing(_connect(path)) as line:
            line.executescript(_TABLES)
        path.chmod(0o600)

    def close(self) -> None:
        """Let go of the file."""
        self._line.close()

    def seen(self, origin: str) -> Seen:
        """
        Return the largest tree of a log; the empty one before the first.

        Raises:
            Unavailable: The file does not answer now.
            Corrupt: What stands there is no tree.
        """
        try:
            row = self._line.execute("SELECT size, root FROM seen WHERE origin = ?", (origin,)).fetchone()
        except sqlite3.Error as exc:
            raise Unavailable(f"the witness cannot read its memory: {exc}") from exc
        if row is None:
            return NOTHING_YET
        if row[0] < 0 or len(row[1]) != HASH_BYTES:
            raise Corrupt(f"the witness remembers a tree of {row[0]} leaves")
        return Seen(*row)

    def remember(self, origin: str, expected: Seen, new: Seen, note: bytes, at: int) -> bool:
        """
        Replace what was seen of a log, if it is still what the caller checked against.

        Args:
            origin: Of the log.
            expected: What `seen` returned.
            new: A tree that grew out of it.
            note: The checkpoint, kept to be shown beside one that contradicts it.
            at: Unix seconds.

        Returns:
            False when another request was faster; nothing changed.

        Raises:
            Unavailable: It may be remembered; nothing may be cosigned now.
        """
        # A primary key and one statement: SQLite serialises writers, so nothing is read that another one replaces.
        values = {"origin": origin, "size": new.size, "root": new.root, "note": note, "at": at}
        values |= {"old_size": expected.size, "old_root": expected.root}
        return self._change(_FIRST if expected == NOTHING_YET else _NEXT, values)

    def keep_fork(self, origin: str, refused: bytes, at: int) -> bool:
        """Keep a checkpoint that contradicts the cosigned one, beside it; False when enough are kept. Raises `Unavailable`."""
        return self._change(_FORK, {"origin": origin, "refused": refused, "at": at, "limit": MAX_FORKS})

    def forks(self, origin: str) -> list[tuple[bytes, bytes]]:
        """Return the checkpoints that contradict each other, the cosigned one first."""
        found = self._line.execute("SELECT cosigned, refused FROM fork WHERE origin = ? ORDER BY at", (origin,))
        return [(bytes(cosigned), bytes(refused)) for cosigned, refused in found]

    def _change(self, statement: str, values: dict[str, object]) -> bool:
        try:
            return self._line.execute(statement, values).rowcount == 1
        except sqlite3.Error as exc:
            raise Unavailable(f"the witness cannot write its memory: {exc}") from exc


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file so that every statement is a transaction of its own, and every commit is synced."""
    line = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    for name, value in (("journal_mode", "delete"), ("synchronous", "extra")):
        line.execute(f"PRAGMA {name} = {value}")
    return line
