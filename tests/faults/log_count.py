"""
The judgement over a log that was killed again and again: from its tables and the promises alone, with hashlib.

Imports nothing of `gateway`. The tree is computed from the events in the order of their commits (RFC 6962); every checkpoint
row, every note and every view that a process would have put into a receipt must be the root of a beginning of it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["Judge", "Verdict"]

Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Verdict:
    """What was found; `faults` is empty when the log keeps its word."""

    leaves: int = 0
    signed: int = 0
    views: int = 0
    faults: list[str] = field(default_factory=list)


class Judge:
    """
    Looks at one log, again after each kill, and remembers every note that it ever saw.

    Args:
        ask: Runs a query on the log's database.
        promises: The files of all processes that ever worked on it.
    """

    def __init__(self, ask: Ask, promises: Callable[[], Iterable[Path]]) -> None:
        self._ask = ask
        self._promises = promises
        self._notes: dict[int, bytes] = {}

    def look(self, *, finished: bool = False) -> Verdict:
        """Compare everything that was signed or promised with the events; at the end nothing may be left out."""
        leaves = [bytes(leaf) for (leaf,) in self._ask("SELECT leaf FROM event WHERE leaf IS NOT NULL ORDER BY seq")]
        roots = _roots(leaves)
        verdict = Verdict(leaves=len(leaves))
        for size, root, note in self._ask("SELECT size, root, note FROM checkpoint ORDER BY size"):
            self._checkpoint(verdict, roots, size, bytes(root), None if note is None else bytes(note))
        ((size, root),) = self._ask("SELECT size, root FROM log_state")
        self._must(verdict, roots, size, bytes(root), "the state")
        if finished and size != len(leaves):
            verdict.faults.append(f"{len(leaves) - size} leaves have no place")
        self._kept(verdict, roots, set(leaves))
        verdict.signed = len(self._notes)
        return verdict

    def _checkpoint(self, verdict: Verdict, roots: list[bytes], size: int, root: bytes, note: bytes | None) -> None:
        self._must(verdict, roots, size, root, "a checkpoint")
        if note is None:
            return
        if self._notes.setdefault(size, note) != note:
            verdict.faults.append(f"two notes of {size}")
        _, said_size, said_root, *_ = note.decode().split("\n")
        self._must(verdict, roots, int(said_size), base64.b64decode(said_root), "a note")

    def _kept(self, verdict: Verdict, roots: list[bytes], leaves: set[bytes]) -> None:
        for path in self._promises():
            for line in path.read_text().splitlines():
                match line.split():
                    case ["kept", leaf] if len(leaf) == 2 * sha256().digest_size and bytes.fromhex(leaf) not in leaves:
                        verdict.faults.append(f"a leaf that was kept is gone: {leaf}")
                    case ["signed", size, root] if len(root) == 2 * sha256().digest_size:
                        verdict.views += 1
                        self._must(verdict, roots, int(size), bytes.fromhex(root), "a view")
                    case ["halted"]:
                        verdict.faults.append("a process found the log forked")

    @staticmethod
    def _must(verdict: Verdict, roots: list[bytes], size: int, root: bytes, what: str) -> None:
        if size >= len(roots) or roots[size] != root:
            verdict.faults.append(f"{what} of {size} is not of this log")


def _roots(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the root after each leaf, the empty tree first."""
    roots, edge = [sha256().digest()], dict[int, bytes]()
    for leaf in leaves:
        node, level = sha256(b"\x00" + leaf).digest(), 0
        while level in edge:
            node = sha256(b"\x01" + edge.pop(level) + node).digest()
            level += 1
        edge[level] = node
        root = b""
        for low in sorted(edge):
            root = sha256(b"\x01" + edge[low] + root).digest() if root else edge[low]
        roots.append(root)
    return roots
