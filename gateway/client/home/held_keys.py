"""
The secret keys of a home: statements on its table `held_key`, and the cards that go with them.

A secret is written before the card that lists it leaves the home, and stays until it is destroyed; its id stays for ever. A new
signing key is `waiting` until its card stands in the directory: only then it signs, and the ones before it are destroyed in the
same commit. Destroying overwrites the row in the file (secure_delete) and empties the write-ahead log (`erase`). Nobody can
promise more from here: copies may remain in the spare blocks of a solid-state disk, in file system snapshots and in backups,
encrypted under the home key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from gateway.client.home import facts
from gateway.client.home.facts import Cipher
from gateway.directory.cards import DeliveryCard, parse_card
from gateway.envelope.keys import DeliveryKey, SigningKey, Use
from gateway.ids import Address, KeyId

__all__ = ["Holdings", "Key", "KeyRow", "KeyShelf", "KeyState", "StoredKey", "erase"]

ERASE_BUSY_MS: Final = 1000  # another process of this home reads; what could not be emptied is tried again next time
_CARD: Final = b"home/card"
_WAITING_CARD: Final = b"home/waiting-card"
_OLD_KEYS: Final = b"home/keys"  # all keys in one fact: format 1
_SECRET: Final = b"home/held-key"
_ERASE_DUE: Final = "erase-due"

Key = SigningKey | DeliveryKey


class KeyState(StrEnum):
    """Where a secret key stands."""

    WAITING = "waiting"  # its card is not in the directory yet
    HELD = "held"
    DESTROYED = "destroyed"  # only its id is left


class KeyRow(NamedTuple):
    """A key of the home without its secret."""

    key_id: KeyId
    use: Use
    state: KeyState
    stops: int | None  # when a delivery key stops being sealed to, Unix seconds


class StoredKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One key as a backup has it; the secret never shows."""

    key_id: bytes
    use: Use
    state: KeyState
    stops: int | None
    secret: bytes | None

    def __repr__(self) -> str:
        return f"StoredKey({self.use} {self.key_id.hex()} {self.state})"


