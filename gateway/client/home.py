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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gateway.client import home_store
from gateway.client.home_store import HomeStore, Work
from gateway.client.tls import SYSTEM_CA, Tls, client_context
from gateway.client.transport import require_safe
from gateway.envelope.keyfile import MODERATE, Cost, derive_key, open_secret, seal_secret
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, Signature, SigningKey, Use
from gateway.envelope.primitives import SALT_BYTES, SecretKey
from gateway.errors import Corrupt, Rejected
from gateway.ids import Address, KeyId, MessageId, Network, network_of, parse_address

__all__ = ["DIRECTORY", "Home", "HomeKeyring", "create_home"]

DIRECTORY: Final = "tuf"  # the folder of the directory's cache
KEY_BYTES: Final = 32
_HOME_KEY: Final = b"home/key"
_FACTS: Final = b"home/facts"
_KEYS: Final = b"home/keys"
_CARD: Final = b"home/card"
_TLS: Final = b"home/tls"

Key = SigningKey | DeliveryKey
T = TypeVar("T")


class _Facts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a home is told when it is made."""

    address: str
    exercise: bool
    root: bytes
    gateways: list[str]
    index_key: bytes  # keys the hashes that stand in clear for what must be found again


class _StoredKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One secret key, inside the ciphertext `keys`."""

    use: Use
    secret: bytes


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
            (one is missing, or another's); nothing is left behind.
    """
    held = _keyring(parse_address(address), held_keys := list(keys))
    for use in (Use.AUTHOR, Use.AGENT):
        held.sign(use, b"")  # raises where there is none; the signature is not used
    if not gateways:
        raise Rejected("a home needs the address of at least one gateway", code="config")
    for gateway in gateways:
        require_safe(gateway)
    client_context(tls)  # raises where it cannot be used
    facts = _Facts(address, exercise, root, list(gateways), os.urandom(KEY_BYTES))
    put_facts = _first_facts(facts, (held_keys, tls), passphrase, cost)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    home_store.create(folder, put_facts)
    (folder / DIRECTORY).mkdir(mode=0o700, exist_ok=True)


class HomeKeyring:
    """The keys of a home; deliveries may be sealed to a key that another process of this home has just made."""

    def __init__(self, keyring: MemoryKeyring) -> None:
        self.current = keyring

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
        facts = _decoded(self._fact(connection, "facts", _FACTS), _Facts)
        self.folder = folder
        self.address: Address = parse_address(facts.address)
        self.network: Network = network_of(self.address)
        self.exercise = facts.exercise
        self.root = facts.root
        self.gateways = tuple(facts.gateways)
        self._index_key = SecretKey(facts.index_key)
        sealed_tls = _find_fact(connection, "tls")
        self.tls = SYSTEM_CA if sealed_tls is None else _decoded(self.open(sealed_tls, _TLS), Tls)
        self.tls_context = client_context(self.tls)
        self.keyring = HomeKeyring(_keyring(self.address, self._load_keys(connection)))
        self.store = HomeStore(connection)

    @classmethod
    def unlock(cls, folder: Path, passphrase: bytes) -> Home:
        """
        Open the home in `folder`; synchronous, about a second of argon2id.

        Raises:
            Rejected: `home-missing`, or `passphrase` if it does not open the home.
            Corrupt: The file is damaged, or of another version.
        """
        connection = home_store.connect(folder)
        try:
            salt, wrapped = (_clear_fact(connection, name) for name in ("salt", "key"))
            cost = _decoded(_clear_fact(connection, "cost"), Cost)
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

    async def card(self) -> bytes | None:
        """Return the last delivery card that this home signed, published or not."""
        return await self.store.read(self._card)

    async def add_delivery_key(self, key: DeliveryKey, card: bytes, after: bytes | None) -> bool:
        """
        Keep a new delivery key and the card that lists it, before the card is published.

        Args:
            key: The new key.
            card: The signed card.
            after: The card that it follows; if another process of this home was faster, nothing is changed.

        Returns:
            Whether it was kept.
        """
        added = await self.store.write(self._adding(key, card, after))
        await self.reload_keys()
        return added

    async def reload_keys(self) -> None:
        """Take up keys that another process of this home has made."""
        self.keyring.current = _keyring(self.address, await self.store.read(self._load_keys))

    async def replace_tls(self, tls: Tls) -> None:
        """
        Trust another CA or show another certificate, from the next opening on.

        Raises:
            Rejected: `config`: it cannot be used; nothing was changed.
        """
        await asyncio.to_thread(client_context, tls)
        sealed = self.seal(msgspec.msgpack.encode(tls), _TLS)
        await self.store.write(lambda connection: _put(connection, "tls", sealed))

    async def close(self) -> None:
        """Close the file; keys and contents are out of reach from here on."""
        await self.store.close()

    def _adding(self, key: DeliveryKey, card: bytes, after: bytes | None) -> Work[bool]:
        def add(connection: sqlite3.Connection) -> bool:
            if self._card(connection) != after:
                return False
            keys = [*self._load_keys(connection), key]
            _put(connection, "keys", self.seal(_encoded_keys(keys), _KEYS))
            _put(connection, "card", self.seal(card, _CARD))
            return True

        return add

    def _card(self, connection: sqlite3.Connection) -> bytes | None:
        sealed = _find_fact(connection, "card")
        return None if sealed is None else self.open(sealed, _CARD)

    def _load_keys(self, connection: sqlite3.Connection) -> list[Key]:
        stored = _decoded(self._fact(connection, "keys", _KEYS), list[_StoredKey])
        return [
            (DeliveryKey if item.use is Use.DELIVERY else SigningKey).from_seed(self.address, item.use, item.secret)
            for item in stored
        ]

    def _fact(self, connection: sqlite3.Connection, name: str, context: bytes) -> bytes:
        return self.open(_clear_fact(connection, name), context)


def _first_facts(facts: _Facts, held: tuple[Sequence[Key], Tls], passphrase: bytes, cost: Cost) -> Work[object]:
    keys, tls = held
    salt, home_key = os.urandom(SALT_BYTES), SecretKey(os.urandom(KEY_BYTES))
    wrapped = seal_secret(derive_key(passphrase, salt, cost), home_key.unsafe_bytes, _HOME_KEY, os.urandom)

    def put(connection: sqlite3.Connection) -> None:
        _put(connection, "salt", salt)
        _put(connection, "cost", msgspec.msgpack.encode(cost))
        _put(connection, "key", wrapped)
        _put(connection, "facts", seal_secret(home_key, msgspec.msgpack.encode(facts), _FACTS, os.urandom))
        _put(connection, "keys", seal_secret(home_key, _encoded_keys(keys), _KEYS, os.urandom))
        _put(connection, "tls", seal_secret(home_key, msgspec.msgpack.encode(tls), _TLS, os.urandom))

    return put


def _encoded_keys(keys: Iterable[Key]) -> bytes:
    return msgspec.msgpack.encode([_StoredKey(key.public.use, key.unsafe_export()) for key in keys])


def _keyring(address: Address, keys: Iterable[Key]) -> MemoryKeyring:
    held = list(keys)
    signing = [key for key in held if isinstance(key, SigningKey)]
    return MemoryKeyring(address, signing, [key for key in held if isinstance(key, DeliveryKey)])


def _put(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))


def _clear_fact(connection: sqlite3.Connection, name: str) -> bytes:
    found = _find_fact(connection, name)
    if found is None:
        raise Corrupt(f"the home has no {name}: its making was interrupted")
    return found


def _find_fact(connection: sqlite3.Connection, name: str) -> bytes | None:
    found = connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return None if found is None else bytes(found[0])


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.MsgspecError as exc:
        raise Corrupt("a fact of the home has another form") from exc
