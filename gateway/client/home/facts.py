"""Statements on a home's table `fact`: one value under one name, encrypted by the caller where it must not be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import msgspec

from gateway.errors import Corrupt

__all__ = ["Cipher", "decoded", "find", "put", "remove", "require"]

T = TypeVar("T")
Cipher = Callable[[bytes, bytes], bytes]  # (data, context): encrypts or decrypts a value for its place


def put(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    """Set a value; what stood there is overwritten."""
    connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))


def find(connection: sqlite3.Connection, name: str) -> bytes | None:
    """Return a value, or None."""
    found = connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return None if found is None else bytes(found[0])


def require(connection: sqlite3.Connection, name: str) -> bytes:
    """Return a value that every home has; Corrupt where it is missing."""
    found = find(connection, name)
    if found is None:
        raise Corrupt(f"the home has no {name}: its making was interrupted")
    return found


def remove(connection: sqlite3.Connection, name: str) -> None:
    """Forget a value."""
    connection.execute("DELETE FROM fact WHERE name = ?", (name,))


def decoded(data: bytes, kind: type[T]) -> T:
    """Read MessagePack that this home wrote; Corrupt for any other form."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.MsgspecError as exc:
        raise Corrupt("a fact of the home has another form") from exc
