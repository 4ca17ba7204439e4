"""
A home: the folder of one participant, with its keys, what arrived and what waits to be sent.

The folder is 0700 and holds one SQLite file (0600) and the cache of the directory. A random home key encrypts what stands in
the file; the lock has it. Each ciphertext is bound to its place by its context: rows cannot be exchanged. Opening costs one
argon2id (about a second): run `unlock` in a thread.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sqlite3
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from gateway.client.home import facts, store
from gateway.client.home.held_keys import KeyShelf, KeyState
from gateway.client.home.keyring import HomeKeyring, keyring_of
from gateway.client.home.lock import open_lock
from gateway.client.home.store import HomeStore
from gateway.client.home.told import Told, put_tls, read_told
from gateway.client.line.tls import Tls, client_context
from gateway.envelope.keyfile import open_secret, seal_secret
from gateway.envelope.keys import DeliveryKey
from gateway.envelope.primitives import SecretKey
from gateway.errors import Corrupt, Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, KeyId, Kind, MessageId, Network, network_of, parse_address

__all__ = ["DIRECTORY", "Home"]

DIRECTORY: Final = "tuf"  # the folder of the directory's cache


class Home:
    """
    An open home.

    Args:
        folder: Where it is.
        connection: To its file; closed with the home.
        key: The home key.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, key: SecretKey) -> None:
        self._key = key
        told, self._index_key = read_told(connection, self.open)
        self.folder = folder
        self.address: Address = parse_address(told.address)
        self.network: Network = network_of(self.address)
        self.exercise = told.exercise
        self.root = told.root
        self.gateways = told.gateways
        self.tls = told.tls
        self.tls_context = client_context(self.tls)
        self.shelf = KeyShelf(self.address, self.seal, self.open)
        if facts.find(connection, "keys") is not None:
            store.transact(connection, lambda connection: self.shelf.upgrade(connection, int(time.time())))
        self.keyring = self._read_keys(connection)
        self.store = HomeStore(connection)

    @classmethod
    def unlock(cls, folder: Path, passphrase: bytes) -> Home:
        """
        Open the home in `folder`; synchronous, about a second of argon2id.

        Raises:
            Rejected: `home-missing`, or `passphrase` if it does not open the home.
            Corrupt: The file is damaged, or of another version.
        """
        connection = store.connect(folder)
        try:
            return cls(folder, connection, open_lock(connection, passphrase))
        except BaseException:
            connection.close()
            raise

    def seal(self, data: bytes, context: bytes) -> bytes:
        """Encrypt what goes into the file; `context` names its place."""
        return seal_secret(self._key, data, context, os.urandom)

    def open(self, data: bytes, context: bytes) -> bytes:
        """
        Decrypt what came out of the file.

        Raises:
            Corrupt: It is not what `seal` wrote for this place.
        """
        try:
            return open_secret(self._key, data, context)
        except Rejected as exc:
            raise Corrupt("a row of the home does not decrypt") from exc

    def source(self, sender: Address, message_id: MessageId) -> bytes:
        """Return what stands in clear for a sender and its message id: to be found again, and to tell a thief nothing."""
        return hmac.digest(self._index_key.unsafe_bytes, message_id + sender.encode(), "sha256")

    def target(self, envelope_hash: EnvelopeHash) -> bytes:
        """Return what stands in clear for a message that others name: as `source`, it tells a thief nothing."""
        return hmac.digest(self._index_key.unsafe_bytes, b"target\x00" + envelope_hash, "sha256")

    def conversation(self, conversation_id: ConversationId) -> bytes:
        """Return what stands in clear for a conversation: as `source`, it tells a thief nothing."""
        return hmac.digest(self._index_key.unsafe_bytes, b"conversation\x00" + conversation_id, "sha256")

    def same(self, kind: Kind, text: bytes) -> bytes:
        """Return what stands in clear for what a message asks: a thief sees that two are the same, and not of what."""
        return hmac.digest(self._index_key.unsafe_bytes, b"same\x00" + kind.encode() + b"\x00" + text, "sha256")

    async def card(self) -> bytes | None:
        """Return the last delivery card that this home signed, published or not."""
        return await self.store.read(self.shelf.card)

    async def add_delivery_key(
        self, key: DeliveryKey | None, card: bytes, after: bytes | None, lost: Iterable[KeyId] = ()
    ) -> bool:
        """
        Keep a new delivery key and the card that lists it, before the card is published.

        Args:
            key: The new key; None for a card without one.
            card: The signed card.
            after: The card that it follows; if another process of this home was faster, nothing is changed.
            lost: Keys that were this participant's and are not held: they are remembered.

        Returns:
            Whether it was kept.
        """
        added = await self.store.write(partial(self._add, told=(key, card, after), lost=tuple(lost)))
        await self.reload_keys()
        return added

    async def reload_keys(self) -> None:
        """Take up keys that another process of this home has made."""
        found = await self.store.read(self._read_keys)
        self.keyring.current, self.keyring.destroyed = found.current, found.destroyed

    async def replace_tls(self, tls: Tls) -> None:
        """
        Trust another CA or show another certificate, from the next opening on.

        Raises:
            Rejected: `config`: it cannot be used; nothing was changed.
        """
        await asyncio.to_thread(client_context, tls)
        await self.store.write(lambda connection: put_tls(connection, tls, self.seal))

    async def close(self) -> None:
        """Close the file; keys and contents are out of reach from here on."""
        await self.store.close()

    def told(self) -> Told:
        """Return what this home was told when it was made, and what was changed since."""
        return Told(address=self.address, root=self.root, gateways=self.gateways, exercise=self.exercise, tls=self.tls)

    def _add(
        self, connection: sqlite3.Connection, told: tuple[DeliveryKey | None, bytes, bytes | None], lost: tuple[KeyId, ...]
    ) -> bool:
        key, card, after = told
        if self.shelf.card(connection) != after:
            return False
        now = int(time.time())
        if key is not None:
            self.shelf.add(connection, key, KeyState.HELD, now)
        self.shelf.remember(connection, lost, now)
        self.shelf.put_card(connection, card)
        return True

    def _read_keys(self, connection: sqlite3.Connection) -> HomeKeyring:
        rows = self.shelf.rows(connection)
        destroyed = frozenset(row.key_id for row in rows if row.state is KeyState.DESTROYED)
        return HomeKeyring(keyring_of(self.address, self.shelf.load(connection)), destroyed)
