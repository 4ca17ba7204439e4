"""
The keys of a home in memory, as the envelope asks them to sign and to open.

They change under whoever holds this: another process of the home makes and destroys keys too.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.client.home.held_keys import Key
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, Signature, SigningKey, Use
from gateway.ids import Address, KeyId

__all__ = ["HomeKeyring", "keyring_of"]


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


def keyring_of(address: Address, keys: Iterable[Key]) -> MemoryKeyring:
    """Sort keys of a participant into a keyring; `bad-key` where one is another's."""
    held = list(keys)
    signing = [key for key in held if isinstance(key, SigningKey)]
    return MemoryKeyring(address, signing, [key for key in held if isinstance(key, DeliveryKey)])
