"""
The lock of a home: its key, encrypted under argon2id of the passphrase.

So a passphrase can change without writing everything anew. Making and opening a lock costs one argon2id, about a second.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Final, NamedTuple

import msgspec

from gateway.client.home import facts
from gateway.envelope.keyfile import Cost, derive_key, open_secret, seal_secret
from gateway.envelope.primitives import SALT_BYTES, SecretKey

__all__ = ["Lock", "make_lock", "open_lock", "put_lock"]

_HOME_KEY: Final = b"home/key"


class Lock(NamedTuple):
    """What stands in the file beside what is encrypted."""

    salt: bytes
    cost: Cost
    wrapped: bytes  # the home key


def make_lock(key: SecretKey, passphrase: bytes, cost: Cost) -> Lock:
    """Encrypt a home key under a passphrase, which is not stored in any form."""
    salt = os.urandom(SALT_BYTES)
    return Lock(salt, cost, seal_secret(derive_key(passphrase, salt, cost), key.unsafe_bytes, _HOME_KEY, os.urandom))


def put_lock(connection: sqlite3.Connection, lock: Lock) -> None:
    """Write a lock into a home's file."""
    facts.put(connection, "salt", lock.salt)
    facts.put(connection, "cost", msgspec.msgpack.encode(lock.cost))
    facts.put(connection, "key", lock.wrapped)


def open_lock(connection: sqlite3.Connection, passphrase: bytes) -> SecretKey:
    """
    Return the key of a home.

    Raises:
        Rejected: `passphrase`: it does not open the home.
        Corrupt: The lock is damaged or missing.
    """
    salt, wrapped = (facts.require(connection, name) for name in ("salt", "key"))
    cost = facts.decoded(facts.require(connection, "cost"), Cost)
    return SecretKey(open_secret(derive_key(passphrase, salt, cost), wrapped, _HOME_KEY))
