"""
Aliases: a participant that other networks know by another name, kept in the home of the first.

An alias is a participant of its own, with keys, an entry and a request of its own; nothing in the directory ties the two
together. Its home is the folder `aliases/NAME` in the first one, complete, under the same passphrase, with the same root of
trust and the same gateways. Spec: schemas/directory.md, "Aliases".
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from gateway.client.home import store
from gateway.client.home.lock import open_lock
from gateway.client.home.told import Told, read_told
from gateway.envelope.keyfile import open_secret
from gateway.ids import parse_participant

__all__ = ["home_of", "told_by"]

_ALIASES: Final = "aliases"


def home_of(folder: Path, alias: str | None) -> Path:
    """Return the folder of an alias in a home, or of the home itself without one; `bad-address` for what is no participant."""
    return folder if alias is None else folder / _ALIASES / parse_participant(alias)


def told_by(folder: Path, passphrase: bytes) -> Told:
    """
    Return what a home was told when it was made, for an alias in it; synchronous, about a second of argon2id.

    Raises:
        Rejected: `home-missing`, or `passphrase` if it does not open the home.
        Corrupt: The file is damaged, or of another version.
    """
    connection = store.connect(folder)
    try:
        return read_told(connection, partial(open_secret, open_lock(connection, passphrase)))[0]
    finally:
        connection.close()
