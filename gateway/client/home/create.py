"""
Making a home: its folder, its file, and what stands there first.

Everything is checked before anything is written. A home that comes back from a backup is made here too.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from gateway.client.home import store
from gateway.client.home.held_keys import Holdings, Key, KeyShelf, KeyState, StoredKey
from gateway.client.home.home import DIRECTORY
from gateway.client.home.keyring import keyring_of
from gateway.client.home.lock import make_lock, put_lock
from gateway.client.home.store import Work
from gateway.client.home.told import Told, put_told
from gateway.client.line.tls import SYSTEM_CA, Tls, client_context
from gateway.client.line.transport import require_safe
from gateway.envelope.keyfile import MODERATE, Cost, open_secret, seal_secret
from gateway.envelope.keys import Use
from gateway.envelope.primitives import SecretKey
from gateway.errors import Rejected
from gateway.ids import parse_address

__all__ = ["create_home", "fill_home"]

KEY_BYTES: Final = 32


def create_home(  # noqa: PLR0913  # what a home is told when it is made; all by name
    folder: Path,
    *,
    address: str,
    root: bytes,
    gateways: Sequence[str],
    keys: Iterable[Key],
    passphrase: bytes,
    exercise: bool,
    tls: Tls = SYSTEM_CA,
    cost: Cost = MODERATE,
) -> None:
    """
    Make a home; synchronous, about a second of argon2id.

    Args:
        folder: Made with mode 0700; may exist if it has no home yet.
        address: Of the participant, in full.
        root: The TUF root that the participant was given at enrolment: all its trust starts here.
        gateways: Base addresses, in order of preference; at least one.
        keys: At least `author` and `agent`; delivery keys are made by the software itself at first contact.
        passphrase: Not stored in any form.
        exercise: The network is one for training.
        tls: Whose certificates to trust on the line, and which to show.
        cost: Of a guess at the passphrase; stands in the file.

    Raises:
        Rejected: `home-exists`, `config` (no gateway, an unsafe address, or certificates that cannot be used), or `bad-key`
            (one is missing, another's, or an officer's); nothing is left behind.
    """
    stored = [
        StoredKey(key.key_id, key.public.use, KeyState.HELD, None, key.unsafe_export()) for key in _checked(address, keys)
    ]
    told = Told(address=address, root=root, gateways=tuple(gateways), exercise=exercise, tls=tls)
    fill_home(folder, told, Holdings(stored), passphrase, cost)


def fill_home(folder: Path, told: Told, holdings: Holdings, passphrase: bytes, cost: Cost = MODERATE) -> None:
    """
    Make a home with keys that were held before; synchronous, about a second of argon2id.

    Raises:
        Rejected: As `create_home`; nothing is left behind.
    """
    if not told.gateways:
        raise Rejected("a home needs the address of at least one gateway", code="config")
    for gateway in told.gateways:
        require_safe(gateway)
    client_context(told.tls)  # raises where it cannot be used
    first = _first_facts(told, holdings, passphrase, cost)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    store.create(folder, first)
    (folder / DIRECTORY).mkdir(mode=0o700, exist_ok=True)


def _checked(address: str, keys: Iterable[Key]) -> list[Key]:
    """Return the keys of a new home; `bad-key` where one is missing or another's."""
    held = list(keys)
    keyring = keyring_of(parse_address(address), held)
    for use in (Use.AUTHOR, Use.AGENT):
        keyring.sign(use, b"")  # raises where there is none; the signature is not used
    if any(key.public.use is Use.APPROVAL for key in held):
        raise Rejected("an approval key lives in a file of its officer's own, not in a home", code="bad-key")
    return held


def _first_facts(told: Told, holdings: Holdings, passphrase: bytes, cost: Cost) -> Work[object]:
    key, index_key = SecretKey(os.urandom(KEY_BYTES)), SecretKey(os.urandom(KEY_BYTES))
    lock = make_lock(key, passphrase, cost)

    def seal(data: bytes, context: bytes) -> bytes:
        return seal_secret(key, data, context, os.urandom)

    def put(connection: sqlite3.Connection) -> None:
        put_lock(connection, lock)
        put_told(connection, told, index_key, seal)
        shelf = KeyShelf(parse_address(told.address), seal, partial(open_secret, key))
        shelf.fill(connection, holdings, int(time.time()))

    return put
