"""
Evidence that a log contradicts itself: both signed statements, in the home and as files that can be shown to others.

The files lie in the home's folder `evidence`, 0700 and 0600: what was kept, and what contradicts it, under one name. They are
written before the row, so evidence in the home has its files; the same pair is kept once. Nothing here is ever deleted.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from gateway.client.home.home import Home
from gateway.client.log import views
from gateway.client.log.views import EvidenceRow

__all__ = ["FOLDER", "Contradiction", "Evidence", "EvidenceKeeper"]

FOLDER: Final = "evidence"
_CONTEXT: Final = b"log/evidence"
_NAME_BYTES: Final = 8
_log: Final = logging.getLogger(__name__)


class Contradiction(NamedTuple):
    """
    Two statements that cannot both be true.

    Args:
        code: `log-forked` or `directory-split`.
        why: In words, for people.
        kept: What this home had before.
        other: What contradicts it.
        suffixes: Of their two files: `note`, `receipt`, `leaf` or `json`.
    """

    code: str
    why: str
    kept: bytes
    other: bytes
    suffixes: tuple[str, str] = ("note", "note")


class Evidence(NamedTuple):
    """What a home has found, when (Unix seconds), and the names of its files begin with `name`."""

    name: str
    at: int
    code: str
    why: str


class EvidenceKeeper:
    """
    Keeps evidence in a home.

    Args:
        home: Whose.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, clock: Callable[[], float]) -> None:
        self._home = home
        self._clock = clock

    async def keep(self, found: Contradiction) -> None:
        """Keep both statements, once, and raise the alarm in the log."""
        digest = sha256(b"".join(sha256(one).digest() for one in (found.kept, found.other))).digest()
        await asyncio.to_thread(self._write, digest, found)
        row = EvidenceRow(
            digest,
            int(self._clock()),
            found.code,
            found.why,
            self._home.seal(found.kept, _CONTEXT + digest),
            self._home.seal(found.other, _CONTEXT + digest),
        )
        await self._home.store.write(lambda connection: views.add_evidence(connection, row))
        _log.error("%s: %s; evidence %s", found.code, found.why, self._home.folder / FOLDER / _name(digest))

    async def all(self) -> list[Evidence]:
        """Return everything that was found, oldest first."""
        rows = await self._home.store.read(views.evidence)
        return [Evidence(_name(row.digest), row.at, row.code, row.why) for row in rows]

    def _write(self, digest: bytes, found: Contradiction) -> None:
        folder = self._home.folder / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        kept, other = found.suffixes
        _put(folder / f"{_name(digest)}-kept.{kept}", found.kept)
        _put(folder / f"{_name(digest)}-other.{other}", found.other)


def _name(digest: bytes) -> str:
    return digest[:_NAME_BYTES].hex()


def _put(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
