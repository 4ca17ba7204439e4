"""
A backup of a home's keys, encrypted under a passphrase of its own.

In it: who the home is, its root of trust, gateways and TLS files, every signing and delivery key that is not destroyed, the ids
of those that are, its last delivery card, and a rotation that was not finished. Not in it: messages, receipts and what waits to
be sent (copy the home's folder for these), the identity key (which is no business of a home), the directory (fetched again).
A delivery key that is destroyed in the home lives on in older backups: they are to be destroyed with it.
A file is `[ "gateway-backup-1", cost, salt:16, sealed:bin ]`; its first three elements are additional data of the sealed part.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.client.home.create import fill_home
from gateway.client.home.held_keys import Holdings
from gateway.client.home.home import Home
from gateway.client.home.told import Told
from gateway.client.line.tls import Tls
from gateway.envelope.form import Form, encode
from gateway.envelope.keyfile import MODERATE, SALT_BYTES, Cost, derive_key, open_secret, seal_secret
from gateway.envelope.wire import Bytes16
from gateway.errors import Rejected
from gateway.ids import ADDRESS_PATTERN, Address

__all__ = ["backup_home", "restore_home"]

_MAGIC: Final = "gateway-backup-1"
_MAX_BYTES: Final = 4 << 20


class _File(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    magic: Literal["gateway-backup-1"]
    cost: Cost
    salt: Bytes16
    sealed: bytes


class _Contents(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is sealed; shown by its address alone."""

    made: int
    address: Annotated[str, Meta(pattern=rf"\A{ADDRESS_PATTERN}\Z")]
    root: bytes
    gateways: tuple[str, ...]
    exercise: bool
    tls: Tls
    holdings: Holdings

    def __repr__(self) -> str:
        return f"_Contents({self.address} {self.made})"


_FILE: Final = Form(_File, "backup", _MAX_BYTES)


async def backup_home(home: Home, passphrase: bytes, now: float, cost: Cost = MODERATE) -> bytes:
    """
    Return a backup of an open home; about a second of argon2id, in a thread.

    Args:
        home: Whose keys.
        passphrase: Of the backup; another one than the home's, for it is kept elsewhere.
        now: Unix seconds.
        cost: Of a guess at the passphrase; stands in the file.
    """
    told, holdings = home.told(), await home.store.read(home.shelf.holdings)
    contents = _Contents(int(now), told.address, told.root, told.gateways, told.exercise, told.tls, holdings)
    return await asyncio.to_thread(_encrypted, contents, passphrase, cost)


def restore_home(data: bytes, passphrase: bytes, folder: Path, home_passphrase: bytes, cost: Cost = MODERATE) -> Address:
    """
    Make a home from a backup; synchronous, about two seconds of argon2id.

    Args:
        data: The backup.
        passphrase: Of the backup.
        folder: Of the new home; must not have one.
        home_passphrase: Of the new home.
        cost: Of a guess at it.

    Returns:
        Whose home it is.

    Raises:
        Rejected: `passphrase`, `malformed` (no backup) or `home-exists`; nothing was made.
    """
    file = _FILE.decode(data)
    opened = open_secret(derive_key(passphrase, file.salt, file.cost), file.sealed, _context(file.cost, file.salt))
    try:
        contents = msgspec.msgpack.decode(opened, type=_Contents)
    except msgspec.MsgspecError as exc:
        raise Rejected("a backup with another content", code="malformed") from exc
    told = Told(
        address=contents.address,
        root=contents.root,
        gateways=contents.gateways,
        exercise=contents.exercise,
        tls=contents.tls,
    )
    fill_home(folder, told, contents.holdings, home_passphrase, cost)
    return Address(contents.address)


def _encrypted(contents: _Contents, passphrase: bytes, cost: Cost) -> bytes:
    salt = os.urandom(SALT_BYTES)
    key = derive_key(passphrase, salt, cost)
    sealed = seal_secret(key, msgspec.msgpack.encode(contents), _context(cost, salt), os.urandom)
    return encode(_File(_MAGIC, cost, salt, sealed))


def _context(cost: Cost, salt: bytes) -> bytes:
    return encode((_MAGIC, cost, salt))
