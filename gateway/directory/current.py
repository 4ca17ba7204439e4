"""
A keyring that signs with the key that everybody can verify now.

While keys rotate a gateway holds two of one use: the new one is listed before it begins, so that homes have read of it by then,
and the old one goes on until it ends. Which one signs is what the directory says; a key that is not listed signs only where no
other is good. Looked up once a minute for each use: a choice between two good keys is never urgent.
Spec: schemas/directory.md, "Life of keys".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.envelope.keys import PublicKey, Signature, SigningKey, Use
from gateway.errors import CannotOpen, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.envelope.trust import KeyRecord
    from gateway.ids import Address, KeyId

__all__ = ["CurrentKeyring"]

_LOOK_S: Final = 60


class _Choice(NamedTuple):
    minute: int
    keys: tuple[SigningKey, ...]


class CurrentKeyring:
    """
    A gateway's signing keys.

    Args:
        address: The gateway's.
        keys: Oldest first.
        lookup: Key id to what the directory in use says, or None; for any thread.
        clock: Unix seconds.
    """

    def __init__(
        self,
        address: Address,
        keys: Sequence[SigningKey],
        lookup: Callable[[KeyId], KeyRecord | None],
        clock: Callable[[], float],
    ) -> None:
        self.address = address
        self._keys = tuple(keys)
        self._lookup = lookup
        self._clock = clock
        self._chosen: dict[Use, _Choice] = {}

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the newest key for `use` that is good now; raise Rejected `bad-key` where there is none at all."""
        keys = self._good(use) or self._held(use)
        if not keys:
            raise Rejected(f"no {use} key of {self.address} here", code="bad-key")
        return Signature(keys[-1].key_id, keys[-1].sign(message))

    def sign_with_each(self, use: Use, message: bytes) -> list[tuple[PublicKey, bytes]]:
        """Sign with every key for `use` that is good now, oldest first; before there is a directory with every one held."""
        return [(key.public, key.sign(message)) for key in self._good(use) or self._held(use)]

    def unwrap(self, key_id: KeyId, wrap: bytes, nonce: bytes, epk: bytes) -> bytes:  # noqa: ARG002  the port's
        """Open nothing: nobody seals to a gateway."""
        raise CannotOpen("key-gone")

    def public_keys(self) -> list[PublicKey]:
        """Return the public halves, oldest first."""
        return [key.public for key in self._keys]

    def _good(self, use: Use) -> tuple[SigningKey, ...]:
        """Return the keys of a use that are good now, by their begin; empty where none is listed."""
        now = int(self._clock())
        choice = self._chosen.get(use)
        if choice is not None and choice.minute == now // _LOOK_S:
            return choice.keys
        listed = [(record, key) for key in self._held(use) if (record := self._lookup(key.key_id)) and record.current(now)]
        keys = tuple(key for record, key in sorted(listed, key=lambda pair: pair[0].not_before))
        if keys:  # a directory that is still to come is looked for again
            self._chosen[use] = _Choice(now // _LOOK_S, keys)
        return keys

    def _held(self, use: Use) -> tuple[SigningKey, ...]:
        return tuple(key for key in self._keys if key.public.use is use)

    def __repr__(self) -> str:
        return f"CurrentKeyring({self.address}, {len(self._keys)} keys)"