class Holdings(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All that a home holds of keys: the keys, its last delivery card, and a key card that is not published yet."""

    keys: list[StoredKey]
    card: bytes | None = None
    waiting_card: bytes | None = None


class _OldKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One key of format 1."""

    use: Use
    secret: bytes

    def __repr__(self) -> str:
        return f"_OldKey({self.use})"


class KeyShelf:
    """
    Reads and writes the keys of one home; every method runs within the caller's transaction.

    Args:
        address: Whose keys.
        seal: Encrypts for the file.
        unseal: Decrypts.
    """

    def __init__(self, address: Address, seal: Cipher, unseal: Cipher) -> None:
        self._address = address
        self._seal = seal
        self._unseal = unseal

    def load(self, connection: sqlite3.Connection) -> list[Key]:
        """Return the keys that are held, oldest first."""
        return self._in_state(connection, KeyState.HELD)

    def waiting(self, connection: sqlite3.Connection) -> list[SigningKey]:
        """Return the signing keys whose card is not in the directory yet."""
        return [key for key in self._in_state(connection, KeyState.WAITING) if isinstance(key, SigningKey)]

    def rows(self, connection: sqlite3.Connection) -> list[KeyRow]:
        """Return every key that ever was, destroyed ones too, oldest first."""
        query = "SELECT key_id, use, state, stops FROM held_key ORDER BY id"
        return [
            KeyRow(KeyId(key_id), Use(use), KeyState(state), stops) for key_id, use, state, stops in connection.execute(query)
        ]

    def add(self, connection: sqlite3.Connection, key: Key, state: KeyState, now: int) -> None:
        """Keep a new key."""
        secret = self._seal(key.unsafe_export(), _SECRET + key.key_id)
        self._insert(connection, (key.key_id, key.public.use, state, None, now, secret))

    def remember(self, connection: sqlite3.Connection, lost: Iterable[KeyId], now: int) -> None:
        """Note delivery keys of an earlier life of this home like destroyed ones: what is sealed to them is `key-gone`."""
        connection.executemany(
            "INSERT OR IGNORE INTO held_key (key_id, use, state, changed_at) VALUES (?, ?, 'destroyed', ?)",
            [(one, Use.DELIVERY, now) for one in lost],
        )

    def card(self, connection: sqlite3.Connection) -> bytes | None:
        """Return the last delivery card that this home signed."""
        sealed = facts.find(connection, "card")
        return None if sealed is None else self._unseal(sealed, _CARD)

    def put_card(self, connection: sqlite3.Connection, card: bytes) -> None:
        """Keep a delivery card, and note when each of its keys stops being sealed to."""
        facts.put(connection, "card", self._seal(card, _CARD))
        parsed = parse_card(card)[1]
        assert isinstance(parsed, DeliveryCard)
        stops = [(record.not_after, record.key_id) for record in parsed.records()]
        connection.executemany("UPDATE held_key SET stops = ? WHERE key_id = ?", stops)

    def waiting_card(self, connection: sqlite3.Connection) -> bytes | None:
        """Return the key card that is to be published, or None."""
        sealed = facts.find(connection, "waiting-card")
        return None if sealed is None else self._unseal(sealed, _WAITING_CARD)

    def put_waiting(self, connection: sqlite3.Connection, keys: Iterable[SigningKey], card: bytes, now: int) -> bool:
        """Keep new signing keys and the card that lists them; False, and nothing changed, where one waits already."""
        if self.waiting_card(connection) is not None:
            return False
        for key in keys:
            self.add(connection, key, KeyState.WAITING, now)
        facts.put(connection, "waiting-card", self._seal(card, _WAITING_CARD))
        return True

    def take_up(self, connection: sqlite3.Connection, card: bytes, now: int) -> bool:
        """Let the waiting keys sign and destroy those before them; False if another process of this home did."""
        if self.waiting_card(connection) != card:
            return False
        _destroy(
            connection,
            # An approval key has no place in a home: one that an older version made is closed by every new card.
            "state = 'held' AND (use = ? OR use IN (SELECT use FROM held_key WHERE state = 'waiting'))",
            (Use.APPROVAL,),
            now,
        )
        connection.execute("UPDATE held_key SET state = 'held', changed_at = ? WHERE state = 'waiting'", (now,))
        facts.remove(connection, "waiting-card")
        return True

    def give_up(self, connection: sqlite3.Connection, card: bytes, now: int) -> bool:
        """Destroy the waiting keys: their card will never be published; False if another process of this home did."""
        if self.waiting_card(connection) != card:
            return False
        _destroy(connection, "state = 'waiting'", (), now)
        facts.remove(connection, "waiting-card")
        return True

    def destroy_stopped(self, connection: sqlite3.Connection, before: int, now: int) -> int:
        """Destroy delivery keys that stopped being sealed to before a time; return how many."""
        return _destroy(connection, "state = 'held' AND use = ? AND stops < ?", (Use.DELIVERY, before), now)

    def holdings(self, connection: sqlite3.Connection) -> Holdings:
        """Return everything, with secrets: for a backup."""
        query = "SELECT key_id, use, state, stops, secret FROM held_key ORDER BY id"
        keys = [
            StoredKey(
                key_id, Use(use), KeyState(state), stops, None if secret is None else self._unseal(secret, _SECRET + key_id)
            )
            for key_id, use, state, stops, secret in connection.execute(query)
        ]
        return Holdings(keys, self.card(connection), self.waiting_card(connection))

    def fill(self, connection: sqlite3.Connection, holdings: Holdings, now: int) -> None:
        """Write what `holdings` returned into a new home."""
        for one in holdings.keys:
            secret = None if one.secret is None else self._seal(one.secret, _SECRET + one.key_id)
            self._insert(connection, (one.key_id, one.use, one.state, one.stops, now, secret))
        if holdings.card is not None:
            facts.put(connection, "card", self._seal(holdings.card, _CARD))
        if holdings.waiting_card is not None:
            facts.put(connection, "waiting-card", self._seal(holdings.waiting_card, _WAITING_CARD))

    def upgrade(self, connection: sqlite3.Connection, now: int) -> None:
        """Give each key of a home of format 1 a row of its own."""
        sealed = facts.find(connection, "keys")
        if sealed is None:
            return  # another process was faster
        for old in facts.decoded(self._unseal(sealed, _OLD_KEYS), list[_OldKey]):
            self.add(connection, self._key(old.use, old.secret), KeyState.HELD, now)
        facts.remove(connection, "keys")
        facts.put(connection, _ERASE_DUE, b"")
        card = self.card(connection)
        if card is not None:
            self.put_card(connection, card)

    def _in_state(self, connection: sqlite3.Connection, state: KeyState) -> list[Key]:
        rows = connection.execute("SELECT key_id, use, secret FROM held_key WHERE state = ? ORDER BY id", (state,))
        return [self._key(Use(use), self._unseal(secret, _SECRET + key_id)) for key_id, use, secret in rows]

    def _key(self, use: Use, secret: bytes) -> Key:
        return (DeliveryKey if use is Use.DELIVERY else SigningKey).from_seed(self._address, use, secret)

    def _insert(self, connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
        connection.execute(
            "INSERT INTO held_key (key_id, use, state, stops, changed_at, secret) VALUES (?, ?, ?, ?, ?, ?)", row
        )


def erase(connection: sqlite3.Connection) -> bool:
    """
    Bring destroyed rows out of the write-ahead log, outside of a transaction.

    Returns:
        Whether none is left there; else another process of this home reads, and it is to be called again later.
    """
    if facts.find(connection, _ERASE_DUE) is None:
        return True
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout={ERASE_BUSY_MS}")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        done = bool(busy == 0)
        if done:
            facts.remove(connection, _ERASE_DUE)
    finally:
        connection.execute(f"PRAGMA busy_timeout={before}")
    return done


def _destroy(connection: sqlite3.Connection, which: str, values: tuple[object, ...], now: int) -> int:
    query = f"UPDATE held_key SET state = 'destroyed', secret = NULL, changed_at = ? WHERE {which}"  # noqa: S608  # constants
    count = connection.execute(query, (now, *values)).rowcount
    if count:
        facts.put(connection, _ERASE_DUE, b"")
    return count
