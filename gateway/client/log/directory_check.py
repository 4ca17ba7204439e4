"""
The directory that a home uses against the directory leaves of the log: does everybody see what this home sees?

Version leaves rise. The home's version stands in the log with the hash of its snapshot, which names all else; and each of its
entries, revocations, cards and roots has a leaf before that. Pure: leaves go in as they are read, the verdict comes at the end.
Spec: schemas/directory.md, "Split views".
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from gateway.client.log.evidence import Contradiction
from gateway.directory.leaves import directory_leaves
from gateway.directory.repository import newest_version
from gateway.directory.roles import TufRole, metadata_file
from gateway.directory.split import check_split
from gateway.errors import Rejected
from gateway.tlog.leaves import Leaf, ReceiptLeaf, VersionLeaf, decode_leaf

__all__ = ["DirectoryCheck"]


class DirectoryCheck:
    """
    Collects what the log says about one directory version.

    Args:
        files: Of the directory in use, by name.

    Attributes:
        seen: Whether the version stands in the log, equal.
        version: That of the directory in use.
        newest: The last version that does.
        found: What contradicts, the first of it; None while nothing does.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.seen = False
        self.newest = 0
        self.found: Contradiction | None = None
        self.version = newest_version(files, TufRole.SNAPSHOT)
        self._snapshot = files[metadata_file(TufRole.SNAPSHOT, self.version)]
        self._wanted = dict.fromkeys(directory_leaves({}, files))

    def take(self, index: int, data: bytes) -> Leaf:
        """
        Take the next entry of the log, at its index; return what it says.

        Raises:
            Rejected: It is no leaf.
        """
        try:
            leaf = decode_leaf(data)
        except Rejected as exc:
            raise Rejected(f"leaf {index}: {exc.detail}", code=exc.code) from exc
        if not isinstance(leaf, ReceiptLeaf):
            if isinstance(leaf, VersionLeaf):
                self._take_version(index, leaf, data)
            if not self.seen or isinstance(leaf, VersionLeaf):
                self._wanted.pop(data, None)
        return leaf

    def end(self) -> None:
        """Give the verdict on the log as far as it was read from its beginning."""
        if self.seen and self._wanted:
            missing = next(iter(self._wanted))
            self._contradict(f"{len(self._wanted)} parts of directory {self.version} have no leaf in the log", missing)
        elif not self.seen and self.newest > self.version:
            self._contradict(f"directory {self.version} is not in the log, which goes on to {self.newest}", b"")

    def _take_version(self, index: int, leaf: VersionLeaf, data: bytes) -> None:
        if leaf.number <= self.newest:
            self._contradict(f"leaf {index} is directory {leaf.number}, after {self.newest}", data)
        self.newest = max(self.newest, leaf.number)
        try:
            self.seen = check_split(self.version, sha256(self._snapshot).digest(), leaf) or self.seen
        except Rejected as exc:
            self._contradict(exc.detail, data)

    def _contradict(self, why: str, leaf: bytes) -> None:
        self.found = self.found or Contradiction("directory-split", why, self._snapshot, leaf, ("json", "leaf"))
