"""
What a home is told when it is made, and how that stands in its file.

All of it is encrypted; beside it stands the key of the hashes that stand in clear, drawn once. What is told of TLS may be
replaced later, nothing else.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from gateway.client.home import facts
from gateway.client.home.facts import Cipher
from gateway.client.line.tls import SYSTEM_CA, Tls
from gateway.envelope.primitives import SecretKey

__all__ = ["Told", "put_tls", "put_told", "read_told"]

_FACTS: Final = b"home/facts"
_TLS: Final = b"home/tls"


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a home is told when it is made.

    Args:
        address: Of the participant, in full.
        root: The TUF root that it was given at enrolment: all its trust starts here.
        gateways: Base addresses, in order of preference; at least one.
        exercise: The network is one for training.
        tls: Whose certificates to trust on the line, and which to show.
    """

    address: str
    root: bytes
    gateways: tuple[str, ...]
    exercise: bool
    tls: Tls


class _Facts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The same as it stands in the file."""

    address: str
    exercise: bool
    root: bytes
    gateways: list[str]
    index_key: bytes


def put_told(connection: sqlite3.Connection, told: Told, index_key: SecretKey, seal: Cipher) -> None:
    """Write what a new home is told, and the key of its hashes."""
    clear = _Facts(told.address, told.exercise, told.root, list(told.gateways), index_key.unsafe_bytes)
    facts.put(connection, "facts", seal(msgspec.msgpack.encode(clear), _FACTS))
    put_tls(connection, told.tls, seal)


def put_tls(connection: sqlite3.Connection, tls: Tls, seal: Cipher) -> None:
    """Write what the home is told of TLS, in the place of what was there."""
    facts.put(connection, "tls", seal(msgspec.msgpack.encode(tls), _TLS))


def read_told(connection: sqlite3.Connection, unseal: Cipher) -> tuple[Told, SecretKey]:
    """Read what a home was told, and the key of its hashes; Corrupt where that is not there."""
    clear = facts.decoded(unseal(facts.require(connection, "facts"), _FACTS), _Facts)
    sealed = facts.find(connection, "tls")
    tls = SYSTEM_CA if sealed is None else facts.decoded(unseal(sealed, _TLS), Tls)
    told = Told(address=clear.address, root=clear.root, gateways=tuple(clear.gateways), exercise=clear.exercise, tls=tls)
    return told, SecretKey(clear.index_key)
