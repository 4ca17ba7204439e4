"""
A home: the folder of one participant, with its keys, what arrived and what waits to be sent.

The folder is 0700 and holds one SQLite file (0600) and the cache of the directory. A random home key encrypts what stands in
the file; it is itself encrypted under argon2id of the passphrase, so a passphrase can change without writing everything anew.
Each ciphertext is bound to its place by its context: rows cannot be exchanged. Opening costs one argon2id (about a second):
run `unlock` in a thread.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from gateway.client.home import facts, store
from gateway.client.home.held_keys import Holdings, Key, KeyShelf, KeyState, StoredKey
from gateway.client.home.store import HomeStore, Work
from gateway.client.line.tls import SYSTEM_CA, Tls, client_context
from gateway.client.line.transport import require_safe
from gateway.envelope.keyfile import MODERATE, Cost, derive_key, open_secret, seal_secret
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, Signature, SigningKey, Use
from gateway.envelope.primitives import SALT_BYTES, SecretKey
from gateway.errors import Corrupt, Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, KeyId, MessageId, Network, network_of, parse_address

__all__ = ["DIRECTORY", "Home", "HomeKeyring", "Told", "create_home", "fill_home"]

DIRECTORY: Final = "tuf"  # the folder of the directory's cache
KEY_BYTES: Final = 32
_HOME_KEY: Final = b"home/key"
_FACTS: Final = b"home/facts"
_TLS: Final = b"home/tls"


class _Facts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a home is told when it is made."""

    address: str
    exercise: bool
    root: bytes
    gateways: list[str]
    index_key: bytes  # keys the hashes that stand in clear for what must be found again


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


class HomeKeyring:
    """
    The keys of a home; deliveries may be sealed to a key that another process of this home has just made.

    Attributes:
        current: What is held.
        destroyed: Ids of keys that this home destroyed.
    """

    def __init__(self, keyring: MemoryKeyring, destroyed: frozenset[KeyId]) -> None:
        self.current = keyring
        self.destroyed = destroyed

    def holds(self, key_id: KeyId) -> bool:
        """Tell whether the secret half of a key is here, for use now."""
        return any(key.key_id == key_id for key in self.current.public_keys())

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the newest key for `use`."""
        return self.current.sign(use, message)

    def unwrap(self, key_id: KeyId, wrap: bytes, nonce: bytes, epk: bytes) -> bytes:
        """Open one wrap with the key that its stanza names."""
        return self.current.unwrap(key_id, wrap, nonce, epk)


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
        told = facts.decoded(self.open(facts.require(connection, "facts"), _FACTS), _Facts)
        self.folder = folder
        self.address: Address = parse_address(told.address)
        self.network: Network = network_of(self.address)
        self.exercise = told.exercise
        self.root = told.root
        self.gateways = tuple(told.gateways)
        self._index_key = SecretKey(told.index_key)
        sealed_tls = facts.find(connection, "tls")
        self.tls = SYSTEM_CA if sealed_tls is None else facts.decoded(self.open(sealed_tls, _TLS), Tls)
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
            salt, wrapped = (facts.require(connection, name) for name in ("salt", "key"))
            cost = facts.decoded(facts.require(connection, "cost"), Cost)
            key = SecretKey(open_secret(derive_key(passphrase, salt, cost), wrapped, _HOME_KEY))
            return cls(folder, connection, key)
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
        sealed = self.seal(msgspec.msgpack.encode(tls), _TLS)
        await self.store.write(lambda connection: facts.put(connection, "tls", sealed))

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
        return HomeKeyring(_keyring(self.address, self.shelf.load(connection)), destroyed)


def _checked(address: str, keys: Iterable[Key]) -> list[Key]:
    """Return the keys of a new home; `bad-key` where one is missing or another's."""
    held = list(keys)
    keyring = _keyring(parse_address(address), held)
    for use in (Use.AUTHOR, Use.AGENT):
        keyring.sign(use, b"")  # raises where there is none; the signature is not used
    if any(key.public.use is Use.APPROVAL for key in held):
        raise Rejected("an approval key lives in a file of its officer's own, not in a home", code="bad-key")
    return held


def _first_facts(told: Told, holdings: Holdings, passphrase: bytes, cost: Cost) -> Work[object]:
    salt, home_key = os.urandom(SALT_BYTES), SecretKey(os.urandom(KEY_BYTES))
    wrapped = seal_secret(derive_key(passphrase, salt, cost), home_key.unsafe_bytes, _HOME_KEY, os.urandom)
    clear = _Facts(told.address, told.exercise, told.root, list(told.gateways), os.urandom(KEY_BYTES))

    def seal(data: bytes, context: bytes) -> bytes:
        return seal_secret(home_key, data, context, os.urandom)

    def put(connection: sqlite3.Connection) -> None:
        facts.put(connection, "salt", salt)
        facts.put(connection, "cost", msgspec.msgpack.encode(cost))
        facts.put(connection, "key", wrapped)
        facts.put(connection, "facts", seal(msgspec.msgpack.encode(clear), _FACTS))
        facts.put(connection, "tls", seal(msgspec.msgpack.encode(told.tls), _TLS))
        shelf = KeyShelf(parse_address(told.address), seal, partial(open_secret, home_key))
        shelf.fill(connection, holdings, int(time.time()))

    return put


def _keyring(address: Address, keys: Iterable[Key]) -> MemoryKeyring:
    held = list(keys)
    signing = [key for key in held if isinstance(key, SigningKey)]
    return MemoryKeyring(address, signing, [key for key in held if isinstance(key, DeliveryKey)])
