"""Looks for what was erased in every file of a home: encrypted as it lay there, a piece at a time."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from gateway.client.home.store import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["ciphertexts", "found_in", "rows"]

_PIECE: Final = 24
_SECRET: Final = {"arrived": ("delivery", "content"), "outgoing": ("draft", "body")}


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    """Ask the file of a home."""
    connection = sqlite3.connect(folder / FILE)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def ciphertexts(folder: Path, table: str) -> list[bytes]:
    """Return what a home holds of its messages now."""
    names = ", ".join(_SECRET[table])
    return [bytes(value) for row in rows(folder, f"SELECT {names} FROM {table}") for value in row if isinstance(value, bytes)]


def found_in(folder: Path, secrets: Iterable[bytes]) -> list[str]:
    """Return the files of a home in which any piece of these bytes stands."""
    pieces = {one[at : at + _PIECE] for one in secrets for at in range(0, len(one) - _PIECE, _PIECE)}
    assert pieces, "nothing to look for"
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [path.name for path, data in files.items() if any(piece in data for piece in pieces)]
